"""Any sequence of what packages and clients do with memory of clients: every byte is where its owner put it.

A whole LSA with two clients per example, and a book of every block that lives: whose it is, who may free it, what it
holds. Packages lie about lengths and use pointers of the other client; clients free what is not theirs, and die.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsas import in_use, scripted, status_of

import lsart
from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_SUCCESS,
    AccessViolation,
    Choices,
    ClientRequest,
    FunctionTable,
    Pointer,
    ProcessTerminated,
    StatusError,
)
from lsart.memory import MachineLimits
from lsart.runtime import Client, LsaSettings

QUOTA = 1 << 16
FAR = 1 << 30  # beyond the heaps of any client
NOWHERE = Pointer(16, "nowhere")

# Which of the pointers that anybody ever had, the newest first; negative, its number in another address space.
WHICH = st.one_of(st.integers(0, 2), st.integers(-12, 12))
# A process that ended has nothing to show, so few do.
OPERATIONS = (
    *["allocate"] * 4,
    *["copy to"] * 4,
    *["copy from"] * 4,
    *["free"] * 2,
    *["free reply"] * 2,
    *["allocate own"] * 2,
    *["free own"] * 2,
    "use an old request",
    "die",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(OPERATIONS),
        WHICH,
        st.integers(1, 300),
        st.sampled_from([0, 0, 0, 1, 40, 5000, FAR]),  # how much too long
    ),
    min_size=4,
    max_size=12,
)
CALLS = st.lists(
    st.tuples(st.integers(0, 1), WHICH, st.sampled_from([None, 0, 1, 100, FAR]), STEPS), min_size=2, max_size=6
)


@attrs.define
class Block:
    """A block that lives: who may free it is said by who allocated it."""

    content: bytearray
    is_own: bool


@attrs.define
class Process:
    """A client, and what it must have."""

    client: Client
    blocks: dict[int, Block] = attrs.field(factory=dict)

    def spans(self, address: int, length: int) -> list[tuple[Block, int, int, int]]:
        """Which parts of which blocks a range covers: the block, start and end in it, start in the range."""
        found = []
        for start, block in self.blocks.items():
            low, high = max(address, start), min(address + length, start + len(block.content))
            if low < high:
                found.append((block, low - start, high - start, low - address))
        return found

    def end(self) -> None:
        self.client.terminate()
        self.blocks.clear()


async def outcome(awaited: Awaitable[object]) -> tuple[lsart.NTSTATUS, object]:
    """The status of a function, and what it returned."""
    try:
        result = await awaited
    except StatusError as error:
        return error.status, None
    return STATUS_SUCCESS, result


class Book:
    """Does each step, and knows what must come of it."""

    def __init__(self, lsa: lsart.Lsa) -> None:
        self.lsa = lsa
        self.started = 0
        self.choices: Choices = lsa.settings.choices
        self.processes = [self.start("alice"), self.start("bob")]
        self.pointers: list[Pointer] = [NOWHERE]
        self.requests: list[ClientRequest] = []
        self.fill = 0

    def start(self, name: str) -> Process:
        self.started += 1
        client = self.lsa.start_client(f"{name}-{self.started}")
        client.connect(trusted=False)
        return Process(client)

    def pick(self, number: int) -> Pointer:
        pointer = self.pointers[-1 - abs(number) % len(self.pointers)]
        if number >= 0:
            return pointer
        spaces = ["lsass", *(each.client.name for each in self.processes)]
        return Pointer(pointer.address, spaces[(spaces.index(pointer.space) + 1) % 3 if pointer.space in spaces else 0])

    def owner(self, pointer: Pointer) -> Process | None:
        return next((each for each in self.processes if each.client.name == pointer.space), None)

    def block_at(self, process: Process, pointer: Pointer) -> Block | None:
        return process.blocks.get(pointer.address) if pointer.space == process.client.name else None

    def add(self, process: Process, pointer: Pointer, size: int, *, is_own: bool) -> None:
        assert pointer.space == process.client.name
        assert process.spans(pointer.address, size) == [], "it overlaps a block that lives"
        content = bytearray(process.client.process.space.read(pointer.address, size))
        process.blocks[pointer.address] = Block(content, is_own)
        self.pointers.append(pointer)

    def replace_the_dead(self) -> None:
        for index, process in enumerate(self.processes):
            if not process.client.is_alive:
                self.processes[index] = self.start(process.client.name.split("-")[0])

    def check(self) -> None:
        for process in self.processes:
            memory = process.client.process
            for address, block in process.blocks.items():
                assert memory.space.read(address, len(block.content)) == block.content
            if not process.blocks:
                assert memory.committed == 0

    # ------------------------------------------------------------------ one step of a package, or of a client meanwhile

    async def step(
        self,
        table: FunctionTable,
        request: ClientRequest,
        process: Process,
        step: tuple[str, int, int, int],
    ) -> None:
        operation, number, size, excess = step
        pointer, client = self.pick(number), process.client
        if operation == "allocate":
            await self.allocate(table, request, process, size)
        elif operation == "copy to":
            await self.copy_to(table, request, process, pointer, size, excess)
        elif operation == "copy from":
            await self.copy_from(table, request, process, pointer, size + excess)
        elif operation == "free":
            status, _ = await outcome(table.FreeClientBuffer(request, pointer))
            self.freed(process, pointer, status, self.choices.free_client_buffer_unknown)
        elif operation == "free reply":
            status, _ = await outcome(client.LsaFreeReturnBuffer(pointer))
            self.freed(process, pointer, status, self.choices.return_buffer_unknown)
        elif operation == "allocate own":
            own = client.memory.allocate(size)
            assert (own is not None) is client.is_alive
            if own is not None:
                self.add(process, own, size, is_own=True)
        elif operation == "free own":
            block = self.block_at(process, pointer)
            assert client.memory.free(pointer) is (block is not None and block.is_own)
            if block is not None and block.is_own:
                del process.blocks[pointer.address]
        elif operation == "use an old request":
            await self.use_old(table, pointer)
        else:
            process.end()
            assert client.process.committed == 0

    async def allocate(self, table: FunctionTable, request: ClientRequest, process: Process, size: int) -> None:
        status, pointer = await outcome(table.AllocateClientBuffer(request, size))
        if status == STATUS_SUCCESS:
            assert process.client.is_alive
            assert isinstance(pointer, Pointer)
            self.add(process, pointer, size, is_own=False)
        else:
            assert (status, process.client.is_alive) == (STATUS_NO_MEMORY, False)

    async def copy_to(
        self, table: FunctionTable, request: ClientRequest, process: Process, pointer: Pointer, size: int, excess: int
    ) -> None:
        self.fill = self.fill % 255 + 1
        data = bytes([self.fill]) * min(size + excess, 8192)
        if len(data) < size + excess:  # a length that the package itself does not have faults in LSASS
            with pytest.raises(AccessViolation):
                await table.CopyToClientBuffer(request, size + excess, pointer, data)
            return
        status, _ = await outcome(table.CopyToClientBuffer(request, len(data), pointer, data))
        is_there = self.is_there(process, pointer, len(data))
        if status == STATUS_SUCCESS:
            assert is_there is not False
            for block, start, end, _ in process.spans(pointer.address, len(data)):
                block.content[start:end] = data[: end - start]
        else:
            assert status == self.choices.copy_to_client_invalid
            assert is_there is not True

    async def copy_from(
        self, table: FunctionTable, request: ClientRequest, process: Process, pointer: Pointer, length: int
    ) -> None:
        is_there = self.is_there(process, pointer, length)
        status, data = await outcome(table.CopyFromClientBuffer(request, length, pointer))
        if status == STATUS_SUCCESS:
            assert is_there is not False
            assert isinstance(data, bytes)
            self.compare(process, pointer, data, length)
        else:
            assert status == self.choices.copy_from_client_invalid
            assert is_there is not True

    def compare(self, process: Process, pointer: Pointer, data: bytes, length: int) -> None:
        assert len(data) == length
        for block, start, end, offset in process.spans(pointer.address, length):
            assert data[offset : offset + end - start] == block.content[start:end]

    def is_there(self, process: Process, pointer: Pointer, length: int) -> bool | None:
        """Whether a range can be touched; None where only the pages can say, as it leaves the block it begins in."""
        if not process.client.is_alive or pointer.space != process.client.name or length >= FAR:
            return False
        block = self.block_at(process, pointer)
        return True if block is not None and length <= len(block.content) else None

    def freed(self, process: Process, pointer: Pointer, status: lsart.NTSTATUS, unknown: lsart.NTSTATUS) -> None:
        block = self.block_at(process, pointer)
        if block is None or block.is_own:
            assert status == unknown
        else:
            assert status == STATUS_SUCCESS
            del process.blocks[pointer.address]

    async def use_old(self, table: FunctionTable, pointer: Pointer) -> None:
        for old in self.requests[-3:-1]:
            for call in (
                table.AllocateClientBuffer(old, 8),
                table.FreeClientBuffer(old, pointer),
                table.CopyToClientBuffer(old, 1, pointer, b"!"),
                table.CopyFromClientBuffer(old, 1, pointer),
            ):
                assert await status_of(call) == STATUS_INVALID_PARAMETER

    # ------------------------------------------------------------------ one call

    async def call(self, who: int, number: int, excess: int | None, received: list[bytes]) -> None:
        """Send nothing, or what lies at a pointer, for a length that may be a lie."""
        process, pointer = self.processes[who], self.pick(number)
        client = process.client
        if excess is None:
            with suppress(ProcessTerminated):
                await client.LsaCallAuthenticationPackage(client.handle, 0, None)
            return
        block = self.block_at(process, pointer)
        length = (len(block.content) if block is not None else 1) + excess
        is_there = self.is_there(process, pointer, length)
        before = [
            (block, offset, bytes(block.content[start:end]))
            for block, start, end, offset in process.spans(pointer.address, length)
        ]
        entered = len(received)
        with suppress(ProcessTerminated):
            status, _ = await outcome(client.LsaCallAuthenticationPackage(client.handle, 0, pointer, length))
            assert status in (STATUS_SUCCESS, STATUS_ACCESS_VIOLATION)
        if len(received) == entered:
            assert status == STATUS_ACCESS_VIOLATION
            assert is_there is not True
        else:
            assert is_there is not False
            assert len(received[-1]) == length
            for _, offset, content in before:
                assert received[-1][offset : offset + len(content)] == content


@given(CALLS)
def test_memory_of_clients_holds_what_its_owners_put_there_and_is_given_back(
    calls: list[tuple[int, int, int | None, list[tuple[str, int, int, int]]]],
) -> None:
    async def main() -> None:
        received: list[bytes] = []
        current: list[tuple[int, list[tuple[str, int, int, int]]]] = []
        failures: list[BaseException] = []

        async def serve(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            who, steps = current[-1]
            process = book.processes[who]
            received.append(message)
            book.requests.append(request)
            try:
                for step in steps:
                    await book.step(table, request, process, step)
                    book.check()
            except Exception as error:  # else it would count as a fault of the package, and be lost
                failures.append(error)

        settings = LsaSettings(machine=MachineLimits(client_quota=QUOTA), watchdog=None)
        async with lsart.open_lsa(scripted("a", call=serve), settings=settings) as lsa:
            book = Book(lsa)
            for who, number, excess, steps in calls:
                current.append((who, steps))
                await book.call(who, number, excess, received)
                if failures:
                    raise failures[0]
                book.replace_the_dead()
                book.check()
            for process in book.processes:
                process.end()
            assert in_use(lsa) == {}

    lsart.run(main, seed=0)
