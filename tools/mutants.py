"""Break the code one line at a time and see that the test named beside the change notices.

    python tools/mutants.py               every mutant of tests/mutants.toml and tests/mutants.d/*.toml
    python tools/mutants.py --quick 5     the first five
    python tools/mutants.py ASM-5 DSM-2   the mutants of these rules

The tree is copied once to a temporary folder; nothing here is ever changed. Before any change, all named
tests must pass there. Exit code: 0 when every mutant is killed, 1 when one survives, 2 when the list itself is
wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

import attrs

__all__ = ["Mutant", "faults_of", "load"]

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "mutants.toml"
COPIED = ("benchmarks", "examples", "lsart", "packages", "tests", "tools", "pyproject.toml", "README.md")
# A mutant may make a loop endless; that, too, is noticed.
TIMEOUT_S = 120.0


@attrs.frozen
class Mutant:
    """One change of one place.

    Args:
        rule: the rule that the change breaks.
        test: the test that must fail, as pytest names it: "tests/memory/test_x.py::test_name".
        file: the file to change, from the root.
        find: text that occurs exactly once in it. replace: what to put there.
    """

    rule: str
    test: str
    file: str
    find: str
    replace: str


def load(path: Path = LIST) -> list[Mutant]:
    """The list in its order, then those of the folder beside it by name; empty when there is none yet."""
    files = [path] if path.exists() else []
    files += sorted(path.with_suffix(".d").glob("*.toml"))
    return [Mutant(**each) for file in files for each in tomllib.loads(file.read_text("utf-8")).get("mutant", ())]


def faults_of(mutant: Mutant, root: Path = ROOT) -> list[str]:
    """What is wrong with an entry of the list itself."""
    path = root / mutant.file
    if not path.is_file():
        return [f"{mutant.rule}: {mutant.file} does not exist"]
    count = path.read_text("utf-8").count(mutant.find)
    faults = []
    if count != 1:
        faults.append(f"{mutant.rule}: {mutant.find!r} occurs {count} times in {mutant.file}; it must occur once")
    if mutant.find == mutant.replace:
        faults.append(f"{mutant.rule}: the mutant in {mutant.file} changes nothing")
    return faults


def copy_tree(target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, target / name)


def run_tests(tree: Path, tests: Sequence[str], timeout_s: float) -> tuple[int, str]:
    """Exit code and output of pytest over these tests in the copied tree; 124 when it took too long."""
    # Without bytecode a change within one second of the last cannot be missed for an unchanged time stamp.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "ci"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tree), str(tree / "packages")])
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, f"took longer than {timeout_s:g} s"
    return done.returncode, done.stdout + done.stderr


def verdict(tree: Path, mutant: Mutant) -> tuple[bool, str]:
    """Whether the named test notices the change, and how."""
    path = tree / mutant.file
    original = path.read_text("utf-8")
    path.write_text(original.replace(mutant.find, mutant.replace), "utf-8")
    try:
        code, output = run_tests(tree, [mutant.test], TIMEOUT_S)
    finally:
        path.write_text(original, "utf-8")
    if code == 0:
        return False, "SURVIVED"
    if code == 1:
        return True, "killed"
    if code == 124:
        return True, "killed (time)"
    # Any other code means that pytest could not run it: no such test, or a mutant that cannot be imported.
    return False, f"NOT RUN (pytest exit {code})\n{output.strip()}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Show that the tests notice broken code.")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="only mutants of these rules")
    parser.add_argument("--quick", type=int, metavar="N", help="only the first N mutants")
    options = parser.parse_args(arguments)
    mutants = [each for each in load() if not options.rules or each.rule in options.rules][: options.quick]
    if not mutants:
        print("no mutants are listed" + (f" for {', '.join(options.rules)}" if options.rules else ""))
        return 2 if options.rules else 0
    faults = [fault for each in mutants for fault in faults_of(each)]
    if faults:
        print("\n".join(faults))
        return 2
    with tempfile.TemporaryDirectory(prefix="lsart-mutants-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        code, output = run_tests(tree, sorted({each.test for each in mutants}), 10 * TIMEOUT_S)
        if code != 0:
            print(f"the tests must pass before anything is changed:\n{output}")
            return 2
        return report(tree, mutants)


def report(tree: Path, mutants: Sequence[Mutant]) -> int:
    """Run each mutant and print one line for it."""
    width = max(len(each.rule) for each in mutants)
    survived = 0
    for each in mutants:
        killed, how = verdict(tree, each)
        survived += not killed
        print(f"{each.rule:<{width}}  {how:<13}  {each.file}  {each.test.rpartition('::')[2]}", flush=True)
    print(f"{len(mutants) - survived} of {len(mutants)} mutants killed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
