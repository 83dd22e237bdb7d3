"""What a campaign, a replay and a shrinking came to."""

from __future__ import annotations

from typing import NoReturn

import attrs

from lsart.contract import LsartError
from lsart.exploration._coverage import Coverage
from lsart.exploration._failure import Symptom
from lsart.exploration._recheck import Recheck
from lsart.exploration._token import LONGEST, Token

__all__ = ["Exploration", "Failure", "ScheduleFailure"]


@attrs.frozen(kw_only=True)
class Failure:
    """A failing schedule, made small and explained.

    Args:
        symptom: what went wrong. token: brings it back. story: what happened, one line for each stretch of steps.
        schedule: which one of the campaign met it, counted from 1; 0: known from an earlier one; None: from a token.
        strategy: which strategy met it. preemptions: how often a task that could go on did not, now and as found.
        model: the name of the model that shows it, which may be a smaller one. tasks, steps: of the schedule.
        is_shrunk: whether it was made small. is_minimal: whether it is proved that fewer preemptions do not suffice;
            None: it was not tried to the end. recheck: what running it again came to.
        turns_from: the step from which on tasks took turns, if the schedule is so long.
    """

    symptom: Symptom
    token: Token
    story: str
    schedule: int | None
    strategy: str
    preemptions: int
    preemptions_found: int
    model: str
    tasks: int
    steps: int
    is_shrunk: bool
    is_minimal: bool | None
    shrink_runs: int
    proof_runs: int
    recheck: Recheck
    turns_from: int | None = None

    @property
    def line(self) -> str:
        """The token as text."""
        return self.token.encode()

    @property
    def fits_a_line(self) -> bool:
        """Whether the token is short enough to be handed on as text."""
        return len(self.line) <= LONGEST

    def __str__(self) -> str:
        return f"{self.symptom}\n\n{self.story}\n\n{self.line}"


@attrs.frozen(kw_only=True)
class Exploration:
    """What a campaign came to.

    Args:
        model, strategy, seed: what was explored, and how. schedules, steps: how many ran.
        failures: different ones, in the order in which they were met. coverage: see there.
        is_exhausted: nothing is left to try within the strategy's bounds. is_interrupted: Ctrl-C ended it early.
        seconds: of real time that running the schedules took, without shrinking.
        long: schedules that took more than half of the step limit, and went on in turns from there.
        is_bounded: the strategy was told to leave out schedules, however long it had.
        broken_off: why the search could not go on, if it could not; the failures are what was found until then.
        is_sound: whether exhaustion means that no schedule fails, between checkpoints; and not only those within a
            bound.
    """

    model: str
    strategy: str
    seed: int
    schedules: int
    steps: int
    failures: tuple[Failure, ...]
    coverage: Coverage
    is_exhausted: bool
    is_interrupted: bool
    is_sound: bool
    long: int = 0
    is_bounded: bool = False
    broken_off: str = ""
    seconds: float = attrs.field(eq=False, default=0.0)

    @property
    def failure(self) -> Failure | None:
        """The first one, if there is any."""
        return self.failures[0] if self.failures else None

    def check(self) -> None:
        """Raise the first failure, if there is any.

        Raises:
            ScheduleFailure: with the story and the token.
        """
        __tracebackhide__ = True
        if self.failures:
            raise ScheduleFailure(self.failures[0])

    def __bool__(self) -> NoReturn:
        raise TypeError("an Exploration is neither true nor false: ask for .failures, or call .check()")


class ScheduleFailure(LsartError):
    """A schedule was found under which a model fails.

    Likely causes: the model's code relies on an order that nothing ensures. `failure` has the whole story.

    Args:
        is_decorated: whether the model is a test that `explore` has decorated.
    """

    def __init__(self, failure: Failure, *, is_decorated: bool = False) -> None:
        super().__init__(failure)
        self.failure = failure
        self.is_decorated = is_decorated

    def __str__(self) -> str:
        failure = self.failure
        told = f"{failure.symptom}\n\n{failure.story}\n\n"
        if not failure.recheck.is_stable:
            return f"{told}{failure.recheck}"
        module, _, name = failure.model.rpartition(":")
        if self.is_decorated:
            what = f"@lsart.explore(replay={failure.line!r})"
        elif module and name.isidentifier():
            what = f"lsart.replay({name}, {failure.line!r})"
        else:
            what = f"lsart.replay(model, {failure.line!r}), where the model is {failure.model!r}"
        return f"{told}to see exactly this again:\n  {what}"
