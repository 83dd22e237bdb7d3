"""Where a package comes from: an entry point, module:attr, a file, a directory, or an object of the program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lsart_packages.minimal import Minimal
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import PackageLoadError
from lsart.events import PackageRefused
from lsart.runtime import PackageSpec, installed_packages, resolve

CLASS = """
class Cache:
    def __init__(self, size=1, *, name="cache"):
        self.size = size
    def SpInitialize(self, package_id, parameters, table):
        self.table = table

class Helper:
    pass
"""
TWO = CLASS + "class Second(Cache): pass\n"
TOML = '[package]\nname = "told"\nsource = "cache.py:Cache"\n[options]\nsize = 5\n'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "cache.py").write_text(CLASS, "utf-8")
    (tmp_path / "package.toml").write_text(TOML, "utf-8")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


async def names(*sources: Any) -> list[str]:
    async with lsart.open_lsa(*sources) as lsa:
        return [each.name for each in lsa.packages]


@simulated
async def test_an_installed_package_is_found_by_its_entry_point() -> None:
    assert {"minimal", "section_per_client", "ticketcache"} <= set(installed_packages())
    assert await names("ticketcache", "minimal") == ["ticketcache", "minimal"]


@pytest.mark.parametrize(
    "source",
    ["lsart_packages.minimal", "lsart_packages.minimal:Minimal", Minimal, Minimal()],
    ids=["module", "module:attr", "class", "object"],
)
@simulated
async def test_a_module_a_class_or_an_object_is_a_package(source: Any) -> None:
    assert await names(source) == ["minimal"]
    assert await names(PackageSpec(source)) == ["minimal"]


@simulated
async def test_a_module_object_is_a_package() -> None:
    module = ModuleType("cache")
    module.SpLsaModeInitialize = lambda version: (version, [scripted("inner")])  # type: ignore[attr-defined]  # made here
    assert await names(module) == ["inner"]


@simulated
async def test_a_factory_makes_a_package_from_its_options() -> None:
    def make(name: str) -> object:
        return scripted(name)

    assert await names(PackageSpec(make, {"name": "made"})) == ["made"]


@simulated
async def test_a_file_is_a_package_with_or_without_the_name_of_its_class(folder: Path) -> None:
    assert await names(f"{folder}/cache.py:Cache") == ["cache"]
    assert await names(folder / "cache.py") == ["cache"]


@simulated
async def test_a_directory_says_in_package_toml_what_it_is(folder: Path) -> None:
    async with lsart.open_lsa(folder) as lsa:
        (package,) = lsa.packages
        assert package.name == "told"
    assert resolve(PackageSpec(str(folder))).options == {"size": 5}
    assert resolve(PackageSpec(str(folder), {"size": 7})).options == {"size": 7}  # the caller knows best
    (folder / "package.toml").write_text('[package]\nname = "m"\nsource = "lsart_packages.minimal:Minimal"', "utf-8")
    assert await names(folder) == ["minimal"]  # SpGetInfo has the last word


@simulated
async def test_an_installed_name_wins_over_a_folder_that_is_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minimal").mkdir()
    assert await names("minimal") == ["minimal"]
    (tmp_path / "minimal" / "cache.py").write_text(CLASS, "utf-8")
    (tmp_path / "minimal" / "package.toml").write_text(TOML, "utf-8")
    assert await names("minimal") == ["told"]


def refusal(source: Any, **options: Any) -> str:
    with pytest.raises(PackageLoadError) as caught:
        resolve(PackageSpec(source, options))
    return str(caught.value)


def test_a_name_that_nothing_has_is_answered_with_what_is_there() -> None:
    assert refusal("") == "the name of a package is empty; `lsart list` shows what is installed"
    message = refusal("ticketcahce")
    assert message.startswith("there is no package 'ticketcahce'. Did you mean 'ticketcache'? Installed: ")
    assert "minimal, password, section_per_client, ticketcache" in message
    assert "path/file.py:Class" in message
    assert "there is no package 'no.such.module'." in refusal("no.such.module")
    assert "there is no package 'no.such:Class'." in refusal("no.such:Class")


def test_an_attribute_that_is_not_there_is_answered_with_a_near_one_or_with_all() -> None:
    near = refusal("lsart_packages.minimal:Minimall")
    assert near == "module lsart_packages.minimal has no 'Minimall'. Did you mean 'Minimal'?"
    far = refusal("lsart_packages.ticketcache:Quite")
    assert far == "module lsart_packages.ticketcache has no 'Quite'. It offers TicketCache."
    assert refusal("json:Quite").endswith("It offers no class with SpInitialize.")


def test_a_file_that_is_not_there_is_answered_with_a_near_one(folder: Path) -> None:
    assert refusal(f"{folder}/cahce.py:Cache") == f"there is no file {folder}/cahce.py. Did you mean {folder}/cache.py?"
    assert refusal(f"{folder}/other.py") == f"there is no file {folder}/other.py."
    assert refusal(f"{folder}/cache.py:Cahce") == f"{folder}/cache.py has no 'Cahce'. Did you mean 'Cache'?"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_file_that_does_not_import_says_why(
    text: str, why: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken_cache.py").write_text(text, "utf-8")
    assert refusal(f"{folder}/broken_cache.py").startswith(f"{folder}/broken_cache.py does not import: {why}")
    assert "lsart_loaded_broken_cache" not in sys.modules
    monkeypatch.syspath_prepend(str(folder))
    assert why.partition(": ")[2] in refusal("broken_cache")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["no [package] table", "package.name is missing", "package.source is missing"]),
        ("[package]\nname = 5\nsource = 'x:y'", ["package.name is missing or no text"]),
        ("[package]\nname = 'n'\nsource = 'x:y'\ncolour = 1\n[extra]", ["unknown table [extra]", "key package.colour"]),
        ("options = 3\n[package]\nname = 'n'\nsource = 'x:y'", ["options is no table"]),
        ("[package", ["is not valid TOML"]),
    ],
)
def test_a_broken_package_toml_lists_all_its_faults_at_once(text: str, problems: list[str], folder: Path) -> None:
    (folder / "package.toml").write_text(text, "utf-8")
    message = refusal(folder)
    assert message.startswith(f"{folder}/package.toml")
    assert [each for each in problems if each not in message] == []


def test_a_directory_without_package_toml_says_what_it_holds(folder: Path) -> None:
    (folder / "package.toml").unlink()
    assert refusal(folder).startswith(f"{folder} is no package: it has no package.toml (found: cache.py")


def test_a_package_toml_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "package.toml").write_bytes(b"\xff\xfe")
    assert "is not valid TOML" in refusal(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": 1}, "unexpected keyword argument 'colour'"),
        ({"size": 1, "nmae": 2}, "unexpected keyword argument 'nmae'"),
    ],
)
@simulated
async def test_options_that_do_not_fit_are_answered_with_those_that_do(
    options: dict[str, Any], message: str, folder: Path, log: Log
) -> None:
    spec = PackageSpec(f"{folder}/cache.py:Cache", options)
    async with lsart.open_lsa(spec, bus=log.bus) as lsa:
        assert lsa.packages == ()
    reason = log.one(PackageRefused).reason
    assert message in reason
    assert "It accepts: size, name." in reason


@simulated
async def test_options_for_what_takes_none_are_refused(log: Log) -> None:
    class Library:
        def SpLsaModeInitialize(self, lsa_version: int) -> Any: ...

    specs = PackageSpec(Minimal(), {"size": 1}), PackageSpec(Library(), {"size": 1})
    async with lsart.open_lsa(*specs, bus=log.bus):
        pass
    reasons = [each.reason for each in log.of(PackageRefused)]
    assert "is a finished object and takes no options: ['size']" in reasons[0]
    assert "options ['size'] have nowhere to go, as SpLsaModeInitialize takes none" in reasons[1]


@pytest.mark.parametrize("error", [ValueError("too small"), SystemExit(4)], ids=repr)
@simulated
async def test_a_constructor_that_raises_is_told_with_what_it_raised(error: BaseException, log: Log) -> None:
    def make() -> Any:
        raise error

    async with lsart.open_lsa(make, bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert f"constructing it raised {type(error).__name__}: {error}" in log.one(PackageRefused).reason


@simulated
async def test_a_module_with_two_packages_asks_for_a_name_and_says_how(folder: Path, log: Log) -> None:
    (folder / "two.py").write_text(TWO, "utf-8")
    (folder / "none.py").write_text("x = 1", "utf-8")
    async with lsart.open_lsa(folder / "two.py", folder / "none.py", bus=log.bus):
        pass
    reasons = [each.reason for each in log.of(PackageRefused)]
    assert f"expected one class with SpInitialize, found Cache, Second. Name it ({folder}/two.py:Class)" in reasons[0]
    assert "expected one class with SpInitialize, found none" in reasons[1]


@simulated
async def test_something_that_cannot_be_a_package_at_all_is_refused_with_what_it_lacks(log: Log) -> None:
    async with lsart.open_lsa(object(), dict, 5, bus=log.bus) as lsa:
        assert lsa.packages == ()
    reasons = [each.reason for each in log.of(PackageRefused)]
    assert "object is no package: it has neither SpInitialize nor LsaApInitializePackage" in reasons[0]
    assert len(reasons) == 3


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (":", "':' names no module or file before the colon; write module:Class or path/file.py:Class"),
        (":Cache", "names no module or file before the colon"),
        ("x:", "'x:' names no class after the colon"),
        ("cache.py:", "names no class after the colon"),
        (".x", "'.x' is no name of a module; write module:Class"),
        ("a..b", "is no name of a module"),
        ("..:X", "is no name of a module"),
        ("m:X", "there is no package 'm:X'"),
    ],
)
def test_a_source_of_odd_shape_says_what_to_write(source: str, problem: str) -> None:
    with pytest.raises(PackageLoadError) as caught:
        resolve(PackageSpec(source))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("name", "source", "problem"),
    [
        ("", "cache.py:Cache", "package.name is empty"),
        ("told", "", "package.source is empty"),
        ("told", ":", "package.source is ':'; write module:Class or path/file.py:Class"),
        ("told", "cache.py:", "package.source is 'cache.py:'; write"),
        ("told", ".cache:Cache", "package.source is '.cache:Cache'; write"),
    ],
)
def test_a_package_toml_with_an_empty_or_odd_value_is_named_with_the_key(
    name: str, source: str, problem: str, folder: Path
) -> None:
    path = folder / "package.toml"
    path.write_text(f'[package]\nname = "{name}"\nsource = "{source}"\n', "utf-8")
    with pytest.raises(PackageLoadError) as caught:
        resolve(PackageSpec(folder))
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_source_of_a_package_toml_may_be_a_relative_path(folder: Path) -> None:
    (folder / "package.toml").write_text('[package]\nname = "told"\nsource = "./cache.py:Cache"\n', "utf-8")
    assert resolve(PackageSpec(folder)).name == "told"
