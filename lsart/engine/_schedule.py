"""Who can run, who ran, and what each step touched: the words that the loop and an explorer share.

*Task number*: tasks of one run are counted in the order in which they were spawned; 0 is trio's root task.
*Step*: what a task does from where it was resumed to where it next gives up the loop.
*Label*: the operation that a step was announced with. *Decision*: a moment at which more than one could go next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import attrs
import outcome

__all__ = [
    "CLOCK",
    "EVERYTHING",
    "Choose",
    "Kind",
    "Label",
    "Ready",
    "StepLimitError",
    "TimeLimitError",
    "Trace",
    "nurseries_of",
]

CLOCK: Final = -1
"""The number under which time itself stands among the ready: choosing it lets the earliest deadline come."""

Kind: TypeAlias = Literal["r", "w"]


class Label(NamedTuple):
    """An operation on something that tasks share. A tuple, as one is made for each access of a section."""

    resource: str
    """What is shared, by a name that is the same in every run: ``"lock 1"``, ``"section-1"``."""
    kind: Kind
    """``"r"`` leaves it as it is, ``"w"`` may change it."""
    what: str
    """How a person says it: ``"write section-1[0:8]"``."""
    start: int = 0
    """The part that is touched: from here..."""
    stop: int = sys.maxsize
    """...to before here."""
    is_told: bool = True
    """Whether a story lists it. What is the LSA's own business is only told where somebody is stopped before it."""

    def conflicts_with(self, other: Label) -> bool:
        """Whether the order of the two can matter: one resource, overlapping parts, at least one write."""
        return (
            self.resource == other.resource
            and ("w" in (self.kind, other.kind))
            and self.start < other.stop
            and other.start < self.stop
        ) or (self.resource == "*" or other.resource == "*")

    def __str__(self) -> str:
        return self.what


EVERYTHING: Final = Label("*", "w", "everything")
"""What a step touches whose effects nobody knows."""


def nurseries_of(task: int) -> str:
    """The resource that the nurseries of a task are: who starts a task in one depends on whether it has closed."""
    return f"nurseries of task {task}"


class StepLimitError(Exception):
    """A run took more steps than it may, though tasks took turns in the second half of them.

    Likely causes: a loop that polls for what never comes; two tasks that keep undoing each other's work; a limit too
    low for the model.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"the run was not over after {self.limit:,} steps; raise step_limit (--step-limit) if it should take longer"
        )


class TimeLimitError(Exception):
    """A run went on beyond the virtual time that it may take.

    Likely causes: a loop that sleeps and looks for ever; a service that nobody ends; a limit too low for the model.
    """

    def __init__(self, limit_ns: int) -> None:
        super().__init__(limit_ns)
        self.limit_ns = limit_ns

    def __str__(self) -> str:
        limit = f"{self.limit_ns / 1e9:,g} s"
        how = "raise time_limit_ns (--time-limit) if it should take longer"
        return f"the run was not over after {limit} of virtual time; {how}"


class Ready:
    """Who can run now. Given to whoever chooses; only the loop changes it.

    `numbers` is in an order that follows from the run so far and from nothing else, so an index into it is a fair and
    repeatable way to choose. Choosing, adding and removing cost the same however many there are.
    """

    __slots__ = (
        "arrived",
        "current",
        "end_run",
        "has_stopped",
        "names",
        "numbers",
        "owners",
        "pending",
        "places",
        "trace",
    )

    def __init__(self, trace: Trace | None, *, notes_arrivals: bool = False) -> None:
        self.numbers: list[int] = []
        self.places: dict[int, int] = {}
        """Where each number stands in `numbers`; so ``number in ready.places`` tells whether it can run."""
        self.current = 0
        """Who runs, or ran last."""
        self.has_stopped = True
        """Whether its last step ended with a wait or was its last: then it is no preemption if another goes on, even if
        it has been woken since."""
        self.pending: dict[int, Label] = {}
        """What the next step of a task was announced with, where it was."""
        self.arrived: list[int] | None = [] if notes_arrivals else None
        """Who became ready since the chooser last emptied this list; kept for choosers that ask for it."""
        self.owners: dict[int, Label] = {}
        """What every step of a task touches until further notice, for those that have such a thing."""
        self.end_run: Callable[[BaseException], None] | None = None
        """Ends the run, at the end of the step under way, as failed with an error; set by the loop."""
        self.names: Any = None
        """What primitives of this run are called; whoever labels them keeps them here."""
        self.trace = trace
        """The steps so far, where they are kept."""

    def put_in(self, number: int) -> None:
        """For the loop only: somebody can run."""
        self.places[number] = len(self.numbers)
        self.numbers.append(number)

    def take_out(self, number: int) -> None:
        """For the loop only: somebody cannot run any more. The last one takes the free place."""
        place, last = self.places.pop(number), self.numbers.pop()
        if last != number:
            self.numbers[place] = last
            self.places[last] = place

    def stays(self) -> int | None:
        """The current task, if it would be preempted by another."""
        return self.current if not self.has_stopped and self.current in self.places else None

    def canonical(self) -> int:
        """Who goes next when nobody interferes: the current task until it blocks or ends, then the oldest."""
        return self.current if self.current in self.places else min(self.numbers, key=_age)


def _age(number: int) -> int:
    return number if number >= 0 else sys.maxsize  # time moves last


Choose: TypeAlias = Callable[[Ready], int]
"""Picks one of ``ready.numbers``; called only when there is more than one."""


@attrs.define(eq=False)
class Trace:
    """What happened in a run, step by step. Steps are counted from 0."""

    notes_nurseries: bool = False
    """Whether `parents` is kept."""
    shows_names: bool = False
    """Whether labels are to call primitives as the code does."""
    numbers: list[int] = attrs.field(factory=list)
    """Who ran, for each step."""
    labels: dict[int, Label] = attrs.field(factory=dict)
    """What a step was announced with, for those that were."""
    ends: dict[int, str] = attrs.field(factory=dict)
    """How a step ended, for those after which the task could not go on: ``b`` blocked, ``e`` the task ended, ``x`` it
    ended with an exception, ``c`` it was cancelled."""
    touched: list[tuple[int, Label]] = attrs.field(factory=list)
    """(step, operation): operations without an announcement, such as setting an event."""
    owned: list[tuple[int, int, Label | None]] = attrs.field(factory=list)
    """(step, task, what): from within this step on, every step of the task touches that, or nothing of the kind."""
    woken: list[tuple[int, int]] = attrs.field(factory=list)
    """(step, task): whom a step made ready or spawned; step -1 is before the first."""
    names: dict[int, str] = attrs.field(factory=dict)
    """What tasks are called."""
    parents: dict[int, int] = attrs.field(factory=dict)
    """Whose nursery a task is in."""
    left: dict[int, Label | None] = attrs.field(factory=dict)
    """Who could have gone on when the run was ended from outside, and what the next step was announced with."""
    turns_from: int | None = None
    """The step from which on nobody was asked any more and tasks took turns, if the run got so far."""
    renamed: list[tuple[int, int, str]] = attrs.field(factory=list)
    """(step, task, name): what a task is called from that step on, for those that say what they are at."""
    waits: dict[int, str] = attrs.field(factory=dict)
    """What a task that blocked waits for, by the step; noted with `shows_names`."""
    result: outcome.Outcome[object] | None = None
    """What the run returned or raised."""
    time_ns: int = 0
    """Virtual time at the end."""
    is_wound_up: bool = False
    """The run was ended from outside: deadlock, step limit, or a chooser that raised."""

    def name_task(self, number: int, full: str) -> str:
        """Note what a task is called, and with `shows_names` what it is to be called: short, and no two alike."""
        short = "main" if number == 1 else full
        if self.shows_names and number != 1:
            others = {name for other, name in self.names.items() if other != number}
            short = full.rpartition(".")[2] or full
            short = f"{short} ({number})" if short in others else short
        self.names[number] = short
        return short

    @property
    def preemptions(self) -> int:
        """How often a task that could go on did not; time that moved too early counts as well."""
        count = 0
        last, last_step = CLOCK, CLOCK
        for step, number in enumerate(self.numbers[: self.turns_from]):
            could_go_on = last != CLOCK and last_step not in self.ends
            if number == CLOCK:
                count += could_go_on
                continue
            count += could_go_on and number != last
            last, last_step = number, step
        return count

    @property
    def error(self) -> BaseException | None:
        """What the run raised."""
        return self.result.error if isinstance(self.result, outcome.Error) else None
