"""What a package of each kind must offer and may say of itself: a missing entry point is told, a wrong word refused."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    SECPKG_PARAMETERS,
    SECPKG_SLOTS,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    constants,
)
from lsart.events import Bus, EntryPointMissing, PackageDisabled, PackageInitialized, PackageRefused, PackageShutDown
from lsart.watch import Monitor

ENTRY_NAMES = {each.name: each.entry_name for each in SECPKG_SLOTS}
AUTHENTICATION = {"InitializePackage", "LogonUser", "CallPackage", "CallPackagePassthrough"}
SUPPORT = {"Initialize", "Shutdown", "GetInfo", "AcceptCredentials"}


def offering(slots: set[str], **information: Any) -> Any:
    """A class with the entry points of these slots."""
    functions: dict[str, object] = {ENTRY_NAMES[slot]: lambda self, *arguments: None for slot in slots}
    if "GetInfo" in slots:
        functions["SpGetInfo"] = lambda self: SecPkgInfo("offering", **information)
    return type("Offering", (), functions)


async def missing_of(log: Log, package: Any) -> list[tuple[str, str]]:
    """Load it, see that it came up, and give what was told."""
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["offering"]
        assert lsa.refusals == ()
    assert {each.package for each in log.of(EntryPointMissing)} <= {"offering"}
    return [(each.slot, each.rule) for each in log.of(EntryPointMissing)]


@pytest.mark.rule("LIP-5", "LCP-6", "LCT-2", "LLU-2", "SPI-7", "SPS-3", "SPG-4", "SAC-5", "PFT-5")
@pytest.mark.parametrize(
    ("without", "slot", "rule"),
    [
        ("InitializePackage", "InitializePackage", "LIP-5"),
        ("CallPackage", "CallPackage", "LCP-6"),
        ("CallPackagePassthrough", "CallPackagePassthrough", "LCT-2"),
        ("LogonUser", "LogonUser or LogonUserEx or LogonUserEx2", "LLU-2"),
        ("Initialize", "Initialize", "SPI-7"),
        ("Shutdown", "Shutdown", "SPS-3"),
        ("GetInfo", "GetInfo", "SPG-4"),
        ("AcceptCredentials", "AcceptCredentials", "SAC-5"),
    ],
)
@simulated
async def test_a_package_of_both_kinds_without_one_entry_point_comes_up_and_the_rule_is_named(
    without: str, slot: str, rule: str, log: Log
) -> None:
    # AcquireCredentialsHandle and LogonTerminated leave no doubt of which kinds it is.
    kinds = {"AcquireCredentialsHandle", "LogonTerminated"}
    assert await missing_of(log, offering((AUTHENTICATION | SUPPORT | kinds) - {without})) == [(slot, rule)]


@pytest.mark.rule("PFT-5")
@pytest.mark.parametrize(
    ("slots", "rules"),
    [
        ({"LogonUserEx2", "Initialize"}, ["LIP-5", "LCP-6", "LCT-2"]),
        ({"LogonUserEx", "InitializePackage"}, ["LCP-6", "LCT-2"]),
        ({"InitializePackage"}, ["LLU-2", "LCP-6", "LCT-2"]),
        ({"Initialize", "InitLsaModeContext"}, ["SPS-3", "SPG-4", "SAC-5"]),
        ({"Initialize", "Shutdown", "CallPackageUntrusted"}, []),
        ({"Initialize", "GetInfo"}, []),
    ],
)
@simulated
async def test_each_kind_is_asked_for_its_own_entry_points_only(slots: set[str], rules: list[str], log: Log) -> None:
    assert [rule for _, rule in await missing_of(log, offering(slots))] == rules


@pytest.mark.rule("PFT-5")
@simulated
async def test_a_package_that_reports_capabilities_is_an_ssp_ap(log: Log) -> None:
    package = offering({"Initialize", "GetInfo"}, capabilities=constants.SECPKG_FLAG_INTEGRITY)
    assert await missing_of(log, package) == [("Shutdown", "SPS-3"), ("AcceptCredentials", "SAC-5")]


@pytest.mark.rule("SPI-7", "SPS-3", "SPG-4")
@simulated
async def test_an_entry_point_is_there_under_whatever_name_its_function_has(log: Log) -> None:
    class Offering:
        def bring_up(self, *arguments: object) -> None: ...

        def take_down(self) -> None: ...

        def describe(self) -> SecPkgInfo:
            return SecPkgInfo("offering", capabilities=constants.SECPKG_FLAG_INTEGRITY)

        SpInitialize, SpShutdown, SpGetInfo, SpAcceptCredentials = bring_up, take_down, describe, bring_up

    assert await missing_of(log, Offering) == []


@simulated
async def test_what_is_missing_is_a_notice_and_no_failure_of_the_run() -> None:
    bus = Bus()
    monitor = Monitor(bus)
    async with lsart.open_lsa(offering({"InitializePackage"}), bus=bus):
        pass
    (notice,) = monitor.summary().notices
    assert (notice.kind, notice.count) == ("EntryPointMissing", 3)
    assert monitor.summary().misuse == ()


@simulated
async def test_a_package_that_does_not_come_up_is_asked_for_nothing(log: Log) -> None:
    class Failing:
        def LsaApInitializePackage(self, *arguments: object) -> None:
            raise RuntimeError("no")

    async with lsart.open_lsa(Failing, bus=log.bus):
        pass
    assert log.one(PackageRefused).package == "failing"
    assert log.of(EntryPointMissing) == []


# ---------------------------------------------------------------------- what it says of itself


def saying(name: str, **information: Any) -> Any:
    """A package of this name whose SecPkgInfo says this."""
    package = scripted(name, shutdown=lambda: None)
    package.SpGetInfo = lambda: SecPkgInfo(name, **information)  # type: ignore[method-assign]  # it says more here
    return package


@pytest.mark.rule("SPK-1")
@pytest.mark.parametrize("version", [0, 2])
@simulated
async def test_a_package_of_another_protocol_version_is_shut_down_and_unlisted(version: int, log: Log) -> None:
    async with lsart.open_lsa(saying("new", version=version), saying("old", version=1), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["old"]
        async with lsa.connect() as client:
            assert await status_of(client.call("new", b"")) == STATUS_NO_SUCH_PACKAGE
        assert [each.package for each in log.of(PackageShutDown)] == ["new"]
    refused = log.one(PackageRefused)
    assert (refused.package, refused.stage, refused.status) == ("new", "SpGetInfo", STATUS_UNSUCCESSFUL)
    assert refused.reason == f"its SecPkgInfo has version {version}; it must be 1"


@simulated
async def test_capabilities_that_are_no_number_refuse_the_package(log: Log) -> None:
    async with lsart.open_lsa(saying("new", capabilities="all"), saying("old"), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["old"]
    assert log.one(PackageRefused).reason == "its SecPkgInfo has str as capabilities; expected SECPKG_FLAG bits"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"new", "has bytes as name; expected text"),
        (None, "has None as name; expected text"),
        ("", "a name that no client can look up"),
        ("a\0b", "a name that no client can look up"),
        ("\u00e4" * 64, "a name that no client can look up; expected 1 to 127 bytes"),
    ],
    ids=["bytes", "none", "empty", "nul", "long"],
)
@simulated
async def test_a_name_that_no_client_can_look_up_refuses_the_package(name: Any, reason: str, log: Log) -> None:
    odd = saying("odd")
    odd.SpGetInfo = lambda: SecPkgInfo(name)
    async with lsart.open_lsa(odd, saying("n" * 127), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["n" * 127]
        assert lsa.refusals[0].startswith("package 'odd' did not start: SpGetInfo: ")
    assert reason in log.one(PackageRefused).reason


@pytest.mark.rule("SPK-2")
@simulated
async def test_a_package_without_an_rpc_id_reports_none_and_another_reports_its_own() -> None:
    async with lsart.open_lsa(saying("plain"), saying("rpc", rpc_id=10)) as lsa:
        assert [each.info.rpc_id for each in lsa.packages] == [constants.SECPKG_ID_NONE, 10]
        assert constants.SECPKG_ID_NONE == 0xFFFF


@pytest.mark.rule("CAP-1")
@simulated
async def test_of_two_packages_that_extend_the_negotiation_the_first_stays(log: Log) -> None:
    flag = constants.SECPKG_FLAG_NEGO_EXTENDER
    packages = [saying("first", capabilities=flag), saying("plain"), saying("second", capabilities=flag | 1)]
    async with lsart.open_lsa(*packages, bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["first", "plain"]
    assert [each.package for each in log.of(PackageInitialized)] == ["first", "plain"]
    refused = log.one(PackageRefused)
    assert (refused.package, refused.stage) == ("second", "SpGetInfo")
    assert refused.reason == "SECPKG_FLAG_NEGO_EXTENDER is for one package, and 'first' carries it already"


@pytest.mark.rule("CAP-1")
@simulated
async def test_an_extender_that_was_refused_itself_bars_nobody(log: Log) -> None:
    flag = constants.SECPKG_FLAG_NEGO_EXTENDER
    async with lsart.open_lsa(
        saying("first", capabilities=flag, version=2), saying("second", capabilities=flag), bus=log.bus
    ) as lsa:
        assert [each.name for each in lsa.packages] == ["second"]


@pytest.mark.rule("CAP-1")
@simulated
async def test_an_extender_that_is_disabled_is_there_still(log: Log) -> None:
    """It carries the flag until it is unloaded, whoever may call it."""
    flag = constants.SECPKG_FLAG_NEGO_EXTENDER

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, lambda _: 1 // 0, None, 0)
        await trio.sleep(1)

    first, second = saying("first", capabilities=flag), saying("second", capabilities=flag)
    first._initialize = initialize
    async with lsart.open_lsa(first, second, bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert log.one(PackageDisabled).package == "first"
    refused = log.one(PackageRefused)
    assert refused.reason == "SECPKG_FLAG_NEGO_EXTENDER is for one package, and 'first' carries it already"


# ---------------------------------------------------------------------- what it keeps


@pytest.mark.rule("LSQ-18")
@simulated
async def test_what_sp_initialize_gave_is_all_that_a_later_call_needs() -> None:
    class Keeping:
        def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
            self.kept = package_id, parameters.domain_name, table

        async def LsaApCallPackageUntrusted(
            self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
        ) -> CallPackageReply:
            number, domain, table = self.kept
            block = await table.AllocateLsaHeap(16)
            assert block is not None
            await table.memory.write(block, b"kept")
            answer = f"{number} {domain} ".encode() + await table.memory.read(block, 4)
            await table.FreeLsaHeap(block)
            return await table.reply(client_request, answer)

    parameters = SECPKG_PARAMETERS(domain_name="HOME")
    settings = lsart.LsaSettings(parameters=parameters)
    async with lsart.open_lsa(scripted("a"), Keeping, settings=settings) as lsa, lsa.connect() as client:
        number = lsa.find_package("keeping").package_id
        for _ in range(2):
            assert (await client.call("keeping", b"")).data == f"{number} HOME kept".encode()
    assert in_use(lsa) == {}
