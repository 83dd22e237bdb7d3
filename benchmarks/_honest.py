"""Honest clients beside hostile ones: what they were answered, and what events said of them.

Both must be what they are without enemies, but for numbers that everybody's things are counted by.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import attrs
import trio
import trio.testing
from _keeper import NUMBERS
from _samples import ACCOUNTS, HONEST, MESSAGES, PACKAGES, VISITS
from lsart_packages.challenge import identity
from lsart_packages.password import WHOAMI, encode_logon

import lsart
from lsart.contract import TOKEN_SOURCE, SecBuffer, SecBufferDesc, SecHandle, StatusError, constants, enumerations
from lsart.engine import sleep_ns
from lsart.events import (
    BlockLeaked,
    Bus,
    Event,
    HandleLeaked,
    LockAcquired,
    LockOrphaned,
    LockReleased,
    LogonSessionLeaked,
    MisuseEvent,
    OutputNotFromHeap,
    PackageDisabled,
    PackageShutDown,
    SectionGrew,
    SectionLeaked,
    event_record,
)
from lsart.memory import Resource
from lsart.runtime import Client, Lsa, LsaSettings
from lsart.stress import Battery

__all__ = ["Lived", "lived"]

_SETTINGS = LsaSettings(
    accounts=ACCOUNTS, costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), workers=None, watchdog=None
)
# What is numbered through for everybody; where in LSASS memory was free; whose turn it is at what all share.
_FOR_ALL = re.compile(
    r'"(call|worker|handle|logon_id|context|credential|token)": \d+|Pointer\(0x[0-9a-f]+ in lsass\)'
    r"|(number|logon_id|client_token)=\d+"
    r'|"(GetCredentials|CreateToken)", "result": "\(\d+|"(DuplicateHandle|CreateLogonSession)", "arguments": \["\d+'
)
_LEAKED = BlockLeaked | HandleLeaked | LogonSessionLeaked | SectionLeaked
_FAULTS = _LEAKED | LockOrphaned | MisuseEvent | OutputNotFromHeap | PackageDisabled
_SHARED = LockAcquired | LockReleased | SectionGrew
_ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT
_NATIVE = 0x10  # SECURITY_NATIVE_DREP
_TOKEN_SIZE = 28


@attrs.define
class Lived:
    """A run.

    Attributes:
        answers: to each honest client, in order. told: what events said of each. faults: of packages, as events.
        wrong: what LSA found broken, or had not got back. battery: None without enemies.
    """

    answers: dict[str, list[object]] = attrs.field(factory=lambda: {name: [] for name in HONEST})
    told: dict[str, list[str]] = attrs.field(factory=lambda: {name: [] for name in HONEST})
    faults: list[Event] = attrs.field(factory=list)
    wrong: list[str] = attrs.field(factory=list)
    battery: Battery | None = None

    def note(self, event: Event) -> None:
        """An event, if it is a fault, or says of an honest client what does not depend on how much others do."""
        if isinstance(event, _FAULTS) or (isinstance(event, PackageShutDown) and event.reason):
            self.faults.append(event)
        origin = getattr(event, "origin", None)
        name = getattr(event, "client", "") or (origin.client if origin is not None else "")
        if name in HONEST and not isinstance(event, _SHARED):
            record = event_record(event)
            if not str(record.get("heap", "")).startswith("buffers of"):
                record.pop("address", None)
            self.told[name].append(_FOR_ALL.sub("", json.dumps(record, default=str)))

    def is_as(self, other: Lived) -> bool:
        """Whether the honest clients could not tell one run from the other, and nothing went wrong in this one."""
        same = self.answers == other.answers and self.told == other.told
        return same and not self.faults and not self.wrong


def lived(calls: int, rounds: int, seed: int = 0) -> Lived:
    """The honest clients' lives, beside that many hostile calls to all samples."""
    life, bus = Lived(), Bus()
    bus.subscribe(life.note)

    async def main() -> dict[str, int]:
        async with lsart.open_lsa(*PACKAGES, bus=bus, settings=_SETTINGS) as lsa:
            before = _in_use(lsa)
            async with (
                lsa.connect(HONEST[0], trusted=True) as ann,
                lsa.connect(HONEST[1]) as ben,
                trio.open_nursery() as nursery,
            ):
                for client in (ann, ben):
                    nursery.start_soon(_live, client, life.answers[client.name], rounds)
                if calls:
                    life.battery = Battery(lsa, calls=calls, makers=MESSAGES, visits=VISITS)
                    nursery.start_soon(life.battery.run)
            await trio.testing.wait_all_tasks_blocked()
            life.wrong += lsa.check()
            life.wrong += [f"{each.name} is still there" for each in lsa.clients]
            gone = [each for each in lsa.loader.packages if each not in lsa.packages]
            life.wrong += [f"package {each.name!r} is {each.state.value}" for each in gone]
            after = _in_use(lsa)
            life.wrong += [f"{after[what]:,} of {what} in use" for what in sorted(after.keys() - before.keys())]
        return _in_use(lsa)

    left = lsart.run(main, seed=seed)
    life.wrong += [f"{count:,} of {what} still charged" for what, count in left.items()]
    return life


def _in_use(lsa: Lsa) -> dict[str, int]:
    return {each.value: lsa.machine.in_use(each) for each in Resource if lsa.machine.in_use(each)}


async def _live(client: Client, told: list[object], rounds: int) -> None:
    """Everything that the samples are for, round by round; each answer is noted."""
    random = Random(client.name)
    for _ in range(rounds):
        await _keep(client, random, told)
        await _log_on(client, told)
        await _talk(client, random, told)
        await sleep_ns(random.randrange(1, 300))
    client.terminate()


async def _keep(client: Client, random: Random, told: list[object]) -> None:
    async def asks(operation: str, content: bytes = b"") -> bytes:
        try:
            reply = (await client.call("keeper", bytes([NUMBERS[operation]]) + content, operation=operation)).data
        except StatusError as error:
            reply = error.status.name.encode()
        if operation != "token":
            told.append((operation, reply))
        return reply

    secret = random.randbytes(random.randrange(200))
    await asks("store", secret)
    await asks("remember", secret[::-1])
    await asks("wait", b"x" * random.randrange(1, 50))
    assert await asks("get") == secret
    assert await asks("recall") == secret[::-1]
    await asks("share", secret)
    token = int.from_bytes(await asks("token"), "little")
    told.append((client.ImpersonateLoggedOnUser(token), client.CloseHandle(token), client.RevertToSelf()))


async def _log_on(client: Client, told: list[object]) -> None:
    name = client.name
    number = await client.LsaLookupAuthenticationPackage(client.handle, "password")
    for password in ("wrong", f"{name}'s password"):
        message = encode_logon("CONTOSO", name, password)
        kind = enumerations.SECURITY_LOGON_TYPE.Interactive
        try:
            logon = await client.LsaLogonUser(
                client.handle, "desk", kind, number, message, None, None, TOKEN_SOURCE("honest")
            )
        except StatusError as error:
            told.append(error.status.name)
            continue
        client.ImpersonateLoggedOnUser(logon.token)
        told.append((await client.call("password", WHOAMI)).data)
        told.append((client.RevertToSelf(), client.CloseHandle(logon.token)))
        await client.LsaFreeReturnBuffer(logon.profile_buffer)


async def _talk(client: Client, random: Random, told: list[object]) -> None:
    acquire = client.AcquireCredentialsHandle
    data = identity("alice", "wonderland")
    outbound, _ = await acquire(None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=data)
    inbound, _ = await acquire(None, "challenge", constants.SECPKG_CRED_INBOUND)
    ours: SecHandle | None = None
    theirs: SecHandle | None = None
    said: SecBufferDesc | None = None
    for _ in range(2):
        leg = await client.InitializeSecurityContext(outbound, ours, "me", _ASKED, 0, _NATIVE, said, 0)
        told.append((leg.status.name, leg.context_attr))
        ours = leg.new_context
        leg = await client.AcceptSecurityContext(inbound, theirs, leg.output, 0, _NATIVE)
        told.append((leg.status.name, leg.context_attr))
        theirs, said = leg.new_context, leg.output
    assert ours is not None
    assert theirs is not None
    content = bytearray(random.randbytes(random.randrange(200)))
    message = _message(content)
    await client.EncryptMessage(ours, 0, message, 0)
    told.append((await client.DecryptMessage(theirs, message, 0), bytes(content))[1])
    await client.MakeSignature(theirs, 0, message, 0)
    told.append(await client.VerifySignature(ours, message, 0))
    told.append(await _again(client, ours, message))
    for context in (ours, theirs):
        await client.DeleteSecurityContext(context)
    for credential in (outbound, inbound):
        await client.FreeCredentialsHandle(credential)


async def _again(client: Client, context: SecHandle, message: SecBufferDesc) -> str:
    try:
        await client.VerifySignature(context, message, 0)
    except StatusError as error:
        return error.status.name
    return "a message was taken twice"


def _message(content: bytearray) -> SecBufferDesc:
    token: Any = bytearray(_TOKEN_SIZE)
    return SecBufferDesc((SecBuffer(constants.SECBUFFER_DATA, content), SecBuffer(constants.SECBUFFER_TOKEN, token)))
