"""The commands and their arguments, declared as functions for cyclopts. What they do is in a file of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter
from cyclopts.completion import ShellDetectionError
from cyclopts.validators import Number

from lsart._version import __version__
from lsart.contract import ConfigurationError

__all__ = ["run"]

_AT_LEAST_ONE = Number(gte=1)
_SIZE = Group("How much", sort_key=1)
_OUTPUT = Group("Output", sort_key=2)

app = App(
    name="lsart",
    help="Run security packages in a Local Security Authority of your own.",
    version=f"lsart {__version__}",
    version_flags=["--version"],
    default_parameter=Parameter(negative=(), show_env_var=False),
    help_format="plaintext",
    help_epilogue="`lsart COMMAND --help` says more. Exit codes: 0 fine, 1 a package failed, 2 the command or a file "
    "is wrong, 3 a package did not start, 99 a threshold was crossed, 130 Ctrl-C.",
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
app.register_install_completion_command(help="Set up completion for your shell (bash, zsh, fish, powershell).")


def run(arguments: Sequence[str]) -> int:
    """Run a command; its exit code.

    Raises:
        CycloptsError: the arguments are wrong. ConfigurationError: the shell to set up is unknown.
        Exception: whatever the command raises.
    """
    try:
        result = app(arguments, print_error=False, exit_on_error=False)
    except ShellDetectionError:
        raise ConfigurationError(
            "which shell you use cannot be told from here. Name it: lsart --install-completion --shell bash"
        ) from None
    return result if isinstance(result, int) else 0


@app.command(name="list")
def list_packages() -> int:
    """Show the packages that are installed."""
    from lsart.cli._list import show_packages

    return show_packages(sys.stdout)


@app.command
def stress(
    source: Annotated[str, Parameter(name="PACKAGE_OR_SCENARIO", allow_leading_hyphen=False)],
    /,
    *,
    seed: int = 0,
    clients: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
    calls: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
    workers: Annotated[int | Literal["unlimited"] | None, Parameter(group=_SIZE)] = None,
    duration: Annotated[str | None, Parameter(group=_SIZE)] = None,
    clock: Literal["virtual", "real"] = "virtual",
    threshold: Annotated[list[str] | None, Parameter(group=_OUTPUT)] = None,
    json: Annotated[Path | None, Parameter(group=_OUTPUT, allow_leading_hyphen=True)] = None,
    events: Annotated[Path | None, Parameter(group=_OUTPUT)] = None,
    warnings: Annotated[Literal["error", "ignore"] | None, Parameter(name="-W", group=_OUTPUT)] = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], group=_OUTPUT)] = False,
) -> int:
    """Run clients against a package and show what contended and what ran out.

    Args:
        source: An installed package, module:Class, file.py:Class, a package's directory, or a scenario file (.toml).
        seed: Where all chance comes from. Same seed, same run.
        clients: How many clients in all; groups keep their proportions.
        calls: How many calls each client makes, or each group with arrivals.
        workers: How many calls are served at once.
        duration: How long clients go on calling: 500ms, 2s, 1m30s.
        clock: Simulated time, or this computer's.
        threshold: A bar such as p99<5ms, exhaustion==0 or failures<1%; crossing it is exit code 99. May be repeated.
        json: Write the result to this file, - for standard output instead of the screen.
        events: Write every event to this file, a line of JSON each.
        warnings: error makes a contention or exhaustion warning a failure; ignore leaves warnings off the screen.
        quiet: Print nothing but what is wrong.
    """
    from lsart.cli._stress import Options, run_stress

    options = Options(
        source=source,
        seed=seed,
        clock=clock,
        clients=clients,
        calls=calls,
        workers=workers,
        duration=duration,
        thresholds=tuple(threshold or ()),
        json=json,
        events=events,
        warnings=warnings,
        quiet=quiet,
    )
    return run_stress(options)


@app.command
def new(
    name: str,
    /,
    *,
    directory: Annotated[Path | None, Parameter(name=["--directory", "-d"])] = None,
) -> int:
    """Write a package that works, with its scenario and a test that passes.

    Args:
        name: Name of the package: lower-case letters, digits and _.
        directory: Where to put it; by default a new directory of that name here.
    """
    from lsart.cli._new import create_package

    return create_package(name, directory, sys.stdout)
