"""Which tests prove which rules, and which show what a choice changes, read from the source of the tests.

Reading the source and not a collected run keeps the answer the same when only some tests run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["choice_marks", "marks_in", "names_of_tests", "rule_marks"]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def rule_marks(folder: Path, root: Path) -> dict[str, list[str]]:
    """Rule id -> tests marked with it, as pytest names them: "tests/memory/test_x.py::test_name"."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for test, rule in marks_in(path.read_text("utf-8"), path.relative_to(root).as_posix()):
            found.setdefault(rule, []).append(test)
    return found


def choice_marks(folder: Path, root: Path) -> dict[tuple[str, str], list[str]]:
    """(field of Choices, alternative as text) -> tests marked with ``@pytest.mark.choice("field", "value")``."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for test, arguments in _calls_in(path.read_text("utf-8"), path.relative_to(root).as_posix(), "choice"):
            field, *values = arguments
            for value in values:
                found.setdefault((field, value), []).append(test)
    return found


def marks_in(source: str, name: str) -> Iterator[tuple[str, str]]:
    """Each (test, rule id) of one file."""
    for test, rules in _calls_in(source, name, "rule"):
        for rule in rules:
            yield test, rule


def _calls_in(source: str, name: str, mark: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each (test, arguments) of one kind of mark in one file.

    A mark counts on a function, on parameters of one (``pytest.param(..., marks=...)``), on a class, and as
    ``pytestmark`` of a module or a class; ``TestStates.pytestmark = ...`` marks what a state machine made.
    """
    tree = ast.parse(source)
    tests = list(_definitions(tree.body, ""))
    for test, decorators in tests:
        for arguments in _arguments_in(decorators, mark):
            yield f"{name}::{test}", arguments
    for owner, value in _pytestmarks(tree.body, ""):
        inside = [test for test, _ in tests if not owner or test == owner or test.startswith(f"{owner}::")]
        for arguments in _arguments_in([value], mark):
            for test in inside:
                yield f"{name}::{test}", arguments


def names_of_tests(source: str) -> set[str]:
    """Names of the tests of one file: "test_name", "TestClass", "TestClass::test_name"."""
    return {test for test, _ in _definitions(ast.parse(source).body, "")}


def _definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, list[ast.expr]]]:
    """Tests of a body with their decorators; methods have those of their class as well."""
    for each in body:
        if isinstance(each, ast.ClassDef) and each.name.startswith("Test"):
            yield f"{prefix}{each.name}", each.decorator_list
            for test, decorators in _definitions(each.body, f"{prefix}{each.name}::"):
                yield test, [*each.decorator_list, *decorators]
        elif isinstance(each, Definition) and each.name.startswith("test"):
            yield f"{prefix}{each.name}", each.decorator_list
        elif isinstance(each, ast.Assign):
            # TestStates = Machine.TestCase: the way Hypothesis makes a test of a state machine.
            for target in each.targets:
                if isinstance(target, ast.Name) and target.id.startswith("Test"):
                    yield f"{prefix}{target.id}", []


def _pytestmarks(body: list[ast.stmt], owner: str) -> Iterator[tuple[str, ast.expr]]:
    for each in body:
        if isinstance(each, ast.ClassDef):
            yield from _pytestmarks(each.body, f"{owner}::{each.name}" if owner else each.name)
        if not isinstance(each, ast.Assign):
            continue
        for target in each.targets:
            if isinstance(target, ast.Name) and target.id == "pytestmark":
                yield owner, each.value
            elif isinstance(target, ast.Attribute) and target.attr == "pytestmark":
                yield ast.unparse(target.value), each.value


def _arguments_in(expressions: list[ast.expr], mark: str) -> Iterator[tuple[str, ...]]:
    """Arguments of every ``pytest.mark.<mark>(...)`` anywhere in these expressions."""
    for expression in expressions:
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(f"mark.{mark}"):
                found = []
                for argument in node.args:
                    if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                        raise ValueError(f"{ast.unparse(node)}: name the {mark} with a plain string")
                    found.append(argument.value)
                yield tuple(found)
