"""Real bytes: what was written is read back wherever it is mapped, before and after growth and export."""

from __future__ import annotations

import os

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsart.contract import AccessViolation
from lsart.memory import AddressSpace, Backing, Protection, Region

PAGE = 4096
OFFSETS = st.one_of(st.integers(0, 4 * PAGE), st.sampled_from([0, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 3]))


@attrs.define(eq=False)
class Modelled:
    """A backing and the bytes that it should hold."""

    backing: Backing
    content: bytearray
    is_exported: bool = False


class Bytes(RuleBasedStateMachine):
    """Backings, shared and private, in several spaces, under all protections."""

    def __init__(self) -> None:
        super().__init__()
        self.backings: list[Modelled] = []
        self.spaces = [AddressSpace(name, start=0x1_0000_0000 * (number + 1)) for number, name in enumerate("abc")]
        self.regions: list[tuple[AddressSpace, Region, Modelled]] = []

    @precondition(lambda self: len(self.backings) < 4)
    @rule(pages=st.integers(1, 4), committed=st.integers(0, 4), shared=st.booleans())
    def make(self, pages: int, committed: int, shared: bool) -> None:
        backing = Backing(pages * PAGE, shared=shared)
        backing.commit(min(committed, pages) * PAGE)
        self.backings.append(Modelled(backing, bytearray(backing.committed)))

    @precondition(lambda self: self.backings)
    @rule(data=st.data(), protection=st.sampled_from(Protection))
    def map(self, data: st.DataObject, protection: Protection) -> None:
        space = data.draw(st.sampled_from(self.spaces))
        modelled = data.draw(st.sampled_from(self.backings))
        region = space.map(modelled.backing, f"region-{len(self.regions)}", protection=protection)
        self.regions.append((space, region, modelled))

    @precondition(lambda self: self.regions)
    @rule(data=st.data())
    def unmap(self, data: st.DataObject) -> None:
        space, region, _ = self.regions.pop(data.draw(st.integers(0, len(self.regions) - 1)))
        space.unmap(region)
        with pytest.raises(AccessViolation, match="nothing is mapped there"):
            space.read(region.base, 1)

    @precondition(lambda self: self.backings)
    @rule(data=st.data(), pages=st.integers(0, 4))
    def grow(self, data: st.DataObject, pages: int) -> None:
        modelled = data.draw(st.sampled_from(self.backings))
        more = min(pages * PAGE, modelled.backing.size - modelled.backing.committed)
        modelled.backing.commit(modelled.backing.committed + more)
        modelled.content.extend(bytes(more))

    @precondition(lambda self: self.backings)
    @rule(data=st.data())
    def export(self, data: st.DataObject) -> None:
        modelled = data.draw(st.sampled_from(self.backings))
        if isinstance(modelled.backing.data, bytearray):
            with pytest.raises(OSError, match="private memory cannot be exported"):
                modelled.backing.export()
            return
        modelled.backing.export()
        modelled.is_exported = True

    @precondition(lambda self: self.regions)
    @rule(data=st.data(), offset=OFFSETS, content=st.binary(max_size=64) | st.just(b"p" * PAGE) | st.just(b"q" * 5000))
    def write(self, data: st.DataObject, offset: int, content: bytes) -> None:
        space, region, modelled = data.draw(st.sampled_from(self.regions))
        fits = offset + len(content) <= len(modelled.content)
        try:
            space.write(region.base + offset, content)
        except AccessViolation:
            assert region.protection is not Protection.READ_WRITE or not fits
        else:
            assert region.protection is Protection.READ_WRITE
            assert fits
            modelled.content[offset : offset + len(content)] = content

    @precondition(lambda self: any(each.is_exported for each in self.backings))
    @rule(data=st.data(), offset=OFFSETS, content=st.binary(min_size=1, max_size=64))
    def write_through_the_file(self, data: st.DataObject, offset: int, content: bytes) -> None:
        modelled = data.draw(st.sampled_from([each for each in self.backings if each.is_exported]))
        if offset + len(content) <= len(modelled.content):
            os.pwrite(modelled.backing.export().descriptor, content, offset)
            modelled.content[offset : offset + len(content)] = content

    @invariant()
    def every_view_shows_the_same_bytes(self) -> None:
        for space, region, modelled in self.regions:
            if region.protection is Protection.NO_ACCESS:
                continue
            committed = len(modelled.content)
            assert space.read(region.base, committed) == modelled.content
            if committed < modelled.backing.size:
                with pytest.raises(AccessViolation, match=f"committed only up to {committed} bytes"):
                    space.read(region.base + committed, 1)
        for modelled in self.backings:
            if modelled.is_exported:
                descriptor = modelled.backing.export().descriptor
                assert os.pread(descriptor, len(modelled.content), 0) == modelled.content

    def teardown(self) -> None:
        for space, region, _ in self.regions:
            space.unmap(region)
        for modelled in self.backings:
            modelled.backing.close()


TestBytes = Bytes.TestCase
TestBytes.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
