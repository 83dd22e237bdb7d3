"""Work costs modelled time on the virtual clock, and what it costs on the real one."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import FunctionTable
from lsart.events import LockReleased
from lsart.runtime import Costs, LsaSettings

COSTS = Costs(heap_lock=1_000_000, commit_page=10_000_000, create_section=100_000_000)


async def work(table: FunctionTable) -> list[int]:
    """Create with two pages, allocate within the commit, allocate with growth by one page, free; time after each."""
    times = [lsart.now_ns()]
    section = await table.CreateSharedMemory(65536, 8192)
    times.append(lsart.now_ns())
    assert section is not None
    block = await table.AllocateSharedMemory(section, 8192)
    times.append(lsart.now_ns())
    await table.AllocateSharedMemory(section, 100)
    times.append(lsart.now_ns())
    await table.FreeSharedMemory(section, block)
    times.append(lsart.now_ns())
    await table.DeleteSharedMemory(section)
    times.append(lsart.now_ns())
    return times


@simulated
async def test_on_the_virtual_clock_each_step_takes_its_modelled_time(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(costs=COSTS)):
        times = await work(package.table)
    steps = [after - before for before, after in pairwise(times)]
    assert steps == [120_000_000, 1_000_000, 11_000_000, 1_000_000, 0]
    assert [each.held_ns for each in log.of(LockReleased)] == [1_000_000, 11_000_000, 1_000_000]


def test_on_the_real_clock_nothing_is_slept() -> None:
    async def main() -> None:
        package = scripted("a")
        huge = Costs(heap_lock=10**15, commit_page=10**15, create_section=10**15)
        async with lsart.open_lsa(package, settings=LsaSettings(costs=huge)):
            with trio.fail_after(10):
                await work(package.table)

    lsart.run(main, clock="real")
    trio.run(main)


@simulated
async def test_a_refused_section_costs_nothing() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package):
        assert await package.table.CreateSharedMemory(0, 0) is None
        assert lsart.now_ns() == 0


@pytest.mark.parametrize("name", ["heap_lock", "commit_page", "create_section"])
def test_a_cost_cannot_be_negative(name: str) -> None:
    with pytest.raises(ValueError, match=rf"Costs\({name}=-1\): a cost cannot be negative"):
        Costs(**{name: -1})


def test_a_grace_period_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="nanoseconds cannot be negative"):
        LsaSettings(grace=-1)
