"""SpAcceptCredentials and UpdateCredentials: what a user logged on with reaches whoever can use it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from logons import INTERACTIVE, Accepted, Ask, authenticator, create, log_on
from lsas import Log, Scripted, simulated, status_of

import lsart
from lsart.contract import (
    LSA_STRING,
    SECPKG_PRIMARY_CRED,
    SECPKG_SLOTS,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    LogonUserResult,
    Pointer,
    StatusError,
    constants,
)
from lsart.events import SYSTEM, BlockFreed, CredentialsOffered, Event, FaultContained, PackageDisabled
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings

ALICE = SECPKG_PRIMARY_CRED(downlevel_name="alice", domain_name="CONTOSO", password="secret", old_password="before")
NEW = attrs.evolve(ALICE, password="changed")


def keeper(name: str, kept: list[tuple[str, Accepted]], failure: int = 0) -> Scripted:
    """A package that notes what it is given, and fails with a status, if that is not 0."""

    def accept(table: FunctionTable, given: Accepted) -> None:
        kept.append((name, given))
        if failure:
            raise StatusError(failure)

    return authenticator(name, accepts=accept)


def logs_on_with(*own: SECPKG_SUPPLEMENTAL_CRED, primary: SECPKG_PRIMARY_CRED | None = ALICE) -> Scripted:
    """The package "auth", whose users log on with these credentials."""

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, primary_credentials=primary, cached_credentials=own)

    return authenticator(answer=answer)


@pytest.mark.rule("LL2-3", "SAC-1")
@simulated
async def test_each_package_gets_the_primary_credentials_and_its_own_supplemental_ones(log: Log) -> None:
    kept: list[tuple[str, Accepted]] = []
    auth = logs_on_with(SECPKG_SUPPLEMENTAL_CRED("b", b"for b"), SECPKG_SUPPLEMENTAL_CRED("nobody", b"lost"))
    async with (
        lsart.open_lsa(keeper("a", kept), auth, keeper("b", kept, STATUS_LOGON_FAILURE), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        reply = await log_on(client)
        assert [(name, given.logon_type, given.account_name) for name, given in kept] == [
            ("a", INTERACTIVE, "alice"),
            ("b", INTERACTIVE, "alice"),
        ]
        assert [given.own for _, given in kept] == [None, SECPKG_SUPPLEMENTAL_CRED("b", b"for b")]
        for _, given in kept:
            assert given.primary is not None
            assert (given.primary.logon_id, given.primary.domain_name) == (reply.logon_id, "CONTOSO")
            assert (given.password, given.primary.flags) == ("secret", 0)
        # Others' failures are nothing to the user.
        told = [(each.package, each.status, each.is_update) for each in log.of(CredentialsOffered)]
        assert told == [("a", 0, False), ("b", STATUS_LOGON_FAILURE, False)]
        update = auth.table.UpdateCredentials(attrs.evolve(ALICE, logon_id=reply.logon_id), None)
        assert await status_of(update) == STATUS_LOGON_FAILURE
        assert [name for name, _ in kept] == ["a", "b", "a", "b"]


@pytest.mark.rule("SAC-2")
@simulated
async def test_a_package_that_saves_what_it_was_given_has_it_for_a_later_call() -> None:
    saved: dict[int, tuple[str, str]] = {}

    def accept(table: FunctionTable, given: Accepted) -> None:
        assert given.primary is not None
        saved[given.primary.logon_id] = (given.account_name, given.password)

    async def whoami(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return await table.reply(request, "/".join(saved[int(message)]).encode())

    other = authenticator("other", accepts=accept, call=whoami)
    async with lsart.open_lsa(logs_on_with(), other) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        assert (await client.call("other", str(reply.logon_id).encode())).data == b"alice/secret"


@pytest.mark.rule("SAC-3")
@pytest.mark.parametrize("primary", [SECPKG_PRIMARY_CRED(), SECPKG_PRIMARY_CRED(upn="alice@contoso"), None])
@simulated
async def test_members_of_the_primary_credentials_may_be_empty(primary: SECPKG_PRIMARY_CRED | None) -> None:
    kept: list[tuple[str, Accepted]] = []
    auth = logs_on_with(SECPKG_SUPPLEMENTAL_CRED("a"), primary=primary)
    async with lsart.open_lsa(auth, keeper("a", kept)) as lsa, lsa.connect() as client:
        reply = await log_on(client)
    ((_, given),) = kept
    assert given.primary == attrs.evolve(primary or SECPKG_PRIMARY_CRED(), logon_id=reply.logon_id)
    assert given.password == ""
    assert given.own == SECPKG_SUPPLEMENTAL_CRED("a")


@pytest.mark.rule("SAC-4")
@simulated
async def test_its_name_is_fixed_in_an_authentication_package_as_in_an_ssp_ap() -> None:
    row = next(each for each in SECPKG_SLOTS if each.name == "AcceptCredentials")
    assert row.entry_name == "SpAcceptCredentials"
    entered: list[str] = []

    class AuthenticationPackage(Scripted):
        def LsaApCallPackage(self, *_: object) -> None: ...
        def SpAcceptCredentials(self, *_: object) -> None:
            entered.append(self.name)

    class SupportProvider(Scripted):
        def SpAcceptCredentials(self, *_: object) -> None:
            entered.append(self.name)

        def AcceptCredentials(self, *_: object) -> None:
            raise AssertionError("no entry point has that name")

    packages = logs_on_with(), AuthenticationPackage("ap"), SupportProvider("ssp")
    async with lsart.open_lsa(*packages) as lsa, lsa.connect() as client:
        await log_on(client)
    assert entered == ["ap", "ssp"]


@pytest.mark.rule("PRC-1")
@pytest.mark.parametrize("form", ["text", "memory"])
@simulated
async def test_passwords_are_wiped_from_memory_once_everybody_has_them(form: str, log: Log) -> None:
    blocks: list[int] = []

    async def in_memory(table: FunctionTable, text: str) -> LSA_STRING:
        data = text.encode("utf-16-le")
        block = await table.AllocateLsaHeap(len(data))
        assert block is not None
        await table.memory.write(block, data)
        return LSA_STRING(block, len(data))

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        given = ALICE
        if form == "memory":
            given = attrs.evolve(ALICE, password=await in_memory(table, "secret"), old_password=LSA_STRING("before"))
        return await create(table, ask, primary_credentials=given)

    async def accept(table: FunctionTable, given: Accepted) -> None:
        assert given.primary is not None
        for value, text in ((given.primary.password, "secret"), (given.primary.old_password, "before")):
            assert isinstance(value, LSA_STRING)
            assert isinstance(value.buffer, Pointer)
            assert (await table.memory.read(value.buffer, value.length)).decode("utf-16-le") == text
            blocks.append(value.buffer.address)

    other = authenticator("other", accepts=accept)
    async with lsart.open_lsa(authenticator(answer=answer), other, bus=log.bus) as lsa, lsa.connect() as client:
        await log_on(client)
        for address in blocks:
            assert lsa.memory.space.read(address, 12) == bytes(12)
        freed = {each.address: each.origin.package for each in log.of(BlockFreed)}
        assert [freed[address] for address in blocks] == [SYSTEM, SYSTEM]
    assert len(blocks) == 2


@pytest.mark.parametrize("fails", [False, True])
@simulated
async def test_a_password_in_memory_is_lsas_even_if_nobody_gets_it(fails: bool, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        block = await table.AllocateLsaHeap(16) if fails else await table.AllocatePrivateHeap(16)
        assert block is not None
        given = attrs.evolve(ALICE, password=LSA_STRING(block, 16))
        form = 3 if fails else 1
        return await create(table, ask, primary_credentials=given, token_information_type=form)

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(log_on(client)) == STATUS_INVALID_PARAMETER
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
        assert lsa.check() == []


@pytest.mark.rule("PRC-2")
def test_the_top_byte_of_the_flags_of_a_cached_logon_is_the_package_that_did_it() -> None:
    cached = constants.PRIMARY_CRED_CACHED_LOGON
    assert SECPKG_PRIMARY_CRED(flags=0x0A00_0000 | cached).logon_package == 0x0A
    assert SECPKG_PRIMARY_CRED(flags=0xFF00_0000 | cached | 1).logon_package == 0xFF
    assert SECPKG_PRIMARY_CRED(flags=0x0A00_0000).logon_package is None


@pytest.mark.rule("UPC-1")
@simulated
async def test_an_update_reaches_every_package_and_says_that_it_is_one() -> None:
    kept: list[tuple[str, Accepted]] = []
    auth = logs_on_with(primary=None)
    async with lsart.open_lsa(keeper("a", kept), auth, keeper("b", kept)) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        assert kept == []
        new = attrs.evolve(NEW, logon_id=reply.logon_id, flags=constants.PRIMARY_CRED_CLEAR_PASSWORD)
        await auth.table.UpdateCredentials(new, (SECPKG_SUPPLEMENTAL_CRED("b", b"for b"),))
        both = constants.PRIMARY_CRED_CLEAR_PASSWORD | constants.PRIMARY_CRED_UPDATE
        assert [(name, given.password, given.logon_type) for name, given in kept] == [
            ("a", "changed", INTERACTIVE),
            ("b", "changed", INTERACTIVE),
        ]
        assert [given.primary.flags for _, given in kept if given.primary] == [both, both]
        assert [given.own for _, given in kept] == [None, SECPKG_SUPPLEMENTAL_CRED("b", b"for b")]
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0


@pytest.mark.rule("UPC-2")
@pytest.mark.choice("update_credentials_failure", "stop")
@pytest.mark.parametrize(("failure", "reached"), [("go_on", ["a", "b", "c"]), ("stop", ["a", "b"])])
@simulated
async def test_an_update_that_a_package_fails_fails_with_that_status(failure: Any, reached: list[str]) -> None:
    kept: list[tuple[str, Accepted]] = []
    auth = logs_on_with(primary=None)
    settings = LsaSettings(choices=lsart.Choices(update_credentials_failure=failure))
    packages = (
        keeper("a", kept),
        keeper("b", kept, STATUS_LOGON_FAILURE),
        keeper("c", kept, STATUS_UNSUCCESSFUL),
    )
    async with lsart.open_lsa(auth, *packages, settings=settings) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        new = attrs.evolve(NEW, logon_id=reply.logon_id)
        assert await status_of(auth.table.UpdateCredentials(new, None)) == STATUS_LOGON_FAILURE
        assert [name for name, _ in kept] == reached
        unknown = attrs.evolve(NEW, logon_id=0x77)
        assert await status_of(auth.table.UpdateCredentials(unknown, None)) == STATUS_NO_SUCH_LOGON_SESSION
    async with lsart.open_lsa(auth2 := authenticator("auth"), packages[0]) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        new = attrs.evolve(NEW, logon_id=reply.logon_id)
        # That it gives nothing back is the point.
        assert await auth2.table.UpdateCredentials(new, None) is None  # type: ignore[func-returns-value]


@pytest.mark.rule("UPC-3")
@pytest.mark.parametrize("credentials", [None, ()])
@simulated
async def test_supplemental_credentials_of_an_update_are_optional(credentials: Any, log: Log) -> None:
    kept: list[tuple[str, Accepted]] = []
    package = keeper("a", kept)
    async with lsart.open_lsa(package, keeper("b", kept), bus=log.bus) as lsa, lsa.connect() as client:
        reply = await log_on(client, package="a")
        await package.table.UpdateCredentials(attrs.evolve(NEW, logon_id=reply.logon_id), credentials)
    assert [given.own for _, given in kept] == [None]


@pytest.mark.choice("update_credentials_caller", "included")
@pytest.mark.parametrize(("caller", "reached"), [("left_out", ["b"]), ("included", ["a", "b"])])
@simulated
async def test_whether_the_package_that_updates_is_called_too_is_a_choice(caller: Any, reached: list[str]) -> None:
    kept: list[tuple[str, Accepted]] = []
    package = keeper("a", kept)
    settings = LsaSettings(choices=lsart.Choices(update_credentials_caller=caller))
    async with lsart.open_lsa(package, keeper("b", kept), settings=settings) as lsa, lsa.connect() as client:
        reply = await log_on(client, package="a")
        await package.table.UpdateCredentials(attrs.evolve(NEW, logon_id=reply.logon_id), None)
    assert [name for name, _ in kept] == reached


@simulated
async def test_no_event_shows_a_password(log: Log) -> None:
    def fails(table: FunctionTable, given: Accepted) -> None:
        raise ZeroDivisionError(str(given.primary))

    auth = logs_on_with(SECPKG_SUPPLEMENTAL_CRED("a", b"secret"))
    async with lsart.open_lsa(auth, authenticator("a", accepts=fails), bus=log.bus) as lsa, lsa.connect() as client:
        reply = await log_on(client, b"alice and secret")
        assert log.one(PackageDisabled).package == "a"
        changed = SECPKG_PRIMARY_CRED(logon_id=reply.logon_id, password="secret")
        await auth.table.UpdateCredentials(changed, (SECPKG_SUPPLEMENTAL_CRED("a", b"secret"),))
    assert [each for each in map(_text, log.events) if "secret" in each or "before" in each] == []


def _text(event: Event) -> str:
    return repr(event)


@simulated
async def test_passwords_that_find_no_room_log_nobody_on() -> None:
    auth = logs_on_with(primary=attrs.evolve(ALICE, password="x" * 4000))
    settings = LsaSettings(machine=MachineLimits(lsa_heap=4096))
    async with lsart.open_lsa(auth, settings=settings) as lsa, lsa.connect() as client:
        assert await status_of(log_on(client)) == STATUS_INSUFFICIENT_RESOURCES
        assert (len(client.handles), len(lsa.security.handles)) == (0, 0)
        assert lsa.check() == []


@simulated
async def test_packages_that_answer_credentials_with_credentials_fault_at_a_depth_of_the_models(log: Log) -> None:
    reached: list[str] = []

    def echo(name: str) -> Scripted:
        async def accept(table: FunctionTable, given: Accepted) -> None:
            reached.append(name)
            assert given.primary is not None
            await table.UpdateCredentials(attrs.evolve(given.primary, password="again"), None)

        return authenticator(name, accepts=accept)

    auth = logs_on_with(primary=None)
    async with lsart.open_lsa(auth, echo("a"), echo("b"), bus=log.bus) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        new = attrs.evolve(NEW, logon_id=reply.logon_id)
        assert await status_of(auth.table.UpdateCredentials(new, None)) == STATUS_UNSUCCESSFUL
        assert len(reached) == 48
        assert "48 deep" in log.one(PackageDisabled).reason  # the deepest; the others are told that it failed
        assert [each.name for each in lsa.packages] == ["auth", "a"]
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
        await log_on(client)


@simulated
async def test_several_packages_that_do_so_and_stay_in_use_end_after_a_number_of_times_and_it_is_told(log: Log) -> None:
    """Four packages branch at each depth: without a bound, 3 ** 48 times."""
    reached: list[str] = []

    def echo(name: str) -> Scripted:
        async def accept(table: FunctionTable, given: Accepted) -> None:
            reached.append(name)
            assert given.primary is not None
            await table.UpdateCredentials(given.primary, None)

        return authenticator(name, accepts=accept)

    auth = logs_on_with(primary=None)
    settings = LsaSettings(contain_faults=True)
    packages = [echo(each) for each in "abcd"]
    async with lsart.open_lsa(auth, *packages, bus=log.bus, settings=settings) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        new = attrs.evolve(NEW, logon_id=reply.logon_id)
        for _ in range(2):  # what one led to is no burden for the next
            reached.clear()
            log.events.clear()
            assert await status_of(auth.table.UpdateCredentials(new, None)) == STATUS_UNSUCCESSFUL
            assert 512 < len(reached) < 2048
            reasons = {each.reason.partition(": ")[2] for each in log.of(FaultContained)}
            assert reasons == {
                "packages have handed credentials on 48 deep",
                "packages have handed credentials on 512 times in answer to one",
            }
        assert len(lsa.packages) == 5
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
