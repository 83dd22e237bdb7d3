"""The registry says what LSA loads: names in the form of the pages, read at every start, some nobody's to change."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsas import Log, simulated

import lsart
from lsart.contract import ConfigurationError, PackageLoadError
from lsart.events import PackageLoaded, PackageRefused
from lsart.runtime import Registry

LISTS = ["Security Packages", "Authentication Packages"]
OS_CONFIG = "OSConfig Security Packages"

FILE = """
from pathlib import Path

import lsart

class Cache:
    def SpInitialize(self, package_id, parameters, table): ...
    def SpGetInfo(self):
        return lsart.SecPkgInfo("{name}")

def SpLsaModeInitialize(lsa_version):
    with Path(__file__).with_suffix(".log").open("a") as log:
        log.write("asked\\n")
    return lsa_version, [Cache()]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "cache.py").write_text(FILE.format(name="cache"), "utf-8")
    (tmp_path / "wrapper.py").write_text(FILE.format(name="minimal"), "utf-8")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def registry_of(value: str, data: str | bytes | list[str]) -> Registry:
    registry = Registry()
    registry.set_value(value, data)
    return registry


async def loaded(registry: Registry) -> list[str]:
    async with lsart.open_lsa(registry=registry) as lsa:
        assert lsa.refusals == ()
        return [each.name for each in lsa.packages]


@pytest.mark.rule("REG-1", "REG-4")
@pytest.mark.parametrize("value", LISTS)
@pytest.mark.parametrize(
    "data",
    [
        "ticketcache\0minimal\0\0",
        "ticketcache\0minimal\0",
        "ticketcache\0minimal",
        "ticketcache\0minimal\0\0what stands behind the end",
        "ticketcache\0minimal\0\0".encode("utf-16-le"),
        ["ticketcache", "minimal"],
    ],
)
@simulated
async def test_a_zero_character_ends_each_name_and_another_one_the_list(
    data: str | bytes | list[str], value: str
) -> None:
    registry = registry_of(value, data)
    assert registry.value(value) == ("ticketcache", "minimal")
    assert await loaded(registry) == ["ticketcache", "minimal"]


@pytest.mark.parametrize("data", ["", "\0", "\0\0", b"", []])
def test_a_list_may_be_empty(data: str | bytes | list[str]) -> None:
    assert Registry(security_packages=data).value("Security Packages") == ()


@pytest.mark.rule("REG-1", "REG-4")
@pytest.mark.parametrize("value", LISTS)
@pytest.mark.parametrize(
    ("name", "instead"),
    [("minimal.dll", "'minimal'"), ("Minimal.DLL", "'Minimal'"), ("/opt/cache.py", "'/opt/cache'")],
)
def test_a_name_with_its_ending_is_refused_and_the_message_says_what_to_write(
    name: str, instead: str, value: str
) -> None:
    registry = registry_of(value, "minimal")
    with pytest.raises(ConfigurationError, match=f"without its ending; write {instead}"):
        registry.set_value(value, f"ticketcache\0{name}\0\0")
    assert registry.value(value) == ("minimal",)


@pytest.mark.rule("REG-2", "REG-4")
@pytest.mark.parametrize("value", LISTS)
@simulated
async def test_what_is_not_installed_is_named_with_its_full_path(
    value: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert await loaded(registry_of(value, f"{folder}/cache\0minimal\0\0")) == ["cache", "minimal"]
    for relative in ("./cache", "folder/cache", "..\\cache"):
        with pytest.raises(ConfigurationError, match="is a relative path; write the full path"):
            registry_of(value, relative)
    with pytest.raises(PackageLoadError, match="names 'cache', which is not installed"):
        await loaded(registry_of(value, "cache"))


@pytest.mark.rule("REG-2")
@simulated
async def test_a_plain_name_is_what_is_installed_and_never_what_lies_in_the_current_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    (folder / "minimal").mkdir()
    (folder / "minimal" / "package.toml").write_text('[package]\nname = "mine"\nsource = "../cache.py"\n', "utf-8")
    monkeypatch.chdir(folder)
    async with lsart.open_lsa(registry=Registry(security_packages=["minimal"]), bus=log.bus):
        assert log.one(PackageLoaded).module == "minimal"
    assert await loaded(Registry(security_packages=[str(folder / "minimal")])) == ["cache"]


@pytest.mark.rule("REG-3")
@simulated
async def test_every_start_loads_the_list_and_asks_each_module_anew(folder: Path) -> None:
    registry = Registry(security_packages=[str(folder / "cache")])
    for starts in (1, 2, 3):
        assert await loaded(registry) == ["cache"]
        assert (folder / "cache.log").read_text("utf-8") == "asked\n" * starts


@pytest.mark.rule("REG-5")
@pytest.mark.parametrize("value", LISTS)
@simulated
async def test_a_package_added_while_lsa_runs_is_loaded_by_the_next_one(value: str) -> None:
    registry = registry_of(value, "minimal")
    async with lsart.open_lsa(registry=registry) as lsa, lsa.connect() as client:
        registry.add(value, "ticketcache")
        assert registry.value(value) == ("minimal", "ticketcache")
        assert (await client.call("minimal", b"hello")).data == b"hello"
        assert [each.name for each in lsa.packages] == ["minimal"]
    assert await loaded(registry) == ["minimal", "ticketcache"]


@pytest.mark.rule("REG-8")
@simulated
async def test_what_ships_with_the_system_cannot_be_edited_and_others_register_beside_it(folder: Path) -> None:
    registry = Registry(os_config_security_packages=["minimal"])
    for data in ([], ["ticketcache"], ["minimal", "ticketcache"]):
        with pytest.raises(ConfigurationError, match="a package of your own goes into 'Security Packages'"):
            registry.set_value(OS_CONFIG, data)
    with pytest.raises(ConfigurationError, match="cannot be edited"):
        registry.add(OS_CONFIG, "ticketcache")
    assert registry.value(OS_CONFIG) == ("minimal",)
    registry.add("Security Packages", "ticketcache")
    assert await loaded(registry) == ["minimal", "ticketcache"]
    registry.set_value("Security Packages", [])
    assert await loaded(registry) == ["minimal"]


@pytest.mark.rule("REG-8")
@simulated
async def test_a_package_that_takes_the_name_of_a_shipped_one_does_not_replace_it(folder: Path, log: Log) -> None:
    registry = Registry(security_packages=[str(folder / "wrapper"), "minimal"], os_config_security_packages=["minimal"])
    async with lsart.open_lsa(registry=registry, bus=log.bus) as lsa, lsa.connect() as client:
        assert [(each.name, each.module) for each in lsa.packages] == [("minimal", "minimal")]
        assert (await client.call("minimal", b"hello")).data == b"hello"
    assert log.one(PackageRefused).package == "wrapper"


@pytest.mark.parametrize("name", ["a:B", "", "a\0b"])
def test_what_is_no_name_of_a_file_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Registry(security_packages=[name])


def test_a_value_that_there_is_not_and_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no registry value 'Security Package'; known are 'Security Packages'"):
        Registry().set_value("Security Package", "")
    with pytest.raises(ConfigurationError, match="no UTF-16"):
        Registry(security_packages=b"abc")


@simulated
async def test_packages_come_from_the_registry_or_from_the_program_and_not_from_both() -> None:
    with pytest.raises(ConfigurationError, match="by the registry or by arguments"):
        async with lsart.open_lsa("minimal", registry=Registry(security_packages="ticketcache")):
            pass
