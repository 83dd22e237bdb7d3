"""Replaying a token: the same run again, step by step, or the place where it is not the same any more."""

from __future__ import annotations

import platform
from collections.abc import Callable

import attrs
import trio

from lsart.contract import ConfigurationError, LsartError
from lsart.engine import CLOCK, Trace, Wait, state_of_primitives, upcoming, waits_now
from lsart.exploration._attempt import attempt, labelled
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._footprints import trace_hash
from lsart.exploration._model import Main, Model, as_model, version_of
from lsart.exploration._script import Follow, Switch
from lsart.exploration._story import names_of_tasks, tell
from lsart.exploration._token import Token, TokenError, decode

__all__ = ["Moment", "Replay", "ReplayDiverged", "ReplayedFailure", "model_for", "replay", "replay_test"]


class ReplayDiverged(LsartError):  # noqa: N818  (a state of things, not somebody's error)
    """A replay did not go as the token says.

    Likely causes: the model's code has changed; another version of trio or Python; the model draws chance or time from
    outside, or keeps state from one run to the next.
    """

    def __init__(self, message: str, replay: Replay) -> None:
        super().__init__(message)
        self.replay = replay


@attrs.frozen(kw_only=True)
class Moment:
    """A run stopped before a step.

    Args:
        step: its number, counted from 1. task: whose step it is, next: what it was announced with.
        waits: for each task what it waits for. primitives: each primitive touched so far and its state.
    """

    step: int
    task: str
    next: str
    waits: tuple[str, ...]
    primitives: tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Replay:
    """What a replay came to.

    Args:
        symptom: what the run failed with, None for nothing. story: what happened. is_exact: the very run of the token.
        differences: where it was not. moment: where it was stopped, if that was asked for. steps: of the run.
    """

    model: str
    symptom: Symptom | None
    story: str
    is_exact: bool
    differences: tuple[str, ...]
    moment: Moment | None
    steps: int


class ReplayedFailure(LsartError):  # noqa: N818  (as ScheduleFailure)
    """The schedule that a decorated test was told to replay fails, as it did when it was found."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self.replay = replay

    def __str__(self) -> str:
        return f"{self.replay.symptom}\n\n{self.replay.story}"


class _Stopped(Exception):  # noqa: N818  (how a run is left at a step)
    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)
        self.moment = moment


def replay(
    model: Model | Main,
    token: str | Token,
    *,
    break_at: int | None = None,
    best_effort: bool = False,
) -> Replay:
    """Run exactly the schedule of a token again.

    Args:
        model: the one that the token was made with. token: ``lsart1:...``, or the name of a file that holds one.
        break_at: the step before which to stop and look, counted from 1. best_effort: go on where the run differs.

    Raises:
        TokenError: it is none, or belongs to another model or other code. With `best_effort` other code will do.
        ReplayDiverged: the run was not that of the token; the message says at which step and what differed.
    """
    __tracebackhide__ = True
    known = decode(token) if isinstance(token, str) else token
    found = model_for(model, known, best_effort=best_effort)
    if break_at is not None and break_at < 1:
        raise ConfigurationError(f"steps are counted from 1, so a run cannot stop before step {break_at}")
    strategy = Follow(known.script)
    strategy.begin(0)
    with labelled():
        moment: Moment | None = None
        try:
            trace = attempt(
                found,
                strategy,
                known.seed,
                before_step=None if break_at is None else _stopper(break_at),
                shows_names=True,
            )
        except _Stopped as stopped:
            moment = stopped.moment
            return Replay(
                model=found.name,
                symptom=None,
                story="",
                is_exact=not strategy.missed,
                differences=tuple(_missed(*each, None) for each in strategy.missed),
                moment=moment,
                steps=moment.step - 1,
            )
    differences = tuple(_differences(known, strategy, trace))
    symptom = symptom_of(trace)
    result = Replay(
        model=found.name,
        symptom=symptom,
        story=tell(trace, symptom, labelled=found.labelled),
        is_exact=not differences,
        differences=differences,
        moment=None,
        steps=len(trace.numbers),
    )
    if break_at is not None:
        raise ConfigurationError(f"the run has {result.steps} steps, so it cannot stop before step {break_at}")
    if differences and not best_effort:
        raise ReplayDiverged(f"the replay diverged: {differences[0]}.{_versions(known)}", result)
    return result


def replay_test(model: Model, token: str) -> None:
    """Run the schedule of a token in place of a decorated test.

    The token counts as one of this test if the name is the same: fixtures are new each time, so the values that it was
    bound to are no mark of it. If the code has changed, the run differs, and that is said.

    Raises:
        ReplayedFailure: it fails, as it did. TokenError, ReplayDiverged: see `replay`.
    """
    __tracebackhide__ = True
    known = decode(token)
    if known.model != model.name:
        raise TokenError(f"the token belongs to the test {known.model!r}, and this is {model.name!r}")
    found = replay(attrs.evolve(model, fingerprint=known.fingerprint), known)
    if found.symptom is not None:
        raise ReplayedFailure(found)


def model_for(model: Model | Main, token: Token, *, best_effort: bool = False) -> Model:
    """The model as it was when the token was made.

    Raises:
        TokenError: the token belongs to another model, or to other code of this one.
    """
    found = as_model(model)
    found = as_model(
        version_of(found, token.model) or found,
        labelled=token.labelled,
        time_is_a_choice=token.time_is_a_choice,
        step_limit=token.step_limit,
        time_limit_ns=token.time_limit_ns,
    )
    same = found.name == token.model
    # A fingerprint of 0 says nothing: nobody has given the model one.
    is_stale = found.fingerprint != token.fingerprint or (not found.fingerprint and not same)
    if is_stale and not best_effort:
        what = "the code of this model has changed since" if same else f"this model is {found.name!r}"
        raise TokenError(
            f"the token belongs to the model {token.model!r} as it was then, and {what}; a best-effort "
            "replay (--best-effort) goes as far as it can"
        )
    return found


def _stopper(break_at: int) -> Callable[[int, int], None]:
    def before_step(step: int, task: int) -> None:
        if step + 1 == break_at:
            waits = tuple(map(_at_that_moment, waits_now()))
            primitives = tuple(state_of_primitives())
            name, label = ("time", None) if task == CLOCK else upcoming(task)
            what = "" if label is None else str(label)
            raise _Stopped(Moment(step=break_at, task=name, next=what, waits=waits, primitives=primitives))

    return before_step


def _at_that_moment(wait: Wait) -> str:
    turn, _, what = wait.waits_for.partition(" to ")
    if turn != "its turn":
        return str(wait)
    return f"{wait.task} can go on{what and f': next it would {what}'}"


def _differences(token: Token, strategy: Follow, trace: Trace) -> list[str]:
    found = [_missed(step, switch, trace) for step, switch in strategy.missed]
    for switch in strategy.left:
        ran = trace.numbers.count(switch.task)
        found.append(
            f"{_name(switch.task, trace)} was to be left after its step {switch.steps}, and took only {ran} steps; the "
            f"run ended at step {len(trace.numbers)}"
        )
    symptom = symptom_of(trace)
    if (symptom.number if symptom is not None else 0) != token.symptom:
        how = "without a failure" if symptom is None else f"with {symptom}"
        found.append(f"it ended {how}, at step {len(trace.numbers)}; the token's run failed in another way")
    elif len(trace.numbers) != token.steps:
        found.append(f"it took {len(trace.numbers)} steps, {token.steps} were noted")
    elif trace_hash(trace) & 0xFFFF_FFFF != token.trace and not found:
        found.append("its steps were announced with other operations than those that were noted")
    return found


def _missed(step: int, switch: Switch, trace: Trace | None) -> str:
    return (
        f"at step {step + 1} {_name(switch.then, trace)} was to go on instead of {_name(switch.task, trace)}, and "
        "could not run"
    )


def _name(task: int, trace: Trace | None) -> str:
    return f"task {task}" if trace is None else names_of_tasks(trace).get(task, f"task {task}")


def _versions(token: Token) -> str:
    python = ".".join(platform.python_version_tuple()[:2])
    if (token.trio_version, token.python_version) == (trio.__version__, python):
        return ""
    return (
        f" The token is of trio {token.trio_version} on Python {token.python_version}; this is trio {trio.__version__} "
        f"on Python {python}"
    )
