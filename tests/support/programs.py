"""Small concurrent programs drawn from a number: what they share, what they do with it, and what came of a run.

Each task has one register. What it reads goes into the register and what it writes follows from the register, so a
final state tells much of the order in which things happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import NamedTuple

import attrs
import trio
import trio.testing

from lsart.engine import DeadlockError, Trace, labelled_primitives, point, run_schedule
from lsart.exploration import DFS, DPOR, Strategy

__all__ = ["Op", "Program", "State", "Tally", "TooManyError", "reached"]

_STEP_LIMIT = 2000


class State(NamedTuple):
    """What a run came to."""

    variables: tuple[int, ...]
    registers: tuple[tuple[str, int], ...]
    """One per task, by its name."""
    failure: tuple[str, ...]
    """The errors in a group of groups, or who waits for what in a deadlock; empty if all went well."""


class TooManyError(Exception):
    """A search was not over after as many schedules as it may take."""


@attrs.frozen
class Op:
    """One operation of a task: a verb, what it is done to, and what is done inside it."""

    verb: str
    on: int = 0
    value: int = 0
    body: tuple[Op, ...] = ()

    def __str__(self) -> str:
        inside = f" {{ {'; '.join(map(str, self.body))} }}" if self.body else ""
        return f"{self.verb} {self.on}{f' +{self.value}' if self.value else ''}{inside}"


# Verbs with the steps that they take. What is around others has a body.
_PLAIN = {
    "read": 1,
    "write": 1,
    "check": 1,
    "set": 0,
    "look": 0,
    "wait": 2,
    "send": 2,
    "receive": 2,
    "close": 0,
    "try lock": 0,
    "cancel all": 0,
    "cancel scope": 0,
    "sleep": 1,
    "notify": 2,
    "wait notified": 3,
    "park": 2,
    "unpark": 0,
    "shield": 0,
    "call soon": 0,
    "put": 3,
    "get": 4,
}
_AROUND = {"lock": 2, "semaphore": 2, "limiter": 2, "scope": 0, "timeout": 0, "nursery": 2, "failing nursery": 2}
# What a program is about: it is drawn from few kinds of things, so that tasks meet at them.
_ALWAYS = ("read", "write", "write", "check")
_THEMES = (
    ("lock", "lock", "try lock"),
    ("lock", "semaphore"),
    ("limiter", "semaphore"),
    ("set", "look", "wait"),
    ("send", "receive", "close"),
    ("scope", "cancel scope", "cancel all", "shield"),
    ("park", "unpark", "call soon"),
    ("put", "get"),
    ("sleep", "timeout"),
    ("notify", "wait notified"),
    ("nursery", "failing nursery"),
)
_SHARED = 2  # of each kind


def _draw(chance: Random, verbs: list[str], steps: int, most: int = 4) -> Iterator[Op]:
    """Operations that take about so many steps together."""
    for _ in range(chance.randint(min(1, most), most)):
        verb, on, value = chance.choice(verbs), chance.randrange(_SHARED), chance.randrange(1, 4)
        body = () if verb in _PLAIN else tuple(_draw(chance, verbs, steps - _AROUND[verb], most - 1))
        op = Op(verb, on, value, body)
        if _cost(op) <= steps and (body or verb in _PLAIN):
            steps -= _cost(op)
            yield op


def _cost(op: Op) -> int:
    return _PLAIN.get(op.verb, 0) + _AROUND.get(op.verb, 0) + sum(map(_cost, op.body))


def _verbs(op: Op) -> Iterator[str]:
    yield op.verb
    for each in op.body:
        yield from _verbs(each)


class _World:
    """What the tasks of one run share; of primitives only those that the program uses, as each takes time."""

    def __init__(self, used: frozenset[str]) -> None:
        def some(*verbs: str) -> range:
            return range(_SHARED if used.intersection(verbs) else 0)

        self.variables = [0] * _SHARED
        self.registers: dict[str, int] = {}
        self.locks = [trio.Lock() for _ in some("lock", "try lock")]
        self.events = [trio.Event() for _ in some("set", "look", "wait")]
        self.conditions = [trio.Condition() for _ in some("notify", "wait notified")]
        self.semaphores = [trio.Semaphore(1) for _ in some("semaphore")]
        self.limiters = [trio.CapacityLimiter(1) for _ in some("limiter")]
        self.channels = [trio.open_memory_channel[int](capacity) for capacity in some("send", "receive", "close")]
        self.scopes = [trio.CancelScope() for _ in some("scope", "cancel scope", "shield")]
        self.lots = [trio.lowlevel.ParkingLot() for _ in some("park", "unpark")]
        self.streams = [trio.testing.memory_stream_one_way_pair() for _ in some("put", "get")]

    def bump(self, variable: int) -> None:
        """For run_sync_soon: between two steps."""
        self.variables[variable] = self.variables[variable] * 3 + 1


@attrs.define(eq=False)
class Program:
    """A program; run it again and again.

    Args:
        tasks: what each task does. is_announced: whether accesses to variables are labelled points; otherwise each
            comes after a bare checkpoint.
    """

    tasks: tuple[tuple[Op, ...], ...]
    is_announced: bool = True
    time_is_a_choice: bool = False
    _used: frozenset[str] = attrs.field(init=False)
    _world: _World = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._used = frozenset(verb for ops in self.tasks for op in ops for verb in _verbs(op))

    @classmethod
    def drawn(cls, seed: int, *, size: int = 5, is_announced: bool = True) -> Program:
        """The program of that number. Of two tasks each takes about `size` steps, of three each about half of that."""
        chance = Random(f"program {seed}")
        count = chance.choice((2, 2, 2, 3))
        steps = size if count == 2 else max(2, size // 2)
        verbs = [*_ALWAYS, *chance.choice(_THEMES), *chance.choice(_THEMES)]
        tasks = tuple(tuple(_draw(chance, verbs, steps)) for _ in range(count))
        return cls(tasks, is_announced)

    def __str__(self) -> str:
        return "\n".join(f"task {number}: {'; '.join(map(str, ops))}" for number, ops in enumerate(self.tasks))

    async def main(self) -> None:
        """The model."""
        world = self._world = _World(self._used)
        async with trio.open_nursery() as nursery:
            for number, ops in enumerate(self.tasks):
                task = _Task(self, world, number, f"task {number}", nursery)
                world.registers[task.name] = number + 1
                nursery.start_soon(task.perform, ops, name=task.name)

    def state(self, trace: Trace) -> State:
        """What the run that was just made came to."""
        world = self._world
        return State(tuple(world.variables), tuple(sorted(world.registers.items())), tuple(_failure(trace.error)))


def _failure(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    if isinstance(error, DeadlockError):
        return sorted(map(str, error.waits))
    if isinstance(error, BaseExceptionGroup):
        return sorted(leaf for each in error.exceptions for leaf in _failure(each))
    return [f"{type(error).__name__}: {error}"]


@attrs.frozen(eq=False)
class _Task:
    """One task of a run. What it does once the run is given up is no part of its final state."""

    program: Program
    world: _World
    number: int
    name: str
    nursery: trio.Nursery

    async def perform(self, ops: tuple[Op, ...]) -> None:
        for op in ops:
            if op.verb in _AROUND:
                await self._around(op)
            else:
                await self._plain(op)

    def _learn(self, value: int) -> None:
        registers = self.world.registers
        registers[self.name] = registers[self.name] * 7 + value

    def _start_child(self, nursery: trio.Nursery, ops: tuple[Op, ...]) -> None:
        child = attrs.evolve(self, name=f"{self.name}, child")
        self.world.registers[child.name] = self.world.registers[self.name]
        nursery.start_soon(child.perform, ops, name=child.name)

    async def _access(self, variable: int, *, writes: bool = False) -> None:
        if self.program.is_announced:
            await point(f"variable {variable}", "w" if writes else "r")
        else:
            await trio.lowlevel.checkpoint()

    async def _plain(self, op: Op) -> None:
        world, on = self.world, op.on
        match op.verb:
            case "read":
                await self._access(on)
                self._learn(world.variables[on])
            case "write":
                await self._access(on, writes=True)
                world.variables[on] = world.variables[on] * 5 + world.registers[self.name] + op.value
            case "check":
                await self._access(on)
                if world.variables[on] % 3 == op.value - 1:
                    raise AssertionError(f"{self.name} met {op}")
            case "set":
                world.events[on].set()
            case "look":
                self._learn(world.events[on].is_set())
            case "wait":
                await world.events[on].wait()
            case "send":
                await world.channels[on][0].send(world.registers[self.name])
            case "receive":
                self._learn(await world.channels[on][1].receive())
            case "close":
                world.channels[on][0].close()
            case "try lock":
                with suppress(trio.WouldBlock):
                    world.locks[on].acquire_nowait()
                    world.locks[on].release()
                    self._learn(1)
            case "cancel all":
                self.nursery.cancel_scope.cancel()
            case "cancel scope":
                world.scopes[on].cancel()
            case "sleep":
                await trio.sleep(op.value)
            case "notify":
                async with world.conditions[on]:
                    world.conditions[on].notify()
            case "wait notified":
                async with world.conditions[on]:
                    await world.conditions[on].wait()
            case "park":
                await world.lots[on].park()
            case "unpark":
                self._learn(len(world.lots[on].unpark(count=op.value)))
            case "shield":
                world.scopes[on].shield = not world.scopes[on].shield
            case "call soon":
                trio.lowlevel.current_trio_token().run_sync_soon(world.bump, on)
            case "put":
                await world.streams[on][0].send_all(bytes([op.value]))
            case "get":
                self._learn(sum(await world.streams[on][1].receive_some(1)))
            case _:
                raise NotImplementedError(op.verb)

    async def _around(self, op: Op) -> None:
        world, on = self.world, op.on
        match op.verb:
            case "lock":
                if world.locks[on].statistics().owner is trio.lowlevel.current_task():
                    return
                async with world.locks[on]:
                    await self.perform(op.body)
            case "semaphore":
                async with world.semaphores[on]:
                    await self.perform(op.body)
            case "limiter":
                async with world.limiters[on]:
                    await self.perform(op.body)
            case "scope":
                if self.number != on:  # a scope has one place; others cancel it
                    return await self.perform(op.body)
                with world.scopes[on]:
                    await self.perform(op.body)
                world.scopes[on] = trio.CancelScope()
            case "timeout":
                with trio.move_on_after(op.value):
                    await self.perform(op.body)
            case "nursery":
                async with trio.open_nursery() as nursery:
                    self._start_child(nursery, op.body)
                    await self._access(on, writes=True)
                    world.variables[on] += 1
            case "failing nursery":
                try:
                    async with trio.open_nursery() as nursery:
                        self._start_child(nursery, op.body)
                        await self._access(on)
                        self._learn(world.variables[on])
                        raise ValueError(self.name)
                except* ValueError:
                    self._learn(1)
            case _:
                raise NotImplementedError(op.verb)


def reached(program: Program, strategy: Strategy, limit: int) -> tuple[set[State], int]:
    """The final states that a strategy reaches until it ends by itself, and in how many schedules.

    Raises:
        TooManyError: it was not over after `limit` schedules.
    """
    states: set[State] = set()
    count = 0
    with labelled_primitives():
        while strategy.begin(count):
            if count == limit:
                raise TooManyError(limit)
            trace = run_schedule(
                program.main,
                strategy.choose,
                step_limit=_STEP_LIMIT,
                time_is_a_choice=program.time_is_a_choice,
                notes_arrivals=strategy.notes_arrivals,
                notes_nurseries=getattr(strategy, "notes_nurseries", False),
            )
            strategy.end(trace)
            states.add(program.state(trace))
            count += 1
    return states, count


@attrs.define(eq=False)
class Tally:
    """How often DPOR reached exactly what DFS did."""

    programs: int = 0
    skipped: int = 0
    """Too many schedules for DFS."""
    failing: int = 0
    """Programs that fail under some schedule."""
    by_dfs: int = 0
    by_dpor: int = 0
    """Schedules."""
    mismatches: list[str] = attrs.field(factory=list)

    def compare(self, program: Program, *, labelled: bool, limit: int) -> None:
        """Search a program in both ways."""
        self.programs += 1
        try:
            expected, by_dfs = reached(program, DFS(), limit)
        except TooManyError:
            self.skipped += 1
            return
        # It takes no more schedules than DFS does, as it chooses among the same; a bound for when that is broken.
        found, by_dpor = reached(program, DPOR(labelled=labelled), by_dfs)
        self.failing += any(state.failure for state in expected)
        self.by_dfs += by_dfs
        self.by_dpor += by_dpor
        if found != expected:
            missed, invented = sorted(expected - found), sorted(found - expected)
            self.mismatches.append(f"{program}\nmissed {missed}\ninvented {invented}")

    @property
    def share_failing(self) -> float:
        """Of those that were not skipped."""
        return self.failing / (self.programs - self.skipped)
