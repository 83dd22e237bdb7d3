"""LSASS's memory, its clients and the machine against plain lists, the books checked after every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from worlds import World

from lsart.contract import Pointer
from lsart.events import BlockAllocated, BlockFreed, DoubleFree, MisuseEvent
from lsart.memory import ClientMemory, Resource, Section, round_up

SIZES = st.one_of(st.integers(0, 200), st.sampled_from([4095, 4096, 4097, 20_000]), st.integers(1, 100_000))
MAXIMA = st.sampled_from([0, 1, 4096, 5000, 65536, 1 << 20, 0xFFFF_FFFF])
PACKAGES = st.sampled_from(["one", "two"])


class Lsass(RuleBasedStateMachine):
    """The model: which sections, blocks, views and buffers are alive, and what sections and views must cost."""

    @initialize(
        commit=st.sampled_from([20_000, 300_000, 1 << 30]),
        handles=st.sampled_from([2, 1000]),
        survive=st.booleans(),
        release=st.booleans(),
    )
    def start(self, commit: int, handles: int, survive: bool, release: bool) -> None:
        choices = {
            "delete_client_mappings": "survive" if survive else "unmap",
            "delete_with_live_blocks": "release" if release else "refuse",
        }
        self.world = World(choices, commit=commit, handles=handles, client_quota=8192, lsa_heap=65536)
        self.choices = choices
        self.sections: list[Pointer] = []
        self.objects: dict[Pointer, Section] = {}
        self.blocks: dict[Pointer, tuple[str, Pointer | None, str]] = {}  # block -> kind, section, package
        self.freed: list[Pointer] = []
        self.buffers: list[tuple[ClientMemory, Pointer]] = []
        self.gone: list[Section] = []  # deleted, perhaps still mapped
        self.names = 0

    # ------------------------------------------------------------------ sections

    @rule(max_size=MAXIMA, initial_size=st.sampled_from([0, 1, 4096, 10_000, 65536]), package=PACKAGES)
    def create(self, max_size: int, initial_size: int, package: str) -> None:
        origin = self.world.by("CreateSharedMemory", package=package)
        before = self.charges()
        pointer = self.world.memory.CreateSharedMemory(max_size, initial_size, origin)
        if pointer is None:
            assert self.charges() == before
            return
        assert initial_size <= max_size
        self.sections.append(pointer)
        self.objects[pointer] = self.world.section(pointer)

    @precondition(lambda self: self.sections)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        pointer = data.draw(st.sampled_from(self.sections))
        inside = [block for block, (_, section, _) in self.blocks.items() if section == pointer]
        deleted = self.world.delete(pointer)
        assert deleted == (not inside or self.choices["delete_with_live_blocks"] == "release")
        if deleted:
            self.forget(pointer)

    def forget(self, pointer: Pointer) -> None:
        self.sections.remove(pointer)
        self.gone.append(self.objects.pop(pointer))
        for block in [block for block, (_, section, _) in self.blocks.items() if section == pointer]:
            del self.blocks[block]
        self.freed = [each for each in self.freed if not pointer <= each < pointer + self.gone[-1].backing.size]

    # ------------------------------------------------------------------ blocks

    def took(self, kind: str, pointer: Pointer | None, section: Pointer | None, package: str, size: int) -> None:
        if pointer is None:
            return
        self.blocks[pointer] = (kind, section, package)
        self.freed = [each for each in self.freed if each != pointer]
        told = self.world.last(BlockAllocated)
        assert (told.address, told.origin.package) == (pointer.address, package)
        if size:
            self.world.memory.space.write(pointer.address, b"x" * min(size, 64))

    @precondition(lambda self: self.sections)
    @rule(data=st.data(), size=SIZES, package=PACKAGES)
    def allocate(self, data: st.DataObject, size: int, package: str) -> None:
        section = data.draw(st.sampled_from(self.sections))
        self.took("shared", self.world.try_allocate(section, size, package=package), section, package, size)

    @rule(kind=st.sampled_from(["LsaHeap", "PrivateHeap"]), size=SIZES, package=PACKAGES)
    def allocate_heap(self, kind: str, size: int, package: str) -> None:
        function: Callable[..., Pointer | None] = getattr(self.world.memory, f"Allocate{kind}")
        self.took(kind, function(size, self.world.by(f"Allocate{kind}", package=package)), None, package, size)

    def free_through(self, kind: str, section: Pointer | None, block: Pointer) -> None:
        if kind == "shared":
            assert section is not None
            self.world.free(section, block)
        else:
            getattr(self.world.memory, f"Free{kind}")(block, self.world.by(f"Free{kind}"))

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        block = data.draw(st.sampled_from(sorted(self.blocks)))
        kind, section, _ = self.blocks.pop(block)
        misuses = len(self.world.told(MisuseEvent))
        self.free_through(kind, section, block)
        told = self.world.last(BlockFreed)
        assert told.address == block.address
        assert len(self.world.told(MisuseEvent)) == misuses
        self.freed.append(block)

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def free_into_the_wrong_heap(self, data: st.DataObject) -> None:
        block = data.draw(st.sampled_from(sorted(self.blocks)))
        kind, section, _ = self.blocks[block]
        others = [each for each in self.sections if each != section]
        self.misuse(
            lambda: (
                self.free_through("LsaHeap" if kind != "LsaHeap" else "PrivateHeap", None, block)
                if not others
                else self.world.free(data.draw(st.sampled_from(others)), block)
            )
        )

    @precondition(lambda self: self.freed and self.sections)
    @rule(data=st.data())
    def free_twice(self, data: st.DataObject) -> None:
        block = data.draw(st.sampled_from(self.freed))
        event = self.misuse(lambda: self.world.free(self.sections[0], block))
        live_around = any(start <= block < start + 100_000 for start in self.blocks)
        assert isinstance(event, DoubleFree) or live_around
        if isinstance(event, DoubleFree):
            assert event.freed_before.time_ns < event.freed.time_ns

    @precondition(lambda self: self.sections)
    @rule(data=st.data(), distance=st.integers(-100, 70_000), space=st.sampled_from(["lsass", "alice"]))
    def free_something_foreign(self, data: st.DataObject, distance: int, space: str) -> None:
        section = data.draw(st.sampled_from(self.sections))
        pointer = Pointer(section.address + distance, space)
        if pointer not in self.blocks:
            self.misuse(lambda: self.world.free(section, pointer))

    def misuse(self, act: Callable[[], Any]) -> MisuseEvent:
        """It is told once, and changes no heap and no charge."""
        before = [each.statistics() for each in self.world.memory.ledger.heaps()], self.charges()
        told, freed = len(self.world.told(MisuseEvent)), len(self.world.told(BlockFreed))
        act()
        after = [each.statistics() for each in self.world.memory.ledger.heaps() if each.statistics().committed]
        assert after == [each for each in before[0] if each.committed]
        assert self.charges()[Resource.COMMIT] == before[1][Resource.COMMIT]
        assert (len(self.world.told(MisuseEvent)), len(self.world.told(BlockFreed))) == (told + 1, freed)
        return self.world.last(MisuseEvent)

    # ------------------------------------------------------------------ clients

    @precondition(lambda self: len(self.world.clients) < 4)
    @rule()
    def start_client(self) -> None:
        self.names += 1
        self.world.client(f"client-{self.names}")

    @precondition(lambda self: self.world.clients and self.sections)
    @rule(data=st.data(), writable=st.booleans())
    def map(self, data: st.DataObject, writable: bool) -> None:
        client = data.draw(st.sampled_from(self.world.clients))
        section = self.world.section(data.draw(st.sampled_from(self.sections)))
        base = client.map_section(section, writable=writable)
        assert base.space == client.space.name
        assert client.space.name in section.views

    @precondition(lambda self: self.world.clients)
    @rule(data=st.data(), length=st.sampled_from([0, 1, 4096, 8192, 8193]))
    def allocate_client_buffer(self, data: st.DataObject, length: int) -> None:
        client = data.draw(st.sampled_from(self.world.clients))
        pointer = client.allocate(length, self.world.by("AllocateClientBuffer"))
        if pointer is not None:
            client.space.write(pointer.address, b"r" * length)
            self.buffers.append((client, pointer))

    @precondition(lambda self: self.buffers)
    @rule(data=st.data())
    def free_client_buffer(self, data: st.DataObject) -> None:
        client, pointer = self.buffers.pop(data.draw(st.integers(0, len(self.buffers) - 1)))
        assert client.free(pointer.address, self.world.by("FreeClientBuffer")) is True
        assert client.free(pointer.address, self.world.by("FreeClientBuffer")) is False

    @precondition(lambda self: self.world.clients)
    @rule(data=st.data())
    def client_dies(self, data: st.DataObject) -> None:
        client = self.world.clients.pop(data.draw(st.integers(0, len(self.world.clients) - 1)))
        client.close()
        assert client.space.regions() == ()
        assert client.committed == 0
        self.buffers = [each for each in self.buffers if each[0] is not client]

    # ------------------------------------------------------------------ packages

    @rule(package=PACKAGES)
    def unload(self, package: str) -> None:
        self.world.memory.release_package(package, self.world.now)
        for pointer in [each for each in self.sections if self.objects[each].package == package]:
            self.forget(pointer)
        self.blocks = {block: what for block, what in self.blocks.items() if what[2] != package}
        self.freed = []  # what it left is given back without a caller to remember

    # ------------------------------------------------------------------ after every step

    def charges(self) -> dict[Resource, int]:
        return {each: self.world.machine.in_use(each) for each in Resource}

    @invariant()
    def sound(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.world.check() == []
        live = sorted(
            Pointer(heap.base + block.offset, "lsass")
            for heap in self.world.memory.ledger.heaps()
            for block in heap.allocator.blocks()
        )
        assert live == sorted(self.blocks)
        # The sum once more, from the model's own list and in its own arithmetic.
        mapped = [each for each in self.gone if each.views]
        assert all(client.space.name in each.views for each in mapped for client in self.viewers(each))
        heaps = [each for each in (self.world.memory._lsa_heap, self.world.memory._private_heap) if each is not None]
        commit = sum(each.backing.committed for each in [*self.objects.values(), *mapped, *heaps])
        commit += sum(client.committed for client in self.world.clients)
        pool = sum(512 + 8 * (each.backing.size // 4096) for each in [*self.objects.values(), *mapped])
        addresses = sum(round_up(each.backing.size, 65536) for each in self.objects.values())
        addresses += sum(each.backing.size for each in heaps)
        assert self.charges() == {
            Resource.COMMIT: commit,
            Resource.PAGED_POOL: pool,
            Resource.HANDLES: len(self.sections),
            Resource.ADDRESS_SPACE: addresses,
        }
        by_owner = self.world.machine.statistics().by_owner
        assert all(amount > 0 for amount in by_owner.values())
        for resource, total in self.charges().items():
            assert sum(amount for (_, what), amount in by_owner.items() if what is resource) == total
        for client in self.world.clients:
            if not any(each is client for each, _ in self.buffers):
                assert client.committed == 0, "an idle client holds no pages"

    def viewers(self, section: Section) -> list[ClientMemory]:
        return [each for each in self.world.clients if each.space.name in section.views]

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for client in self.world.clients:
            client.close()
        self.world.memory.close()
        assert self.charges() == dict.fromkeys(Resource, 0)
        assert self.world.machine.statistics().by_owner == {}
        self.world.clients.clear()
        assert self.world.check() == []


TestLsass = Lsass.TestCase
TestLsass.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
