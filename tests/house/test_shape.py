"""Files are short, faces say what they export, and a name has one home."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACES = sorted(path.parent.name for path in (ROOT / "lsart").glob("*/__init__.py"))
FILES = sorted(
    path for root in ("benchmarks", "lsart", "packages", "tests", "tools") for path in (ROOT / root).rglob("*.py")
)


def face(name: str) -> ModuleType:
    return importlib.import_module(f"lsart.{name}")


def order(name: str) -> tuple[int, list[tuple[int, str]]]:
    """The linter's order: CONSTANTS, Classes, functions; numbers inside names by value."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    parts = re.findall(r"\d+|\D+", name)
    return kind, [(int(each), "") if each.isdigit() else (-1, each) for each in parts]


def test_a_file_has_fewer_than_400_lines() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 400
    assert {path: length for path, length in lengths.items() if length >= 400} == {}


@pytest.mark.parametrize("name", FACES)
def test_a_face_lists_its_names_in_order_and_each_resolves(name: str) -> None:
    module = face(name)
    assert hasattr(module, "__all__"), f"lsart/{name}/__init__.py has no __all__"
    assert list(module.__all__) == sorted(set(module.__all__), key=order)
    assert [each for each in module.__all__ if not hasattr(module, each)] == []
    assert [each for each in module.__all__ if each.startswith("_")] == []


def test_no_name_is_exported_by_two_floors() -> None:
    homes = defaultdict(list)
    for name in FACES:
        for each in face(name).__all__:
            homes[each].append(name)
    assert {each: found for each, found in homes.items() if len(found) > 1} == {}


def test_every_name_of_the_top_resolves() -> None:
    top = importlib.import_module("lsart")
    assert [each for each in getattr(top, "__all__", ()) if not hasattr(top, each)] == []


@pytest.mark.parametrize("root", ["lsart", "packages/lsart_packages"])
def test_types_are_shipped(root: str) -> None:
    assert (ROOT / root / "py.typed").exists()
