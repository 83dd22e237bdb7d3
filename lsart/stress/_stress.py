"""`stress`: a scenario run from beginning to end, and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import trio

from lsart.engine import DeadlockError, SystemTaskError, ctrl_c_calls, current, run
from lsart.events import Bus
from lsart.stress._load import find_scenario, load_scenario
from lsart.stress._overrides import Overrides, replay_line
from lsart.stress._result import Progress, StressResult
from lsart.stress._session import Session

__all__ = ["run_scenario", "stress"]


def stress(
    source: Any,
    *,
    seed: int = 0,
    clock: Literal["virtual", "real"] = "virtual",
    bus: Bus | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clients: int | None = None,
    calls: int | None = None,
    workers: int | Literal["unlimited"] | None = None,
    duration: str | None = None,
    hostile: int | None = None,
    thresholds: Iterable[str] = (),
    contain_faults: bool = False,
    on_interrupt: Callable[[], None] | None = None,
) -> StressResult:
    """Run a population of clients against a package.

    Same arguments and seed, same run, to the byte. Ctrl-C ends it early with the summary so far.

    Args:
        source: a package, a path to a scenario's ``.toml`` file, or a `Scenario`; see `load_scenario`.
        seed: all chance follows from it. clock: ``"virtual"`` (time jumps over waits) or ``"real"``.
        bus: where events are told; subscribe before. on_progress: called every 200 calls or so.
        clients: clients in all; several groups keep their proportions. calls: for each client of a closed loop, for
            each group of an open one. workers: calls served at once. duration: how long clients go on, ``"2s"``;
            without `calls` it alone ends the run. thresholds: more of them, ``["p99<5ms"]``.
        contain_faults: a package that raises an exception stays in use and the run goes on; it has failed even so.
        hostile: calls that hostile processes make beside the clients: of every function, with whatever they can pass.
        on_interrupt: called inside the signal handler when Ctrl-C first asks the run to end; a run whose package
            holds the loop does not end by that, but by a second Ctrl-C.

    At the end contention and exhaustion are also issued as Python warnings.

    Raises:
        ConfigurationError: nothing to run: no such package or file, or a scenario with faults.
    """
    overrides = Overrides(
        clients=clients,
        calls=calls,
        workers=workers,
        duration=duration,
        thresholds=tuple(thresholds),
        contain_faults=contain_faults,
        hostile=hostile,
    )
    scenario = find_scenario(source, overrides.apply)
    line = replay_line(source, scenario, seed, clock, overrides)
    session = Session(scenario, bus=bus, on_progress=on_progress)

    def interrupt() -> bool:
        asked = session.interrupt()
        if asked and on_interrupt is not None:
            on_interrupt()
        return asked

    try:
        with ctrl_c_calls(interrupt):
            run(session.run, seed=seed, clock=clock)
    except KeyboardInterrupt:
        session.interrupted = True
    except SystemTaskError as error:
        session.fail(str(error))
    except trio.TrioInternalError:
        # Ctrl-C that insists may hit trio anywhere; the summary so far is still worth having.
        if not session.interrupted:
            raise
    except DeadlockError as error:
        session.fail(str(error), is_outcome=True)
    finally:
        session.close()
    result = session.result(seed=seed, clock=clock, replay_line=line)
    session.monitor.warn(stacklevel=3)  # the line that called stress
    return result


async def run_scenario(
    source: Any,
    *,
    bus: Bus | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> StressResult:
    """`stress` for use inside a running loop, with that run's seed and clock.

    Raises:
        ConfigurationError: as `stress`.
    """
    scenario = load_scenario(source)
    engine = current()
    clock: Literal["virtual", "real"] = "virtual" if engine.is_virtual else "real"
    session = Session(scenario, bus=bus, on_progress=on_progress)
    try:
        await session.run()
    finally:
        session.close()
    line = replay_line(source, scenario, engine.seed, clock, Overrides())
    result = session.result(seed=engine.seed, clock=clock, replay_line=line)
    session.monitor.warn()
    return result
