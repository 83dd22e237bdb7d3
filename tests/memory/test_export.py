"""An exported section: a second operating-system process maps it, and both see the same bytes."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from worlds import World

from lsart.contract import AccessViolation
from lsart.memory import Backing, Export

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="looks at Linux's descriptors and mappings")

# Reads commands from its input, one per line: "read OFFSET LENGTH" answers in hexadecimal, "write OFFSET HEX" "done".
OTHER_PROCESS = """
import sys
from lsart.memory import Export
bytes_of = Export(-1, sys.argv[1], int(sys.argv[2])).open()
for line in sys.stdin:
    what, offset, last = line.split()
    start = int(offset)
    if what == "read":
        print(bytes_of[start:start + int(last)].hex(), flush=True)
    else:
        data = bytes.fromhex(last)
        bytes_of[start:start + len(data)] = data
        print("done", flush=True)
"""


class Other:
    """The other process."""

    def __init__(self, export: Export) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, export.path, str(export.size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def read(self, offset: int, length: int) -> bytes:
        return bytes.fromhex(self.ask(f"read {offset} {length}"))

    def write(self, offset: int, data: bytes) -> None:
        assert self.ask(f"write {offset} {data.hex()}") == "done"


@contextmanager
def other_process(export: Export) -> Iterator[Other]:
    other = Other(export)
    try:
        yield other
    finally:
        assert other.process.stdin is not None
        assert other.process.stdout is not None
        other.process.stdin.close()
        other.process.wait(timeout=30)
        other.process.stdout.close()


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def test_both_processes_see_what_either_wrote_before_and_after_the_export() -> None:
    world = World()
    section = world.create(1 << 20, 8192)
    before = world.allocate(section, 100)
    world.memory.space.write(before.address, b"written before the export")
    alice = world.client()
    view = alice.map_section(world.section(section))
    export = world.section(section).export()
    with other_process(export) as other:
        assert other.read(before - section, 25) == b"written before the export"
        world.memory.space.write(before.address, b"written AFTER  the export")
        assert other.read(before - section, 25) == b"written AFTER  the export"
        other.write(5000, b"from the other process")
        assert world.memory.space.read(section.address + 5000, 22) == b"from the other process"
        assert alice.space.read(view.address + 5000, 22) == b"from the other process"
        alice.space.write(view.address + 5000, b"and back from a client")
        assert other.read(5000, 22) == b"and back from a client"
    world.memory.close()


def test_a_section_keeps_its_address_its_blocks_and_its_growth_when_it_is_exported() -> None:
    world = World()
    section = world.create(1 << 20, 4096)
    blocks = [world.allocate(section, 1000) for _ in range(3)]
    export = world.section(section).export()
    assert world.section(section).base == section.address
    assert world.check() == []
    assert [world.section(section).block_at(each.address) is not None for each in blocks] == [True] * 3
    with pytest.raises(AccessViolation, match="committed only up to 4096 bytes"):
        world.memory.space.write(section.address + 4096, b"x")
    late = world.allocate(section, 500_000)
    world.memory.space.write(late.address + 499_990, b"after grow")
    with other_process(export) as other:
        assert other.read(late - section + 499_990, 10) == b"after grow"
    assert world.check() == []
    world.memory.close()


def test_the_bytes_move_into_a_file_at_the_same_place_of_this_process() -> None:
    backing = Backing(65536, shared=True)
    backing.commit(8192)
    assert not isinstance(backing.data, bytearray)

    def address() -> int:
        return ctypes.addressof(ctypes.c_char.from_buffer(backing.data))

    before = address()
    backing.data[:5] = b"bytes"
    export = backing.export()
    assert address() == before
    assert ctypes.string_at(before, 5) == b"bytes"
    mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if line.startswith(f"{before:x}-")]
    assert len(mapped) == 1
    assert "memfd:lsart-section" in mapped[0]
    assert os.pread(export.descriptor, 5, 0) == b"bytes"
    backing.close()


def test_a_second_export_is_the_first() -> None:
    backing = Backing(65536, shared=True)
    assert backing.export() is backing.export()
    backing.close()


def test_exporting_costs_one_descriptor_and_closing_gives_it_back() -> None:
    world = World()
    pointers = [world.create() for _ in range(3)]
    before = descriptors()
    for pointer in pointers:
        world.section(pointer).export()
    assert len(descriptors() - before) == 3
    assert world.delete(pointers[0])
    assert len(descriptors() - before) == 2
    world.memory.close()
    assert descriptors() == before


def test_a_big_section_is_exported_whole_and_what_nobody_touched_stays_unused() -> None:
    size = 3 << 30  # more than one write of Linux takes
    backing = Backing(size, shared=True)
    backing.commit(64 << 20)
    assert not isinstance(backing.data, bytearray)
    marks = {0: b"first", (33 << 20) - 2: b"across two chunks", (64 << 20) - 4: b"last"}
    for offset, content in marks.items():
        backing.data[offset : offset + len(content)] = content
    export = backing.export()
    assert export.size == os.stat(export.descriptor).st_size == size
    assert os.stat(export.descriptor).st_blocks * 512 < 8 << 20, "pages of zeros take no room in the file"
    for offset, content in marks.items():
        assert os.pread(export.descriptor, len(content), offset) == content
        assert backing.data[offset : offset + len(content)] == content
    backing.commit(size)
    backing.data[size - 1] = 7
    assert os.pread(export.descriptor, 1, size - 1) == b"\x07"
    backing.close()


def test_a_failed_export_leaves_the_section_as_it_was_and_no_descriptor_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backing = Backing(65536, shared=True)
    backing.commit(65536)
    backing.data[100:104] = b"kept"
    before = descriptors()

    def full(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            backing.export()
    assert descriptors() == before
    assert backing.data[100:104] == b"kept"
    assert backing.export().size == 65536, "the next try works"
    backing.close()


def test_a_section_whose_bytes_are_gone_says_so_and_not_that_it_was_private() -> None:
    world = World()
    pointer = world.create()
    section = world.section(pointer)
    alice = world.client()
    alice.map_section(section)
    world.delete(pointer)
    assert section.export() is section.export(), "a view keeps the bytes"
    alice.close()
    with pytest.raises(OSError, match="the section was deleted and nobody has it mapped any more"):
        section.export()


def test_private_memory_is_not_shared_with_anybody() -> None:
    with pytest.raises(OSError, match="private memory cannot be exported; only a section is shared"):
        Backing(4096, shared=False).export()
