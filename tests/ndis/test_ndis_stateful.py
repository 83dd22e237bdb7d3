"""Allocate, free, free wrongly, run out, come and go, in any order: the books close after every step."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    NDIS_STATUS_SUCCESS,
    Choices,
    StatusError,
)
from lsart.events import (
    DoubleFree,
    ForeignFree,
    NdisMemoryLeaked,
    NdisNodeMissed,
    NdisVPortDeleted,
    ProviderUnregistered,
    WrongPair,
)
from lsart.memory import PAGE_SIZE, Resource
from lsart.ndis import (
    MM_ANY_NODE_OK,
    NDIS_HANDLE,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    SCATTER_GATHER_LIST,
    SharedMemoryProvider,
)

PAGES = 24
ROOM = 16 + 24 * PAGES
NODES = 2
PROVIDERS = ("vmswitch", "second")
NOTHING = NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
    provider_context=None, allocate_shared_memory_handler=None, free_shared_memory_handler=None
)
QUOTAS = {"vmswitch": (PAGES * PAGE_SIZE, PAGES * PAGE_SIZE), "second": (5 * PAGE_SIZE, 3 * PAGE_SIZE)}
PF = 3  # of the endpoints, the one with virtual ports


@attrs.frozen
class Held:
    """What the model knows of a live allocation."""

    handle: NDIS_HANDLE
    endpoint: NDIS_HANDLE
    address: int
    length: int
    fill: bytes
    provider: str
    node: int
    port: int

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
        self.lost: list[Held] = []  # stranded and held by nobody
        self.count = 0

    @initialize(
        gone=st.sampled_from(["free_first", "strand"]),
        asked=st.sampled_from(["first_registered", "last_registered", "each_in_turn"]),
        commit=st.integers(4, PAGES + 8),
    )
    def create(self, gone: Any, asked: Any, commit: int) -> None:
        self.strands = gone == "strand"
        self.asked = asked
        self.world = NdisWorld(
            Choices(ndis_provider_gone=gone, ndis_provider_asked=asked, ndis_unregister="null_handlers"),
            commit=commit * PAGE_SIZE,
            node_size=PAGES // NODES * PAGE_SIZE,
            nodes=NODES,
            run_size=2 * PAGE_SIZE,
            quotas=QUOTAS["vmswitch"],
        )
        self.commit = commit * PAGE_SIZE
        second = SharedMemoryProvider(self.world.kernel, "second", quotas=QUOTAS["second"])
        self.providers = {"vmswitch": self.world.provider, "second": second}
        driver = self.world.register("second", second.characteristics())
        self.drivers = {"vmswitch": self.world.switch, "second": driver}
        self.registered = list(PROVIDERS)
        pf = self.world.ndis.add_adapter(self.world.miniport, "pf", virtualization="sr_iov", vport_count=4)
        self.endpoints = [self.world.nic, self.world.miniport, self.world.register("other"), pf]
        self.ports = {self.world.ndis.create_vport(pf), self.world.ndis.create_vport(pf)}

    def expected(self, size: int, contiguous: bool, node: int) -> tuple[int, str, int]:
        """Status, provider and node of an allocation that has no fault in itself."""
        if not self.registered:
            return NDIS_STATUS_FAILURE, "", 0
        asked = {"first_registered": self.registered[:1], "last_registered": self.registered[-1:]}
        nodes = self.world.kernel.node_statistics()
        order = sorted(range(NODES), key=lambda each: each != node)
        if self.world.machine.in_use(Resource.COMMIT) + size <= self.commit:
            for name in asked.get(self.asked, self.registered):
                for each in order:
                    room = nodes[each].largest_run if contiguous else nodes[each].size - nodes[each].in_use
                    if size <= min(room, QUOTAS[name][each] - nodes[each].by_owner.get(name, 0)):
                        return NDIS_STATUS_SUCCESS, name, each
        return NDIS_STATUS_RESOURCES, "", 0

    @rule(
        length=st.integers(1, 8 * PAGE_SIZE),
        contiguous=st.booleans(),
        who=st.integers(0, 3),
        node=st.sampled_from([MM_ANY_NODE_OK, 0, 1]),
        port=st.integers(0, 4),
    )
    def allocate(self, length: int, contiguous: bool, who: int, node: int, port: int) -> None:
        size = -(-length // PAGE_SIZE) * PAGE_SIZE
        port = port if who == PF else 0
        status, provider, lies = self.expected(size, contiguous, node)
        if who == PF and port not in self.ports:
            status = NDIS_STATUS_INVALID_PARAMETER
        sg_list = SCATTER_GATHER_LIST()
        missed = len(self.world.told(NdisNodeMissed))
        before = self.world.machine.in_use(Resource.COMMIT)
        got: int = NDIS_STATUS_SUCCESS
        try:
            handle, parameters = self.world.allocate(
                length,
                self.endpoints[who],
                flags=int(contiguous),
                preferred_node=node,
                vport_id=port,
                sg_list_buffer=sg_list,
                sg_list_buffer_length=ROOM,
            )
        except StatusError as error:
            got = error.status
        assert got == status
        if got != NDIS_STATUS_SUCCESS:
            assert self.world.machine.in_use(Resource.COMMIT) == before
            return
        assert sum(each.length for each in sg_list.elements) == length
        assert {(each.address >> 40) - 1 for each in sg_list.elements} == {lies}
        assert len(self.world.told(NdisNodeMissed)) - missed == (node not in (MM_ANY_NODE_OK, lies))
        assert self.world.ndis.allocations()[-1].provider.name == provider
        assert parameters.virtual_address is not None
        self.count += 1
        fill = bytes([self.count % 255 + 1])
        address = parameters.virtual_address.address
        held = Held(handle, self.endpoints[who], address, length, fill, provider, lies, port)
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

    # ------------------------------------------------------------------ providers and virtual ports come and go

    @rule(name=st.sampled_from(PROVIDERS), unloads=st.booleans())
    def a_provider_leaves(self, name: str, unloads: bool) -> None:
        """Its blocks go with it, or are nobody's; its driver may stay."""
        mine = [each for each in self.held if each.provider == name and each.handle not in self.stranded]
        told = len(self.world.told(ProviderUnregistered))
        if unloads:
            self.world.ndis.close(self.drivers[name])
            self.drivers[name] = self.world.register(name)
        else:
            self.world.ndis.NdisSetOptionalHandlers(self.drivers[name], NOTHING)
        gone = self.world.told(ProviderUnregistered)[told:]
        assert [each.live_allocations for each in gone] == [len(mine)] * (name in self.registered)
        for each in mine:
            if self.strands:
                self.stranded.add(each.handle)
            else:
                self.end(each)
        self.registered = [each for each in self.registered if each != name]

    @rule(name=st.sampled_from(PROVIDERS))
    def a_provider_comes(self, name: str) -> None:
        """Its driver is loaded anew and offers memory."""
        self.a_provider_leaves(name, unloads=True)
        self.world.ndis.close(self.drivers[name])
        self.drivers[name] = self.world.register(name, self.providers[name].characteristics())
        self.registered.append(name)

    @rule()
    def create_a_port(self) -> None:
        free = sorted({1, 2, 3} - self.ports)
        if free:
            assert self.world.ndis.create_vport(self.endpoints[PF]) == free[0]
            self.ports.add(free[0])
            return
        with pytest.raises(StatusError) as caught:
            self.world.ndis.create_vport(self.endpoints[PF])
        assert caught.value.status == NDIS_STATUS_RESOURCES

    @rule(port=st.integers(0, 4))
    def delete_a_port(self, port: int) -> None:
        """What was had for it stays."""
        if port not in self.ports:
            with pytest.raises(StatusError) as caught:
                self.world.ndis.delete_vport(self.endpoints[PF], port)
            assert caught.value.status == NDIS_STATUS_INVALID_PARAMETER
            return
        self.world.ndis.delete_vport(self.endpoints[PF], port)
        self.ports.remove(port)
        assert self.world.told(NdisVPortDeleted)[-1].live_allocations == len(
            [each for each in self.held if each.port == port]
        )

    def end(self, held: Held) -> None:
        self.held.remove(held)
        self.ended.append(held.handle)
        if held.handle in self.stranded:
            self.lost.append(held)

    # ------------------------------------------------------------------ what holds at all times

    @invariant()
    def the_books_close(self) -> None:
        if not hasattr(self, "world"):
            return
        out = [*self.held, *self.lost]
        for name, provider in self.providers.items():
            assert provider.check() == []
            assert self.world.charged(name) == sum(each.charged for each in out if each.provider == name)
        for number, node in enumerate(self.world.kernel.node_statistics()):
            assert node.in_use == sum(each.charged for each in out if each.node == number)
        assert [each.handle for each in self.world.ndis.allocations()] == [each.handle for each in self.held]
        assert list(self.world.ndis.providers()) == self.registered
        assert set(self.world.ndis.vports(self.endpoints[PF])) == self.ports

    @invariant()
    def each_block_holds_what_its_driver_wrote(self) -> None:
        for each in self.held:
            assert self.world.kernel.space.read(each.address, each.length) == each.fill * each.length

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.ndis.shutdown()
            for provider in self.providers.values():
                provider.close()
            assert set(self.world.machine.statistics().in_use.values()) == {0}
            assert {each.in_use for each in self.world.kernel.node_statistics()} == {0}
            assert self.world.kernel.space.regions() == ()


TestNdis = NdisMachine.TestCase
TestNdis.settings = settings(max_examples=80, stateful_step_count=40)
