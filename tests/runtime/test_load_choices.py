"""Every alternative of a choice about loading changes what somebody can see."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, scripted, simulated, status_of

import lsart
from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    Choices,
    FunctionTable,
    PackageLoadError,
    Pointer,
    SecPkgInfo,
    StatusError,
)
from lsart.events import OutputNotFromHeap, PackageRefused, PackageShutDown
from lsart.runtime import LsaSettings


def settings(**choices: Any) -> LsaSettings:
    return LsaSettings(choices=Choices(**choices))


class Both:
    """An SSP/AP that notes which of its functions were called."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.ids: list[int] = []

    def LsaApInitializePackage(self, number: int, *_: object) -> str:
        self.called.append("LsaApInitializePackage")
        self.ids.append(number)
        return "both"

    def SpInitialize(self, number: int, *_: object) -> Any:
        self.called.append("SpInitialize")
        self.ids.append(number)


@pytest.mark.choice("authentication_package", "by_list")
@pytest.mark.parametrize(
    ("choice", "by_security_list", "by_authentication_list"),
    [("by_entry", 2, 2), ("by_list", 1, 2)],
)
@simulated
async def test_who_is_an_authentication_package(
    choice: str, by_security_list: int, by_authentication_list: int
) -> None:
    first, second = Both(), Both()
    async with lsart.open_lsa(first, settings=settings(authentication_package=choice)):
        assert len(first.called) == by_security_list
    chosen = settings(authentication_package=choice)
    async with lsart.open_lsa(authentication_packages=[second], settings=chosen):
        assert len(second.called) == by_authentication_list


@pytest.mark.choice("module_without_tables", "stop")
@simulated
async def test_a_module_without_tables_is_skipped_or_stops_the_start(log: Log) -> None:
    class Empty:
        def SpLsaModeInitialize(self, lsa_version: int) -> tuple[int, list[object]]:
            return lsa_version, []

    async with lsart.open_lsa(Empty(), scripted("a"), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["a"]
    with pytest.raises(PackageLoadError, match="SpLsaModeInitialize returned no tables"):
        async with lsart.open_lsa(Empty(), scripted("a"), settings=settings(module_without_tables="stop")):
            raise AssertionError("nobody comes here")


@pytest.mark.choice("unknown_package_version", "as_newest", "as_first")
@pytest.mark.parametrize("choice", ["refuse", "as_newest", "as_first"])
@simulated
async def test_an_unknown_version_is_refused_or_read_as_another(choice: str) -> None:
    class Full:
        SpGetInfo = None

        def __getattr__(self, name: str) -> object:
            return lambda *args: None

    class Odd:
        def SpLsaModeInitialize(self, lsa_version: int) -> tuple[int, list[object]]:
            return 0x77, [Full()]

    async with lsart.open_lsa(Odd(), settings=settings(unknown_package_version=choice)) as lsa:
        entries = [len(each.entries) for each in lsa.packages]
    newest = len(SECPKG_SLOTS) - 1  # but for SpGetInfo
    first = len([slot for slot in SECPKG_SLOTS if slot.interface_version == 1]) - 1
    assert entries == {"refuse": [], "as_newest": [newest], "as_first": [first]}[choice]


@pytest.mark.choice("package_ids", "from_one", "sparse")
@pytest.mark.parametrize(("choice", "ids"), [("from_zero", [0, 1]), ("from_one", [1, 2]), ("sparse", [7919, 15838])])
@simulated
async def test_where_ids_begin_and_how_far_they_are_apart(choice: str, ids: list[int]) -> None:
    packages = scripted("a"), scripted("b")
    async with lsart.open_lsa(*packages, settings=settings(package_ids=choice)):
        assert [each.package_id for each in packages] == ids


@pytest.mark.choice("list_order", "authentication_packages_first")
@pytest.mark.parametrize(
    ("choice", "order"),
    [("security_packages_first", ["s", "t", "a"]), ("authentication_packages_first", ["a", "s", "t"])],
)
@simulated
async def test_which_list_comes_first(choice: str, order: list[str]) -> None:
    lists = [scripted("s"), scripted("t")], [scripted("a")]
    chosen = settings(list_order=choice)
    async with lsart.open_lsa(*lists[0], authentication_packages=lists[1], settings=chosen) as lsa:
        assert [each.name for each in lsa.packages] == order


@pytest.mark.choice("name_in_both_lists", "load_twice")
@pytest.mark.parametrize(("choice", "times"), [("load_once", 1), ("load_twice", 2)])
@simulated
async def test_a_name_in_both_lists_is_loaded_once_or_twice(choice: str, times: int) -> None:
    package = scripted("a")
    chosen = settings(name_in_both_lists=choice)
    async with lsart.open_lsa(package, authentication_packages=[package], settings=chosen):
        assert package.initialized == times


@pytest.mark.choice("duplicate_package_name", "first_wins")
@pytest.mark.parametrize(("choice", "keys"), [("refuse_second", ["a"]), ("first_wins", ["a", "b"])])
@simulated
async def test_a_second_package_of_a_name_is_refused_or_hidden(choice: str, keys: list[str]) -> None:
    first, second = scripted("a"), scripted("b")
    second.name = "a"
    async with lsart.open_lsa(first, second, settings=settings(duplicate_package_name=choice)) as lsa:
        assert [each.key for each in lsa.packages] == keys
        assert lsa.find_package("a").key == "a"


@pytest.mark.choice("shutdown_after_failed_initialize", "yes")
@pytest.mark.parametrize(("choice", "ends"), [("no", []), ("yes", ["a"])])
@simulated
async def test_whether_a_failed_initialize_is_followed_by_shutdown(choice: str, ends: list[str], log: Log) -> None:
    seen: list[str] = []
    package = scripted("a", initialize=lambda table: STATUS_UNSUCCESSFUL, shutdown=lambda: seen.append("a"))
    chosen = settings(shutdown_after_failed_initialize=choice)
    async with lsart.open_lsa(package, bus=log.bus, settings=chosen) as lsa:
        assert lsa.packages == ()
    assert seen == ends
    assert [each.package for each in log.of(PackageShutDown)] == ends


@pytest.mark.choice("failed_package_unloads", "module")
@pytest.mark.parametrize(("choice", "left"), [("package", ["a", "c"]), ("module", [])])
@simulated
async def test_a_failed_package_takes_itself_or_its_module(choice: str, left: list[str], log: Log) -> None:
    ends: list[str] = []

    class Library:
        def SpLsaModeInitialize(self, lsa_version: int) -> tuple[int, list[object]]:
            return lsa_version, [
                scripted("a", shutdown=lambda: ends.append("a")),
                scripted("b", initialize=lambda table: STATUS_UNSUCCESSFUL),
                scripted("c", shutdown=lambda: ends.append("c")),
            ]

    chosen = settings(failed_package_unloads=choice)
    async with lsart.open_lsa(Library(), scripted("d"), bus=log.bus, settings=chosen) as lsa:
        assert [each.name for each in lsa.packages] == [*left, "d"]
        assert ends == ([] if left else ["a"])
        assert len(lsa.refusals) == (1 if left else 2)


@pytest.mark.choice("get_info_while_loading", "no")
@pytest.mark.parametrize(("choice", "name"), [("yes", "told"), ("no", "listed")])
@simulated
async def test_a_name_comes_from_get_info_or_from_the_list(choice: str, name: str) -> None:
    class Listed:
        def SpInitialize(self, *_: object) -> None: ...

        def SpGetInfo(self) -> SecPkgInfo:
            return SecPkgInfo("told")

    async with lsart.open_lsa(Listed, settings=settings(get_info_while_loading=choice)) as lsa:
        assert [each.name for each in lsa.packages] == [name]


@pytest.mark.choice("package_id_everywhere", "separate")
@pytest.mark.parametrize(("choice", "distance"), [("one", 0), ("separate", 0x1000)])
@simulated
async def test_a_package_has_one_id_or_two(choice: str, distance: int) -> None:
    package = Both()
    chosen = settings(package_id_everywhere=choice)
    async with lsart.open_lsa(package, settings=chosen) as lsa, lsa.connect() as client:
        authentication_id, package_id = package.ids
        assert authentication_id - package_id == distance
        assert await client.LsaLookupAuthenticationPackage(client.handle, "both") == authentication_id


@pytest.mark.choice("failed_initialize_package", "keep")
@pytest.mark.parametrize(("choice", "names"), [("refuse", []), ("keep", ["half"])])
@simulated
async def test_a_failed_initialize_package_refuses_the_package_or_only_its_half(choice: str, names: list[str]) -> None:
    class Half:
        def LsaApInitializePackage(self, *_: object) -> str:
            raise StatusError(STATUS_UNSUCCESSFUL)

        def SpInitialize(self, *_: object) -> None: ...

    async with lsart.open_lsa(Half, settings=settings(failed_initialize_package=choice)) as lsa:
        assert [each.name for each in lsa.packages] == names


@simulated
async def test_a_plain_authentication_package_that_fails_has_no_other_half_to_keep(log: Log) -> None:
    class Plain:
        def LsaApInitializePackage(self, *_: object) -> str:
            raise StatusError(STATUS_UNSUCCESSFUL)

    chosen = settings(failed_initialize_package="keep")
    async with lsart.open_lsa(Plain, bus=log.bus, settings=chosen) as lsa:
        assert lsa.packages == ()
    assert log.one(PackageRefused).status == STATUS_UNSUCCESSFUL


@pytest.mark.choice("lsa_heap_outputs", "unchecked")
@pytest.mark.parametrize(("choice", "names", "reports"), [("checked", [], 1), ("unchecked", ["odd"], 0)])
@simulated
async def test_outputs_are_checked_before_lsa_frees_them_or_not(
    choice: str, names: list[str], reports: int, log: Log
) -> None:
    class Odd:
        def LsaApInitializePackage(self, number: int, table: FunctionTable, *_: object) -> Pointer:
            return Pointer(0x4000, "lsass")

    async with lsart.open_lsa(Odd, bus=log.bus, settings=settings(lsa_heap_outputs=choice)) as lsa:
        assert [each.name for each in lsa.packages] == names
    assert len(log.of(OutputNotFromHeap)) == reports


@pytest.mark.choice("return_buffer_null", "STATUS_INVALID_PARAMETER")
@pytest.mark.parametrize("status", [STATUS_SUCCESS, STATUS_INVALID_PARAMETER], ids=repr)
@simulated
async def test_freeing_null_succeeds_or_not(status: Any) -> None:
    async with lsart.open_lsa(settings=settings(return_buffer_null=status)) as lsa, lsa.connect() as client:
        if status.is_success:
            await client.LsaFreeReturnBuffer(None)
        else:
            assert await status_of(client.LsaFreeReturnBuffer(None)) == status


@pytest.mark.choice("return_buffer_unknown", "STATUS_UNSUCCESSFUL")
@pytest.mark.parametrize("status", [STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL], ids=repr)
@simulated
async def test_freeing_a_foreign_pointer_fails_one_way_or_another(status: Any) -> None:
    async with lsart.open_lsa(settings=settings(return_buffer_unknown=status)) as lsa, lsa.connect() as client:
        assert await status_of(client.LsaFreeReturnBuffer(Pointer(0x1234, client.name))) == status
