"""What an LSA announces while schedules are explored, and that it announces nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from explored import explored, makes_a_section, sections, settings
from lsas import scripted

import lsart
from lsart.contract import SECPKG_SLOTS, ClientRequest, FunctionTable, constants
from lsart.engine import EVERYTHING, Trace, labelled_primitives, run_schedule
from lsart.exploration import DFS
from lsart.exploration._footprints import footprints


async def writes_and_reads(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
    section = sections[0]
    block = await table.AllocateSharedMemory(section, 16)
    assert block is not None
    await table.memory.write(block, b"0123456789abcdef")
    await table.memory.read(block + 4, 4)
    await table.FreeSharedMemory(section, block)


async def one_call() -> None:
    package = scripted("cache", initialize=makes_a_section, call=writes_and_reads)
    async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
        await alice.call("cache", b"")


def test_accesses_are_announced_by_section_and_range_and_locks_by_name() -> None:
    told = [str(label) for label in explored(one_call).labels.values()]
    of_the_call = told[told.index("call cache") :]
    assert of_the_call[:6] == [
        "call cache",
        "enter entry of cache",
        "acquire heap lock of section-1",
        "write section-1[0:16]",
        "read section-1[4:8]",
        "acquire heap lock of section-1",
    ]


def test_a_client_reaches_the_same_bytes_under_the_same_name() -> None:
    async def main() -> None:
        package = scripted("cache", initialize=makes_a_section)
        async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
            await alice.map_section("cache").write(8, b"12")

    assert "write section-1[8:10]" in [str(label) for label in explored(main).labels.values()]


def test_allocating_and_freeing_touch_the_block_and_the_lock_is_released() -> None:
    told = [str(label) for _, label in explored(one_call).touched]
    for each in ("allocate section-1[0:16]", "free section-1[0:16]", "release heap lock of section-1"):
        assert each in told


def test_what_a_package_does_between_two_points_counts_as_touching_its_state() -> None:
    owned = explored(one_call).owned
    first, *later = [label.resource for _, _, label in owned if label is not None]
    assert first == "*"  # while the module is opened
    assert later == ["package cache"] * 3  # SpInitialize, SpGetInfo, the call
    assert [label for _, _, label in owned[1::2]] == [None] * 4


class Keeps:
    """A cache whose own task drops what is kept, and a call that looks before it takes."""

    starts_when_called = False

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        if not self.starts_when_called:
            self.start()

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo("keeps")

    def start(self) -> None:
        self.kept["ticket"] = 1
        trio.lowlevel.spawn_system_task(self.expire)

    async def expire(self) -> None:
        await trio.lowlevel.checkpoint()
        self.kept.clear()

    async def LsaApCallPackageUntrusted(self, *_: object) -> None:
        if self.starts_when_called and not self.kept:
            self.start()
        elif "ticket" in self.kept:
            await trio.lowlevel.checkpoint()
            del self.kept["ticket"]


class KeepsOnCall(Keeps):
    starts_when_called = True


class Started(Keeps):
    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None: ...


class KeepsInItsModule:
    """A module that starts a task of its package before LSA knows of that."""

    @staticmethod
    async def SpLsaModeInitialize(lsa_version: int) -> tuple[int, list[object]]:
        package = Started()
        package.start()
        await trio.lowlevel.checkpoint()
        return constants.SECPKG_INTERFACE_VERSION, [package]


@pytest.mark.parametrize("package", [Keeps, KeepsOnCall, KeepsInItsModule])
@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_the_tasks_that_a_package_starts_touch_its_state_too(package: type[object], strategy: str) -> None:
    async def main() -> None:
        async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
            for _ in range(2):
                await alice.call("keeps", b"")

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=5000, shrink=False)
    assert found.failure is not None
    assert "KeyError" in str(found.failure.symptom)


def test_a_package_may_say_that_it_announces_its_state_itself() -> None:
    class Announces:
        announces_its_state = True

        async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None: ...

        def SpGetInfo(self) -> lsart.SecPkgInfo:
            return lsart.SecPkgInfo("announces")

        async def LsaApCallPackageUntrusted(self, *_: object) -> None:
            await lsart.point("tickets", "r")

    async def main() -> None:
        async with lsart.open_lsa(Announces, settings=settings()) as lsa, lsa.connect("alice") as alice:
            await alice.call("announces", b"")

    trace = explored(main)
    assert [label for _, _, label in trace.owned if label not in (None, EVERYTHING)] == []
    assert "read tickets" in [str(label) for label in trace.labels.values()]


class Inner(Keeps):
    """Entered by `Outer`; what it started in its call stays its own."""

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo("inner")

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None: ...

    async def SpAcceptCredentials(self, *_: object) -> None:
        await trio.lowlevel.checkpoint()
        trio.lowlevel.spawn_system_task(trio.lowlevel.checkpoint, name="task of inner")


class Outer:
    """Its call enters `Inner`, and goes on in its own state."""

    lsa: lsart.Lsa

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None: ...

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo("outer")

    async def LsaApCallPackageUntrusted(self, *_: object) -> None:
        inner = self.lsa.find_package("inner")
        trio.lowlevel.spawn_system_task(trio.lowlevel.checkpoint, name="task of outer")
        await self.lsa.entrance.enter(inner, next(each for each in SECPKG_SLOTS if each.name == "AcceptCredentials"))
        await trio.lowlevel.checkpoint()


def test_after_a_package_entered_another_its_own_state_counts_as_touched_again() -> None:
    outer = Outer()

    async def main() -> None:
        async with lsart.open_lsa(outer, Inner, settings=settings()) as outer.lsa, outer.lsa.connect("alice") as alice:
            await alice.call("outer", b"")

    trace = explored(main)
    assert "enter SpAcceptCredentials of inner" in [label.what for label in trace.labels.values()]
    named = {name: number for number, name in trace.names.items()}
    worker = named["LSA worker 1"]
    of_worker = [label.resource for _, task, label in trace.owned if task == worker and label is not None]
    assert of_worker == ["package outer", "package inner", "package outer"]
    assert [task for _, task, _ in trace.owned][-1] == worker
    assert trace.owned[-1][2] is None  # when the call has ended it owns nothing
    of_tasks = {name: _owners_of(trace, named[name]) for name in ("task of outer", "task of inner")}
    assert of_tasks == {"task of outer": {"package outer"}, "task of inner": {"package inner"}}


@pytest.mark.parametrize(
    ("free", "heap", "name"),
    [
        ("own_function", "the return buffers of LSA", "return-buffers"),
        ("lsa_heap_too", "the LSA heap", "lsa-heap"),
    ],
)
def test_a_call_between_packages_tells_what_it_touches_of_lsa(free: Any, heap: str, name: str) -> None:
    async def answers(table: FunctionTable, request: ClientRequest, message: bytes) -> lsart.CallPackageReply:
        return await table.reply(request, message)

    async def asks(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        reply, _, _ = await table.CallPackage("inner", b"hello", 5)
        assert reply is not None
        await table.FreeReturnBuffer(reply)

    async def main() -> None:
        packages = scripted("inner", trusted=answers), scripted("outer", call=asks)
        options = settings(choices=lsart.Choices(return_buffer_free=free))
        async with lsart.open_lsa(*packages, settings=options) as lsa, lsa.connect("alice") as alice:
            await alice.call("outer", b"")

    trace = explored(main)
    told = [label.what for label in trace.labels.values()]
    assert told == [
        "call outer",
        "enter entry of outer",
        "enter entry of inner",
        f"write {name}[0:5]",
        f"free to {heap}",
    ]
    touched = [(label.resource, label.what) for _, label in trace.touched]
    assert (heap, f"allocate from {heap}") in touched
    assert ("the calls of LSA", "number a request") in touched


def _owners_of(trace: Trace, task: int) -> set[str]:
    """What the steps of a task touch besides what they announce."""
    found = footprints(trace, labelled=True)
    steps = [found[step] for step, number in enumerate(trace.numbers) if number == task]
    return {each.resource for step in steps for each in step or () if each.resource.startswith("package ")}


def test_a_worker_is_called_after_the_client_that_it_serves() -> None:
    names = [name for _, _, name in explored(one_call).renamed]
    assert names == ["LSA worker 1 for alice", "LSA worker 1"]


def test_outside_of_exploration_an_allocation_lets_nobody_else_run() -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    async def allocates(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await table.AllocateSharedMemory(sections[0], 16)
            order.append("allocated")

    async def main() -> None:
        package = scripted("cache", initialize=makes_a_section, call=allocates)
        async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
            await alice.call("cache", b"")

    lsart.run(main)
    assert order == ["allocated", "other"]


@pytest.mark.parametrize(("torn", "size", "halves"), [(True, 16, True), (False, 16, False), (True, 8, False)])
def test_a_long_write_is_seen_half_done_if_that_is_asked_for(torn: bool, size: int, halves: bool) -> None:
    """One client writes, another reads, in every order there is."""
    seen: set[bytes] = set()

    async def main() -> None:
        package = scripted("cache", initialize=makes_a_section)
        async with (
            lsart.open_lsa(package, settings=settings(torn_writes=torn)) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            to, of = alice.map_section("cache"), bob.map_section("cache")

            async def reads() -> None:
                seen.add(await of.read(0, size))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(to.write, 0, b"x" * size)
                nursery.start_soon(reads)

    search = DFS()
    with labelled_primitives():
        while search.begin(0):
            trace = run_schedule(main, search.choose)
            search.end(trace)
            assert trace.error is None
    nothing, everything = bytes(size), b"x" * size
    assert {nothing, everything} <= seen
    assert bool(seen - {nothing, everything}) is halves
