"""Packages come up in the order of the registry lists, each once, with an id of its own, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import (
    LSA_DISPATCH_SLOTS,
    LSA_SECPKG_SLOTS,
    SECPKG_PARAMETERS,
    SECPKG_SLOTS,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart.events import (
    BlockFreed,
    BlockLeaked,
    DispatchTableExceeded,
    OutputNotFromHeap,
    PackageInitialized,
    PackageLoaded,
    PackageRefused,
)


class Library:
    """A module with SpLsaModeInitialize, as a DLL has it."""

    def __init__(self, *packages: object, version: int = constants.SECPKG_INTERFACE_VERSION) -> None:
        self.packages = packages
        self.version = version
        self.asked: list[int] = []

    def SpLsaModeInitialize(self, lsa_version: int) -> tuple[int, list[object]]:
        self.asked.append(lsa_version)
        return self.version, list(self.packages)


class Authentication:
    """A plain authentication package: no table of its own, only exported LsaAp functions."""

    def __init__(self, name: object = "kerb") -> None:
        self.name = name
        self.calls: list[tuple[int, object, object]] = []

    async def LsaApInitializePackage(
        self, authentication_package_id: int, dispatch: FunctionTable, database: None, confidentiality: None
    ) -> object:
        self.calls.append((authentication_package_id, database, confidentiality))
        self.dispatch = dispatch
        return self.name


# ---------------------------------------------------------------------- order, ids, modules


@pytest.mark.rule("LSQ-1", "LSQ-2")
@simulated
async def test_both_lists_are_loaded_in_order_before_a_client_can_come(log: Log) -> None:
    first, second, third = scripted("first"), scripted("second"), scripted("third")
    async with lsart.open_lsa(first, second, authentication_packages=[third], bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["first", "second", "third"]
        assert [each.package for each in log.of(PackageInitialized)] == ["first", "second", "third"]
        with pytest.raises(StatusError, match="no package has that name"):
            lsa.find_package("ticketcache")  # installed, but in neither list


@pytest.mark.rule("LSQ-16", "SPI-2")
@simulated
async def test_every_package_has_an_id_of_its_own_and_keeps_it() -> None:
    packages = [scripted(name) for name in "abc"]
    async with lsart.open_lsa(*packages) as lsa, lsa.connect() as client:
        ids = [each.package_id for each in packages]
        assert len(set(ids)) == 3
        for _ in range(2):
            assert [await client.LsaLookupAuthenticationPackage(client.handle, name) for name in "abc"] == ids


@pytest.mark.rule("LSQ-17", "SPI-3", "LST-1")
@simulated
async def test_initialize_is_told_of_the_machine_and_given_the_whole_table() -> None:
    package = scripted("a")
    parameters = SECPKG_PARAMETERS(domain_name="EXAMPLE", setup_mode=1)
    async with lsart.open_lsa(package, settings=lsart.LsaSettings(parameters=parameters)):
        assert package.parameters == parameters
        assert all(callable(getattr(package.table, slot.name)) for slot in LSA_SECPKG_SLOTS)


@pytest.mark.rule("LSQ-3", "LSQ-4", "LSQ-5", "LSQ-6", "LSQ-8", "LSQ-25", "PFT-1")
@simulated
async def test_a_module_is_asked_once_for_the_tables_of_all_its_packages(log: Log) -> None:
    library = Library(scripted("a"), scripted("b"))
    async with lsart.open_lsa(library, bus=log.bus) as lsa:
        assert library.asked == [0x00010000]
        assert [each.name for each in lsa.packages] == ["a", "b"]
        assert [each.module for each in log.of(PackageLoaded)] == ["Library", "Library"]


@pytest.mark.rule("LSQ-15", "SPI-1")
@simulated
async def test_tables_are_received_before_any_package_of_the_module_initializes(log: Log) -> None:
    first, second = scripted("a"), scripted("b")
    async with lsart.open_lsa(Library(first, second), bus=log.bus):
        kinds = [type(each) for each in log.events if isinstance(each, PackageLoaded | PackageInitialized)]
        assert kinds == [PackageLoaded, PackageLoaded, PackageInitialized, PackageInitialized]
        assert (first.initialized, second.initialized) == (1, 1)


def an_error(lsa_version: int) -> Any:
    raise StatusError(STATUS_UNSUCCESSFUL)


def an_exception(lsa_version: int) -> Any:
    raise ZeroDivisionError("oops")


@pytest.mark.rule("LSQ-7")
@pytest.mark.parametrize(
    ("initialize", "message"),
    [
        (an_error, "SpLsaModeInitialize failed with STATUS_UNSUCCESSFUL"),
        (an_exception, "SpLsaModeInitialize raised ZeroDivisionError: oops"),
        (lambda version: (version, []), "SpLsaModeInitialize returned no tables"),
        (lambda version: 7, r"SpLsaModeInitialize returned 7; expected \(package_version, \[packages\]\)"),
        (lambda version: (0x1234, [scripted("a")]), "PackageVersion 0x1234 is unknown"),
        (lambda version: (version, [object()]), "neither SpInitialize nor LsaApInitializePackage"),
    ],
)
@simulated
async def test_a_module_that_gives_no_tables_is_skipped_and_says_why(initialize: Any, message: str, log: Log) -> None:
    library = Library()
    library.SpLsaModeInitialize = initialize  # type: ignore[method-assign]  # each case fails in its own way
    async with lsart.open_lsa(library, scripted("other"), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["other"]
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(log.one(PackageRefused).reason)


@pytest.mark.rule("LSQ-9", "LSQ-10", "PFT-2", "PFT-3", "PFT-4")
@pytest.mark.parametrize("number", range(1, 12))
@simulated
async def test_slots_beyond_the_version_that_a_module_returned_are_not_read(number: int) -> None:
    class Full:
        """Has a function for every slot there is, but one that it leaves NULL."""

        SpGetInfo = None

        def __getattr__(self, name: str) -> object:
            return lambda *args: None

    name = "SECPKG_INTERFACE_VERSION" + ("" if number == 1 else f"_{number}")
    async with lsart.open_lsa(Library(Full(), version=getattr(constants, name))) as lsa:
        (package,) = lsa.packages
    expected = {slot.name for slot in SECPKG_SLOTS if slot.interface_version <= number} - {"GetInfo"}
    assert set(package.entries) == expected


@pytest.mark.rule("SPI-8", "PFT-7")
@simulated
async def test_a_package_is_reached_only_through_the_functions_of_its_slots(log: Log) -> None:
    class Odd:
        SpInitialize = staticmethod(lambda package_id, parameters, table: None)
        Initialize = "not looked at"

    async with lsart.open_lsa(Odd) as lsa:
        assert set(lsa.packages[0].entries) == {"Initialize"}


@simulated
async def test_an_entry_point_that_is_no_function_is_refused_with_the_line_to_write(log: Log) -> None:
    class Odd:
        SpInitialize = 5

    async with lsart.open_lsa(Odd, bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert "SpInitialize is int 5; expected a function (async def SpInitialize(self, ...))" in str(
        log.one(PackageRefused).reason
    )


@simulated
async def test_keys_stay_unique_whatever_packages_are_called() -> None:
    packages = [scripted("a-2"), scripted("a"), scripted("a"), scripted("a")]
    for number, package in enumerate(packages):
        package.name = f"name-{number}"
    async with lsart.open_lsa(*packages) as lsa:
        assert [each.key for each in lsa.packages] == ["a-2", "a", "a-3", "a-4"]
        assert len({each.package_id for each in lsa.packages}) == 4


@simulated
async def test_a_source_named_twice_is_one_package() -> None:
    async with lsart.open_lsa("minimal", "minimal", authentication_packages=["minimal"]) as lsa:
        assert [each.name for each in lsa.packages] == ["minimal"]


@pytest.mark.rule("SPG-3")
@simulated
async def test_the_name_is_learnt_from_get_info() -> None:
    class Listed:
        def SpInitialize(self, package_id: int, parameters: object, table: object) -> None: ...

        def SpGetInfo(self) -> SecPkgInfo:
            return SecPkgInfo("told", comment="a comment")

    async with lsart.open_lsa(Listed) as lsa:
        (package,) = lsa.packages
        assert (package.name, package.key, package.info.comment) == ("told", "listed", "a comment")
        assert lsa.find_package("told") is package


# ---------------------------------------------------------------------- authentication packages


@pytest.mark.rule("LSQ-11", "LIP-1", "LIP-3")
@simulated
async def test_an_authentication_package_gets_its_id_and_the_dispatch_table_once() -> None:
    package = Authentication()
    async with lsart.open_lsa(authentication_packages=[package]) as lsa, lsa.connect() as client:
        number = await client.LsaLookupAuthenticationPackage(client.handle, "kerb")
        assert package.calls == [(number, None, None)]


@pytest.mark.rule("LDT-2", "LST-2")
@simulated
async def test_each_slot_of_the_dispatch_table_is_the_slot_of_the_large_table(log: Log) -> None:
    class Both(Authentication):
        def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
            self.table = table

    package = Both()
    async with lsart.open_lsa(package, bus=log.bus):
        names = [slot.name for slot in LSA_DISPATCH_SLOTS]
        assert names == [slot.name for slot in LSA_SECPKG_SLOTS[:11]]
        assert all(getattr(package.dispatch, name) is getattr(package.table, name) for name in names)
        assert log.of(DispatchTableExceeded) == []


@pytest.mark.rule("LDT-3")
@simulated
async def test_reaching_beyond_slot_10_of_the_dispatch_table_works_and_is_reported(log: Log) -> None:
    package = Authentication()
    async with lsart.open_lsa(package, bus=log.bus):
        section = await package.dispatch.CreateSharedMemory(4096, 4096)
        assert section is not None
        assert log.one(DispatchTableExceeded).slot == "CreateSharedMemory"
        with pytest.raises(AttributeError, match="no slot 'CreateSharedMemroy'"):
            package.dispatch.CreateSharedMemroy  # type: ignore[attr-defined]  # noqa: B018  (misspelt on purpose)


@pytest.mark.rule("LSQ-12", "LIP-4")
@simulated
async def test_the_name_is_a_block_of_the_lsa_heap_and_lsa_frees_it(log: Log) -> None:
    class Heaped(Authentication):
        async def LsaApInitializePackage(self, number: int, dispatch: FunctionTable, *unused: None) -> Pointer:
            block = await dispatch.AllocateLsaHeap(16)
            assert block is not None
            await dispatch.memory.write(block, b"kerb\0garbage")
            self.block = block
            return block

    package = Heaped()
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["kerb"]
        freed = log.one(BlockFreed)
        assert (freed.address, freed.origin.package) == (package.block.address, "LSA")
    assert log.of(BlockLeaked) == []


@pytest.mark.parametrize("name", [5, b"kerb", STATUS_SUCCESS])
@simulated
async def test_a_name_that_is_no_text_refuses_the_package(name: object, log: Log) -> None:
    async with lsart.open_lsa(Authentication(name), bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert "expected text or a Pointer to text" in log.one(PackageRefused).reason


@simulated
async def test_a_name_outside_the_lsa_heap_is_left_alone_and_reported(log: Log) -> None:
    async with lsart.open_lsa(Authentication(Pointer(0x4000, "lsass")), bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert log.one(OutputNotFromHeap).address == 0x4000


@simulated
async def test_an_ssp_ap_is_initialized_through_both_functions_in_turn() -> None:
    order = []

    class Both:
        def LsaApInitializePackage(self, *args: object) -> str:
            order.append("LsaApInitializePackage")
            return "both"

        def SpInitialize(self, *args: object) -> None:
            order.append("SpInitialize")

    async with lsart.open_lsa(Both) as lsa:
        assert order == ["LsaApInitializePackage", "SpInitialize"]
        assert lsa.packages[0].name == "both"
