"""What a deadlock is reported as: one line for each task that waits."""

from collections.abc import Sequence

import attrs

# A deadlock of a hundred thousand clients is told by its first lines; `waits` has them all.
_LINES_SHOWN = 20


@attrs.frozen
class Wait:
    """One task that can never go on."""

    task: str
    """The task's name."""
    waits_for: str
    """What it waits for, such as ``Lock 'a'`` or ``Event``."""
    held_by: str | None = None
    """Who has it, where that is known."""

    @property
    def what(self) -> str:
        """What it waits for and who has it, in one phrase."""
        return self.waits_for if self.held_by is None else f"{self.waits_for}, held by {self.held_by}"

    def __str__(self) -> str:
        return f"{self.task} waits for {self.what}"


class DeadlockError(Exception):
    """Nothing can ever happen again: no task can run, no deadline is set, no one outside is waited for.

    Likely causes: two tasks take two locks in opposite orders; a task waits for an event that is set
    only by code that has ended; a receiver waits on a channel whose sender was never closed; a pool's
    workers all wait for a further worker.

    `time_ns` is the virtual time in nanoseconds since the start of the run; `waits` has one entry for
    each waiting task, in the order in which the tasks were spawned.
    """

    def __init__(self, time_ns: int, waits: Sequence[Wait]) -> None:
        # Exactly the arguments, so that the error survives pickling between worker processes.
        super().__init__(time_ns, tuple(waits))
        self.time_ns = time_ns
        self.waits = tuple(waits)

    @property
    def cycle(self) -> tuple[Wait, ...]:
        """Tasks that wait for each other, one after the other; empty if there is no such circle."""
        by_task = {wait.task: wait for wait in self.waits}
        for start in self.waits:
            chain: list[Wait] = []
            wait: Wait | None = start
            while wait is not None and wait not in chain:
                chain.append(wait)
                wait = None if wait.held_by is None else by_task.get(wait.held_by)
            if wait is start:
                return tuple(chain)
        return ()

    def __str__(self) -> str:
        lines = [f"deadlock at virtual time {_readable(self.time_ns)}: nothing can ever happen again"]
        lines += [f"  {wait}" for wait in self.waits[:_LINES_SHOWN]]
        if len(self.waits) > _LINES_SHOWN:
            lines.append(f"  and {len(self.waits) - _LINES_SHOWN} more tasks")
        return "\n".join(lines)


def _readable(time_ns: int) -> str:
    for size, unit in ((10**9, "s"), (10**6, "ms"), (10**3, "us")):
        if time_ns >= size:
            # Integers: a float would round 999,999.9 us to a confusing 1000.000 us.
            return f"{time_ns // size}.{time_ns % size * 1000 // size:03d} {unit}"
    return f"{time_ns} ns"
