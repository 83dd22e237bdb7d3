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
_SEARCH = Group("Search", sort_key=0)
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
def list_packages(*, all: bool = False) -> int:
    """Show the packages that are installed.

    Args:
        all: Show each package of a group, too, such as zoo.lock_order of the zoo.
    """
    from lsart.cli._list import show_packages

    return show_packages(sys.stdout, all)


@app.command
def contract(
    what: str | None = None,
    /,
    *,
    json: bool = False,
    missing: bool = False,
) -> int:
    """Show what of the Windows contract is served, and which tests prove which rules.

    Args:
        what: A table, a function (CreateSharedMemory), a rule (CSM-5) or a gap (GAP-3); without it all tables.
        json: Print everything as one JSON object.
        missing: Only the rules that should be proved and are not.
    """
    from lsart.cli._contract import show_contract

    return show_contract(what, as_json=json, missing=missing, out=sys.stdout)


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
    contain: Annotated[bool, Parameter(group=_SIZE)] = False,
    hostile: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
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
        contain: A package that raises an exception stays in use, where LSASS would disable it.
        hostile: How many calls hostile processes make beside them, of every function, with whatever they can pass.
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
        contain=contain,
        hostile=hostile,
        thresholds=tuple(threshold or ()),
        json=json,
        events=events,
        warnings=warnings,
        quiet=quiet,
    )
    return run_stress(options)


@app.command
def explore(
    source: Annotated[str | None, Parameter(name="MODEL", allow_leading_hyphen=False)] = None,
    /,
    *,
    strategy: Annotated[str, Parameter(group=_SEARCH)] = "portfolio",
    schedules: Annotated[int | None, Parameter(group=_SEARCH, validator=_AT_LEAST_ONE)] = None,
    budget: Annotated[str | None, Parameter(group=_SEARCH)] = None,
    seed: int = 0,
    depth: Annotated[int | None, Parameter(group=_SEARCH, validator=_AT_LEAST_ONE)] = None,
    preemptions: Annotated[int | None, Parameter(group=_SEARCH)] = None,
    time_choices: Annotated[bool, Parameter(group=_SEARCH)] = False,
    labelled: Annotated[bool, Parameter(group=_SEARCH)] = False,
    step_limit: Annotated[int | None, Parameter(group=_SEARCH, validator=_AT_LEAST_ONE)] = None,
    time_limit: Annotated[str | None, Parameter(group=_SEARCH)] = None,
    jobs: Annotated[int, Parameter(name=["--jobs", "-j"], group=_SEARCH, validator=_AT_LEAST_ONE)] = 1,
    clients: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
    calls: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
    workers: Annotated[int | None, Parameter(group=_SIZE, validator=_AT_LEAST_ONE)] = None,
    torn_writes: Annotated[bool, Parameter(group=_SIZE)] = False,
    contain: Annotated[bool, Parameter(group=_SIZE)] = False,
    stop_after: Annotated[int, Parameter(group=_OUTPUT, validator=_AT_LEAST_ONE)] = 1,
    no_shrink: Annotated[bool, Parameter(group=_OUTPUT)] = False,
    forget: Annotated[bool, Parameter(group=_OUTPUT)] = False,
    list_known: Annotated[bool, Parameter(name="--list", group=_OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], group=_OUTPUT)] = False,
) -> int:
    """Run a model under one schedule after another until it fails; then shrink the failure and tell how it came about.

    Args:
        source: An installed package, module:Class, file.py:Class, a package's directory or a scenario file (.toml); or
            an async function of your own, module:function or file.py:function.
        strategy: How schedules are chosen: portfolio, selective, random, pct, fair-pct, pos, urw, lockstep, dfs, dpor.
        schedules: How many at most; 1000 if no budget is given either.
        budget: How long to go on, such as 30s; it ends between batches of 100 schedules.
        seed: Where all chance comes from. Same seed, same schedules.
        depth: Of pct and fair-pct: how many ordering constraints a bug is taken to need, 3 if not given.
        preemptions: Of dfs: how many at most.
        labelled: Promise that tasks share nothing but trio's locks, events and memory channels and what lsart.point
            announces, so that fewer orders need to be tried. Packages need no promise; what a named
            lsart.point announces is believed anyway.
        time_choices: Let timeouts come while tasks can run, as on a busy machine.
        step_limit: Steps that one run may take, 20,000 if not given; in the second half of them tasks take turns.
        time_limit: Virtual time that one run may take; 100h if not given.
        jobs: Processes. They find the same as one.
        clients: How many clients use the package; 4 if not given.
        calls: How many calls each of them makes; 3 if not given.
        workers: How many calls are served at once.
        torn_writes: Let others see a write of more than 8 bytes half done.
        contain: Keep a package in use that raises an exception, and go on; the run fails at its end.
        stop_after: How many different failures are enough.
        no_shrink: Show failures as they were found.
        forget: Neither try known failures first nor keep new ones.
        list_known: Show the failures that are kept here, of MODEL or of all, and do nothing else.
        quiet: Print nothing but failures.
    """
    from lsart.cli._explore import ExploreOptions, list_failures, run_explore

    if list_known:
        return list_failures(source, sys.stdout)
    if source is None:
        raise ConfigurationError("name what to explore: a package such as ticketcache, or file.py:function")
    options = ExploreOptions(
        source=source,
        strategy=strategy,
        schedules=schedules,
        budget=budget,
        seed=seed,
        clients=clients,
        calls=calls,
        workers=workers,
        depth=depth,
        preemptions=preemptions,
        jobs=jobs,
        stop_after=stop_after,
        step_limit=step_limit,
        time_limit=time_limit,
        shrinks=not no_shrink,
        time_is_a_choice=time_choices,
        labelled=labelled,
        torn_writes=torn_writes,
        contain=contain,
        remembers=not forget,
        quiet=quiet,
    )
    return run_explore(options, sys.stdout)


@app.command
def replay(
    token: Annotated[str, Parameter(name="TOKEN", allow_leading_hyphen=False)],
    /,
    *,
    break_at: Annotated[str | None, Parameter(name="--break")] = None,
    best_effort: bool = False,
) -> int:
    """Run exactly the schedule of a token again and tell what happens.

    Args:
        token: What explore printed, lsart1:..., or a file that holds it.
        break_at: Stop before this step, such as 'step 17', and show who holds what.
        best_effort: Go on where the run is not that of the token any more.
    """
    from lsart.cli._explore import run_replay

    return run_replay(token, break_at, best_effort, sys.stdout)


@app.command
def shrink(token: Annotated[str, Parameter(name="TOKEN", allow_leading_hyphen=False)], /) -> int:
    """Find the same failure with the fewest preemptions, and in the smallest population.

    Args:
        token: What explore printed, lsart1:..., or a file that holds it.
    """
    from lsart.cli._explore import run_shrink

    return run_shrink(token, sys.stdout)


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
