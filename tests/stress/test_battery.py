"""Whatever hostile processes call, LSA stands, and those beside them notice nothing."""

from __future__ import annotations

import json
import re
from random import Random

import pytest
import trio
from _keeper import NUMBERS, Keeper
from lsas import in_use, scripted, simulated

import lsart
from lsart.contract import AccessViolation, ProcessTerminated, StatusError
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
from lsart.runtime import Client, LsaSettings, implemented
from lsart.stress import BATTERY_ACTIONS, BATTERY_FUNCTIONS, Battery

CALLS, ROUNDS = 100_000, 120  # as long as each other
HONEST = ("alice", "bob")
NO_COSTS = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
SETTINGS = LsaSettings(costs=NO_COSTS, workers=None, watchdog=None)
# What is numbered through for everybody; where in LSASS memory was free; whose turn it is at what all share.
FOR_ALL = re.compile(
    r'"(call|worker|handle)": \d+|Pointer\(0x[0-9a-f]+ in lsass\)|number=\d+'
    r'|"(GetCredentials|CreateToken)", "result": "\(\d+|"DuplicateHandle", "arguments": \["\d+'
)
LEAKED = BlockLeaked | HandleLeaked | LogonSessionLeaked | SectionLeaked
FAULTS = LEAKED | LockOrphaned | MisuseEvent | OutputNotFromHeap | PackageDisabled
SHARED = LockAcquired | LockReleased | SectionGrew


class Told:
    """What events say of the honest clients, but for what depends on how much others do; and faults of the package."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.of: dict[str, list[str]] = {name: [] for name in HONEST}
        self.faults: list[Event] = []
        self.bus.subscribe(self._note)

    def _note(self, event: Event) -> None:
        if isinstance(event, FAULTS) or (isinstance(event, PackageShutDown) and event.reason):
            self.faults.append(event)
        origin = getattr(event, "origin", None)
        name = getattr(event, "client", "") or (origin.client if origin is not None else "")
        if name in HONEST and not isinstance(event, SHARED):
            record = event_record(event)
            if not str(record.get("heap", "")).startswith("buffers of"):
                record.pop("address", None)
            self.of[name].append(FOR_ALL.sub("", json.dumps(record, default=str)))


async def lives(client: Client, told: list[object]) -> None:
    """An honest client: it stores, gets back, acts by a token, and notes every answer."""
    random = Random(client.name)

    async def asks(operation: str, content: bytes = b"") -> bytes:
        try:
            reply = (await client.call("keeper", bytes([NUMBERS[operation]]) + content, operation=operation)).data
        except StatusError as error:
            reply = error.status.name.encode()
        if operation != "token":
            told.append((operation, reply))
        return reply

    for _ in range(ROUNDS):
        secret = random.randbytes(random.randrange(200))
        await asks("store", secret)
        await asks("remember", secret[::-1])
        await asks("wait", b"x" * random.randrange(1, 50))
        assert await asks("get") == secret
        assert await asks("recall") == secret[::-1]
        await asks("share", secret)
        token = int.from_bytes(await asks("token"), "little")
        told.append((client.ImpersonateLoggedOnUser(token), client.CloseHandle(token), client.RevertToSelf()))
        await sleep_ns(random.randrange(1, 300))
    client.terminate()


def lived(calls: int) -> tuple[dict[str, list[object]], Told, Battery | None]:
    """The honest clients' answers and events, beside that many hostile calls."""
    events = Told()
    answers: dict[str, list[object]] = {name: [] for name in HONEST}

    async def main() -> Battery | None:
        async with lsart.open_lsa(Keeper, bus=events.bus, settings=SETTINGS) as lsa:
            before = in_use(lsa)
            battery = None
            async with (
                lsa.connect(HONEST[0], trusted=True) as alice,
                lsa.connect(HONEST[1]) as bob,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(lives, alice, answers["alice"])
                nursery.start_soon(lives, bob, answers["bob"])
                if calls:
                    battery = Battery(lsa, calls=calls)
                    nursery.start_soon(battery.run)
            assert lsa.check() == []
            assert lsa.clients == ()
            assert [each.name for each in lsa.packages] == ["keeper"]
            assert in_use(lsa).keys() == before.keys()
        assert in_use(lsa) == {}
        return battery

    battery = lsart.run(main, seed=0)
    return answers, events, battery


@pytest.mark.slow
def test_a_hundred_thousand_hostile_calls_change_nothing_for_those_beside_them() -> None:
    alone, told_alone, _ = lived(0)
    beside, told_beside, battery = lived(CALLS)
    assert battery is not None
    assert battery.done >= CALLS
    assert beside == alone
    assert told_beside.of == told_alone.of
    assert told_beside.faults == []
    ways = {
        name: {how for which, how in battery.outcomes if which == name}
        for name in (*BATTERY_FUNCTIONS, *BATTERY_ACTIONS)
    }
    # Nobody here logs on or makes contexts, so these can only be refused; there must be no way in either.
    of_sspi = ("Credentials", "Security", "Context", "Signature", "Message", "AuthToken", "AccountPassword")
    refused = {"LsaLogonUser", *(name for name in BATTERY_FUNCTIONS if any(each in name for each in of_sspi))}
    refused -= {"EnumerateSecurityPackages"}
    assert [name for name, found in ways.items() if not found or ("success" not in found and name not in refused)] == []
    assert {"gave up", "ProcessTerminated", "TypeError", "STATUS_INVALID_HANDLE"} <= ways[
        "LsaCallAuthenticationPackage"
    ]
    assert "AccessViolation" in ways["read a section"] & ways["write memory"]


def test_it_knows_how_to_call_every_function_that_a_client_has() -> None:
    offered = {name for name in dir(Client) if name[0].isupper()}
    assert implemented()["client_api"] <= offered
    assert set(BATTERY_FUNCTIONS) == offered, "say in lsart/stress/_battery_functions.py how calls of it are made up"


def test_one_seed_makes_the_same_calls_and_another_seed_others() -> None:
    async def main() -> Battery:
        async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
            battery = Battery(lsa, calls=3000)
            await battery.run()
        return battery

    first, again, other = (lsart.run(main, seed=seed).outcomes for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("LsaConnectUntrusted", KeyError("lost")),
        ("LsaConnectUntrusted", TypeError("of right types")),
        ("LsaConnectUntrusted", AccessViolation(space="lsass", address=1, length=1, kind="read", reason="in LSASS")),
        ("RevertToSelf", ProcessTerminated("of somebody else")),
    ],
)
def test_what_must_not_come_out_of_a_call_ends_the_battery_and_says_which_call_it_was(
    function: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(client: Client) -> object:
        raise error

    async def main() -> None:
        async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
            await Battery(lsa, calls=1000).run()

    monkeypatch.setattr(Client, function, fails)
    with pytest.raises(ExceptionGroup) as caught:
        lsart.run(main, seed=0)
    assert caught.group_contains(type(error))
    (first, *_) = caught.value.exceptions
    assert re.fullmatch(rf"hostile call [\d,]+: {function}\(\) by <Client 'hostile-.*>", first.__notes__[0])


@simulated
async def test_the_processes_are_gone_afterwards_and_their_names_can_be_had_again() -> None:
    async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
        for _ in range(2):
            battery = Battery(lsa, calls=500, name="enemy", processes=2, threads=1)
            await battery.run()
            assert lsa.clients == ()
            assert battery.outcomes.total() == battery.done


@simulated
async def test_a_package_that_falls_is_no_failure_of_the_battery() -> None:
    def falls(*_: object) -> None:
        raise ValueError("a message")

    async with lsart.open_lsa(scripted("weak", call=falls), settings=SETTINGS) as lsa:
        battery = Battery(lsa, calls=1000)
        await battery.run()
        assert lsa.packages == ()
        assert battery.outcomes["LsaCallAuthenticationPackage", "STATUS_NO_SUCH_PACKAGE"] > 0


@pytest.mark.filterwarnings("ignore::lsart.ContentionWarning")
def test_a_run_has_hostile_calls_beside_its_clients_and_says_how_to_see_them_again() -> None:
    result = lsart.stress("minimal", clients=3, calls=5, hostile=500)
    assert (result.exit_code, result.problems) == (0, ())
    assert result.replay_line == "lsart stress minimal --seed 0 --clients 3 --calls 5 --hostile 500"
    assert result.summary.calls_finished > 15
    assert result.summary.client_access_violations > 0
