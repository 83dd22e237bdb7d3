"""Allocate, free, free wrongly, run out, come and go, in any order: the books close after every step."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ndis_worlds import NdisWorld

from lsart.contract import NDIS_STATUS_RESOURCES, NDIS_STATUS_SUCCESS, Choices, StatusError
from lsart.events import DoubleFree, ForeignFree, NdisMemoryLeaked, WrongPair
from lsart.memory import PAGE_SIZE
from lsart.ndis import NDIS_HANDLE, SCATTER_GATHER_LIST

PAGES = 24
ROOM = 16 + 24 * PAGES


@attrs.frozen
class Held:
    """What the model knows of a live allocation."""

    handle: NDIS_HANDLE
    endpoint: NDIS_HANDLE
    address: int
    length: int
    fill: bytes

    @property
    def charged(self) -> int:
        return -(-self.length // PAGE_SIZE) * PAGE_SIZE


class NdisMachine(RuleBasedStateMachine):
    """The model is the list of what is held and the byte that fills each block."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Held] = []
        self.ended: list[NDIS_HANDLE] = []
        self.stranded: set[NDIS_HANDLE] = set()  # of what is held or was
        self.lost = 0  # bytes that are stranded and held by nobody
        self.count = 0

    @initialize(gone=st.sampled_from(["free_first", "strand"]), commit=st.integers(4, PAGES + 8))
    def create(self, gone: Any, commit: int) -> None:
        self.strands = gone == "strand"
        self.world = NdisWorld(
            Choices(ndis_provider_gone=gone),
            commit=commit * PAGE_SIZE,
            node_size=PAGES // 2 * PAGE_SIZE,
            nodes=2,
            run_size=2 * PAGE_SIZE,
        )
        self.commit = commit * PAGE_SIZE
        self.endpoints = [self.world.nic, self.world.miniport, self.world.register("other")]

    @rule(length=st.integers(1, 8 * PAGE_SIZE), contiguous=st.booleans(), who=st.integers(0, 2))
    def allocate(self, length: int, contiguous: bool, who: int) -> None:
        sg_list = SCATTER_GATHER_LIST()
        endpoint = self.endpoints[who]
        before = self.world.charged()
        status: int = NDIS_STATUS_SUCCESS
        try:
            handle, parameters = self.world.allocate(
                length, endpoint, flags=int(contiguous), sg_list_buffer=sg_list, sg_list_buffer_length=ROOM
            )
        except StatusError as error:
            status = error.status
        if status != NDIS_STATUS_SUCCESS:
            assert status == NDIS_STATUS_RESOURCES
            needed = -(-length // PAGE_SIZE) * PAGE_SIZE
            # The emptier node has at least half of the free frames; of these a contiguous block needs a long run.
            no_frames = needed > (PAGES * PAGE_SIZE - before) // 2
            assert contiguous or no_frames or before + needed > self.commit
            assert self.world.charged() == before
            return
        assert sum(each.length for each in sg_list.elements) == length
        assert parameters.virtual_address is not None
        self.count += 1
        fill = bytes([self.count % 255 + 1])
        held = Held(handle, endpoint, parameters.virtual_address.address, length, fill)
        assert self.world.kernel.space.read(held.address, held.charged) == bytes(held.charged)
        self.world.kernel.space.write(held.address, fill * length)
        self.held.append(held)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.held))
        self.world.ndis.NdisFreeSharedMemory(held.endpoint, held.handle)
        self.end(held)
        assert (self.world.kernel.space.find(held.address) is not None) == (held.handle in self.stranded)

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def free_twice(self, data: st.DataObject) -> None:
        told = len(self.world.told(DoubleFree))
        self.world.ndis.NdisFreeSharedMemory(self.world.nic, data.draw(st.sampled_from(self.ended)))
        assert len(self.world.told(DoubleFree)) == told + 1

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def free_with_another_handle(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.held))
        other = data.draw(st.sampled_from([each for each in self.endpoints if each != held.endpoint]))
        told = len(self.world.told(WrongPair))
        self.world.ndis.NdisFreeSharedMemory(other, held.handle)
        assert len(self.world.told(WrongPair)) == told + 1

    @rule(handle=st.integers(0, 0xFFF))
    def free_what_is_no_handle(self, handle: int) -> None:
        told = len(self.world.told(ForeignFree))
        self.world.ndis.NdisFreeSharedMemory(self.world.nic, handle)
        assert len(self.world.told(ForeignFree)) == told + 1

    @rule()
    def restart_a_driver(self) -> None:
        """It leaves behind what it holds."""
        left = [each for each in self.held if each.endpoint == self.endpoints[2]]
        told = len(self.world.told(NdisMemoryLeaked))
        self.world.ndis.close(self.endpoints[2])
        assert len(self.world.told(NdisMemoryLeaked)) == told + len(left)
        for each in left:
            self.end(each)
        self.endpoints[2] = self.world.register("other")

    @rule()
    def restart_the_provider(self) -> None:
        """Its blocks go with it, or are nobody's."""
        self.world.ndis.close(self.world.switch)
        for each in tuple(self.held):
            if self.strands:
                self.stranded.add(each.handle)
            else:
                self.end(each)
        self.world.switch = self.world.register("vmswitch", self.world.provider.characteristics())

    def end(self, held: Held) -> None:
        self.held.remove(held)
        self.ended.append(held.handle)
        if held.handle in self.stranded:
            self.lost += held.charged

    @invariant()
    def the_books_close(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.world.provider.check() == []
        assert self.world.charged() == sum(each.charged for each in self.held) + self.lost
        assert [each.handle for each in self.world.ndis.allocations()] == [each.handle for each in self.held]

    @invariant()
    def each_block_holds_what_its_driver_wrote(self) -> None:
        for each in self.held:
            assert self.world.kernel.space.read(each.address, each.length) == each.fill * each.length

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.ndis.shutdown()
            self.world.provider.close()
            assert self.world.charged() == 0
            assert set(self.world.machine.statistics().in_use.values()) == {0}
            assert self.world.kernel.space.regions() == ()


TestNdis = NdisMachine.TestCase
TestNdis.settings = settings(max_examples=60, stateful_step_count=30)
