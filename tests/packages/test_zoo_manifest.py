"""The zoo as a whole: every package is in the manifest, has a twin that differs in little, and does its work."""

from __future__ import annotations

import ast
import difflib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from lsart_packages import zoo
from lsart_packages.zoo._manifest import ZOO
from zoos import HARM, source_of

import lsart
from lsart.contract import gaps, rules

HOME = Path(zoo.__file__).parent
NAMES = [each.name for each in ZOO]
# Twins of packages that `lsart explore` was made for: a subclass with other methods, instead of a copy.
SUBCLASSED = ("call_package", "lock_order", "pool_exhaustion", "use_after_free")
COPIED = [each for each in NAMES if each not in SUBCLASSED]
# The defect of this one strikes when it is loaded, whatever anybody does then.
AT_ONCE = "name_buffer"


def test_the_manifest_has_every_package_in_order() -> None:
    folders = sorted(each.parent.name for each in HOME.glob("*/__init__.py"))
    assert folders == NAMES


def test_every_package_is_installed_by_its_name() -> None:
    found = {each.name: each.value for each in entry_points(group="lsart.packages") if each.name.startswith("zoo.")}
    assert found == {each.source: f"lsart_packages.zoo.{each.name}" for each in ZOO}


@pytest.mark.parametrize("entry", ZOO, ids=NAMES)
def test_the_manifest_names_rules_and_twins_that_exist(entry: zoo._manifest.Zoo) -> None:
    assert entry.rule == "" or entry.rule in {*rules(), *(each.id for each in gaps())}
    assert entry.twin == source_of(entry.name, is_twin=True)


def code_of(path: Path) -> list[str]:
    """The lines after the documentation of a module."""
    text = path.read_text("utf-8")
    end = ast.parse(text).body[0].end_lineno
    return text.splitlines()[end:]


@pytest.mark.parametrize("name", COPIED)
def test_a_twin_differs_in_the_fix_alone(name: str) -> None:
    lines = list(difflib.ndiff(code_of(HOME / name / "__init__.py"), code_of(HOME / name / "fixed.py")))
    assert 1 <= len([each for each in lines if each.startswith(("- ", "+ "))]) <= 12


@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_small_and_says_what_is_wrong_with_it(name: str) -> None:
    text = (HOME / name / "__init__.py").read_text("utf-8")
    assert 40 <= len(text.splitlines()) <= 145
    documentation = ast.get_docstring(ast.parse(text)) or ""
    assert "\n\nThe defect: " in documentation
    assert "LSASS" in documentation
    twin = ast.get_docstring(ast.parse((HOME / name / "fixed.py").read_text("utf-8"))) or ""
    assert twin.startswith(f"`zoo.{name}` without its defect: ")


@pytest.mark.parametrize("is_twin", [False, True], ids=["defect", "twin"])
@pytest.mark.parametrize("name", COPIED)
def test_its_scenario_does_not_provoke_the_defect(name: str, is_twin: bool) -> None:
    if name == AT_ONCE and not is_twin:
        assert lsart.stress(f"lsart_packages.zoo.{name}").exit_code == 3
        return
    bus = lsart.Bus()
    harm: list[lsart.Event] = []
    bus.subscribe(harm.append, *HARM)
    source = source_of(name, is_twin) if is_twin else f"lsart_packages.zoo.{name}"
    result = lsart.stress(source, bus=bus)
    assert harm == []
    assert result.exit_code == 0
    assert result.summary.calls_finished > 5
