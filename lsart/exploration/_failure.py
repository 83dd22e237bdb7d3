"""What went wrong in a run, and when two runs went wrong in the same way."""

from __future__ import annotations

import os
import re
import traceback
from types import TracebackType
from zlib import crc32

import attrs
import trio

from lsart.engine import DeadlockError, StepLimitError, TimeLimitError, Trace

__all__ = ["Symptom", "symptom_of"]

_NOT_THE_MODEL = (os.path.dirname(trio.__file__) + os.sep, os.path.dirname(os.path.dirname(__file__)) + os.sep)


_WAITS_SHOWN = 20


@attrs.frozen
class Symptom:
    """How a failure shows itself. Two are the same failure if `kind` and `where` are equal.

    `kind` is the exception's class, `where` the function of the model in which it was raised, or what the exception has
    as `symptom`; for a deadlock, what was waited for. `message` is the whole text and may differ from run to run.
    """

    kind: str
    where: str
    message: str = attrs.field(eq=False)

    @property
    def number(self) -> int:
        """Of 32 bits, the same in every process."""
        return crc32(f"{self.kind} {self.where}".encode())

    def __str__(self) -> str:
        first, *_ = self.message.splitlines() or [""]
        if first.startswith(self.kind) or not first:
            return first or self.kind
        return f"{self.kind}: {first}"


def symptom_of(trace: Trace) -> Symptom | None:
    """What the run failed with; None if it did not fail."""
    error = trace.error
    if error is None:
        return None
    error = _first_leaf(error)
    kind = type(error).__qualname__
    if isinstance(error, DeadlockError):
        # Names of variables, numbers of calls and counts of waiters differ from schedule to schedule.
        waits = [each for each in error.waits if not each.waits_for.startswith("the end of its nursery")]
        # Who waits for nobody in particular, such as a server for its next request, may or may not be there.
        waits = [each for each in waits if each.held_by is not None] or waits
        told = {re.sub(r" ?'[^']*'( \(\d+\))?|\d[\d.]*", "", each.waits_for) for each in waits}
        return Symptom("deadlock", ", ".join(sorted(told)), _deadlock_in_words(error))
    if isinstance(error, (StepLimitError, TimeLimitError)):
        return Symptom("step limit" if isinstance(error, StepLimitError) else "time limit", "", str(error))
    where = getattr(error, "symptom", None)
    return Symptom(kind, where if isinstance(where, str) else _where(error.__traceback__), _text_of(error))


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:
        return f"(its text cannot be had: {type(failure).__name__})"


def _deadlock_in_words(error: DeadlockError) -> str:
    """What it is in one line, then who waits for what: those that wait for each other first."""
    cycle = error.cycle
    when = f" at virtual time {error.time_ns} ns" if error.time_ns else ""
    names = [wait.task for wait in cycle]
    what = f"{', '.join(names[:-1])} and {names[-1]} wait for each other" if len(names) > 1 else "nobody can ever go on"
    waits = [*cycle, *(wait for wait in error.waits if wait not in cycle)]
    return "\n".join([f"deadlock{when}: {what}", *(f"  {wait}" for wait in waits[:_WAITS_SHOWN])])


def _first_leaf(error: BaseException) -> BaseException:
    """The exception that began it: what else is in a group was mostly cancelled by it."""
    while isinstance(error, BaseExceptionGroup):
        others = error.split(trio.Cancelled)[1]
        error = (others or error).exceptions[0]
    return error


def _where(trace_back: TracebackType | None) -> str:
    """The innermost function outside trio and lsart; without its line, which an edit elsewhere would move."""
    frames = traceback.extract_tb(trace_back)
    own = [each for each in frames if not each.filename.startswith(_NOT_THE_MODEL)] or frames
    return f"{os.path.basename(own[-1].filename)}, {own[-1].name}" if own else ""
