"""A folder imports only from floors below it, and only through their faces."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FLOORS = {
    "contract": 1,
    "events": 1,
    "memory": 2,
    "ndis": 3,
    "security": 3,
    "engine": 3,
    "runtime": 4,
    "watch": 5,
    "exploration": 6,
    "stress": 7,
    "report": 8,
    "cli": 9,
    "pytest_plugin": 9,
}
# The version is a fact of no floor.
FREE = {"lsart._version"}


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def imports(source: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Each import: line, module, names taken from it. ``from lsart import x`` counts as ``lsart.x``."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield node.lineno, each.name, ()
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "lsart":
                for each in node.names:
                    yield node.lineno, f"lsart.{each.name}", ()
            else:
                yield node.lineno, module, tuple(each.name for each in node.names)


def faults(source: str, folder: str) -> list[str]:
    """What a file of this folder may not import, one message each."""
    found = []
    for line, module, names in imports(source):
        if module.startswith("."):
            found.append(f"line {line}: {module}: write the import in full")
        if module.split(".")[0] != "lsart" or module in FREE:
            continue
        _, target, *rest = [*module.split("."), ""]
        if target == folder:
            continue
        if FLOORS[folder] == 9 and module.count(".") < 2 and target not in FLOORS:
            continue  # the command line may use whatever the top offers
        if target not in FLOORS:
            found.append(f"line {line}: {module} is no floor")
        elif FLOORS[target] >= FLOORS[folder] and (folder, target) != ("events", "contract"):
            found.append(f"line {line}: {folder} (floor {FLOORS[folder]}) imports {target} ({FLOORS[target]})")
        elif rest != [""] or any(name.startswith("_") for name in names):
            found.append(f"line {line}: {module}: import from the face, lsart.{target}")
    return found


def folder_of(path: Path) -> str:
    return path.relative_to(ROOT / "lsart").parts[0].removesuffix(".py")


SOURCES = sorted(
    path for path in (ROOT / "lsart").rglob("*.py") if path.name not in ("_version.py",) and path.parent.name != "lsart"
) + [path for path in [ROOT / "lsart" / "pytest_plugin.py"] if path.exists()]


def test_every_folder_has_a_floor() -> None:
    assert sorted({folder_of(path) for path in SOURCES} - set(FLOORS)) == []


def test_imports_go_down_the_floors_and_through_faces() -> None:
    found = {path.relative_to(ROOT).as_posix(): faults(path.read_text("utf-8"), folder_of(path)) for path in SOURCES}
    assert len(found) > 200
    assert {path: each for path, each in found.items() if each} == {}


def test_sample_packages_and_benchmarks_use_faces_only() -> None:
    found = []
    for path in [*(ROOT / "packages").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        for line, module, names in imports(path.read_text("utf-8")):
            parts = module.split(".")
            if parts[0] == "lsart" and any(each.startswith("_") for each in [*parts, *names]):
                found.append(f"{path.relative_to(ROOT)}:{line}: {module}")
    assert found == []


def path_of(node: ast.expr) -> str:
    """What an attribute is reached by, such as ``trio._core.x``; nothing for one of anything but a name."""
    if isinstance(node, ast.Attribute):
        owner = path_of(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def trio_privates(source: str) -> list[str]:
    """Private names of trio in a file: imported, reached through attributes, or spelt out as a module's name."""
    found = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Attribute | ast.Constant):
            text = path_of(node) if isinstance(node, ast.Attribute) else str(node.value)
            if (
                text.startswith("trio._")
                and not text.startswith("trio.__")
                and text.replace(".", "").replace("_", "").isalnum()
            ):
                found.append(text)
    found += [m for _, m, names in imports(source) if m.startswith("trio._")]
    return found + [n for _, m, names in imports(source) if m == "trio" for n in names if n.startswith("_")]


def test_one_file_of_the_engine_names_trios_private_modules() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in SOURCES if trio_privates(path.read_text("utf-8"))]
    assert files == ["lsart/engine/_trio.py"]


@pytest.mark.parametrize(
    ("folder", "source", "message"),
    [
        ("memory", "from lsart.runtime import Lsa", "imports runtime"),
        ("memory", "import lsart.memory._heap", None),
        ("runtime", "from lsart.memory import Section", None),
        ("runtime", "from lsart.memory._section import Section", "import from the face"),
        ("runtime", "from lsart.memory import _section", "import from the face"),
        ("engine", "from lsart.ndis import Provider", "imports ndis"),
        ("events", "from lsart.contract import Pointer", None),
        ("contract", "from lsart.events import Bus", "imports events"),
        ("memory", "from lsart import stress", "imports stress"),
        ("memory", "from lsart import open_lsa", "is no floor"),
        ("cli", "from lsart import open_lsa", None),
        ("memory", "from .heap import Heap", "write the import in full"),
        ("memory", "if True:\n    from lsart.cli import main", "imports cli"),
    ],
)
def test_the_rule_finds_what_it_forbids(folder: str, source: str, message: str | None) -> None:
    found = faults(source, folder)
    assert (found == []) if message is None else (len(found) == 1 and message in found[0])


@pytest.mark.parametrize(
    "source",
    ["from trio._core import x", "import trio._core", "from trio import _core", "trio._core.x", "'trio._threads'"],
)
def test_private_names_of_trio_are_found_however_they_are_reached(source: str) -> None:
    assert trio_privates(source)
    assert not trio_privates("import trio\ntrio.lowlevel.checkpoint()\n'trio._ is private'")
