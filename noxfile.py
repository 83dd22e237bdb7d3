"""Sessions: `nox -l` lists them, `nox -s tests-3.12` runs one."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "lint", "types"]

PYTHONS = ["3.11", "3.12", "3.13"]
# Every minor that pyproject.toml allows, as the loop is made of names that trio does not promise; and whatever the
# index has today.
TRIOS = [*(f"0.{minor}.*" for minor in range(26, 36)), "newest"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, its formatter, and the generated modules and pages."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "tools/generate_contract.py", "--check")
    session.run("python", "tools/generate_choices_doc.py", "--check")
    session.run("python", "tools/generate_slots_doc.py", "--check")
    session.run("python", "tools/generate_proofs.py", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over everything that pyproject.toml names."""
    session.install("-e", ".[dev]")
    session.run("mypy", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Every benchmark; give --smoke for a short look."""
    session.install("-e", ".[test]")
    for script in sorted(Path("benchmarks").glob("[!_]*.py")):
        session.run("python", str(script), *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Break the code one line at a time; each named test must notice."""
    session.install("-e", ".[test]")
    session.run("python", "tools/mutants.py", *session.posargs)


@nox.session
@nox.parametrize("trio", TRIOS)
def trio_versions(session: nox.Session, trio: str) -> None:
    """The tests of the floors that touch trio, on each trio that we say we support; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.install("--upgrade", "trio" if trio == "newest" else f"trio=={trio}")
    session.run("pytest", *(session.posargs or ["tests/engine", "tests/exploration", "tests/runtime"]))


@nox.session
def changelog(session: nox.Session) -> None:
    """What the next release notes would say."""
    session.install("-e", ".[dev]")
    session.run("towncrier", "build", "--draft")
