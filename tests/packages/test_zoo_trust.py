"""Packages of the zoo that trust what clients can write: a hostile one gets more out of them, not out of the twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from zoos import HARM, Drive, driven

import lsart
from lsart.events import AccessViolated, PackageDisabled
from lsart.memory import LSASS, Access


def between(
    lsa: lsart.Lsa, mallory: lsart.Client, name: str, reads: int, offset: int, data: bytes
) -> Callable[[], None]:
    """Let a client write to the section just before LSASS reads it for the `reads`-th time; returns what ends that."""
    view = mallory.map_section(name)
    (section,) = lsa.memory.sections(name)
    seen = 0

    def strike(access: Access) -> None:
        nonlocal seen
        if access.space == LSASS and access.kind == "read" and section.base <= access.address < section.base + 4096:
            seen += 1
            if seen == reads:
                mallory.process.space.write(view.base.address + offset, data)

    lsa.pacer.add(strike)
    return lambda: lsa.pacer.remove(strike)


def flip(before: bytes, offset: int, changed: bytes, trigger: bytes, reads: int = 2) -> Drive:
    """Write a request at the start of the section, call, and change it at `offset` before the second read of it."""

    async def drive(lsa: lsart.Lsa, name: str) -> bytes:
        async with lsa.connect("mallory") as mallory:
            view = mallory.map_section(name)
            await view.write(0, before)
            honest = await mallory.call(name, trigger)
            assert honest.protocol_status == lsart.STATUS_SUCCESS
            assert honest.data
            end = between(lsa, mallory, name, reads, offset, changed)
            reply = await mallory.call(name, trigger)
            end()
            return reply.data

    return drive


SECRET_OFFSET = (1024).to_bytes(2, "little") + (12).to_bytes(2, "little")
LETTER = b"\3\0\0\0abc" + bytes(57) + b"\x20\0\0\0another's letter"
FETCHES: dict[str, tuple[Drive, Callable[[bytes], bytes], bytes, bytes]] = {
    "double_fetch_flag": (flip(bytes(4), 0, b"\1", b"\0"), bytes, b"MACHINE$the secret of the machine", b"MACHINE$"),
    "double_fetch_length": (
        flip(LETTER, 0, b"\x50", b"\0"),
        lambda data: data[:-32],
        LETTER[4:84],
        b"abc",
    ),
    "double_fetch_offset": (
        flip(b"\0\0\5\0" + bytes(60) + b"alice", 0, SECRET_OFFSET, b"\0"),
        bytes,
        b"the name of ",
        b"alice",
    ),
}
"""Driver, what of the reply to look at, what it is with the defect, and with the twin."""


@pytest.mark.parametrize("is_twin", [False, True], ids=["defect", "twin"])
@pytest.mark.parametrize("name", FETCHES)
def test_a_write_between_the_two_reads_changes_the_outcome(name: str, is_twin: bool) -> None:
    drive, part, harmed, unharmed = FETCHES[name]
    events, reply = driven(name, drive, is_twin=is_twin)
    assert part(reply) == (unharmed if is_twin else harmed)
    assert [each for each in events if isinstance(each, HARM)] == []


def once(content: bytes, trigger: bytes = b"\0") -> Drive:
    """Write a request at the start of the section, and call."""

    async def drive(lsa: lsart.Lsa, name: str) -> Any:
        async with lsa.connect("mallory") as mallory:
            await mallory.call(name, trigger)
            await mallory.map_section(name).write(0, content)
            try:
                reply = await mallory.call(name, trigger)
            except lsart.StatusError:
                return "LSASS is gone"
            return reply.data or reply.protocol_status

    return drive


FAR = (1 << 30).to_bytes(4, "little")
INVALID = lsart.STATUS_INVALID_PARAMETER
HOSTILE: dict[str, tuple[Drive, Any]] = {
    "unchecked_length": (once(FAR), INVALID),
    "unchecked_offset": (once(FAR + bytes(12)), INVALID),
    "unchecked_pointer": (once(FAR + bytes(8)), b"alice".ljust(16)),
}
"""Driver, and what the twin answers."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_takes_lsass_down(name: str) -> None:
    drive, _ = HOSTILE[name]
    events, seen = driven(name, drive, is_twin=False)
    assert seen == "LSASS is gone"
    (violation,) = [each for each in events if isinstance(each, AccessViolated)]
    assert violation.origin.function == "memory.read"
    assert len([each for each in events if isinstance(each, PackageDisabled)]) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_twin_takes_no_hostile_value(name: str) -> None:
    drive, expected = HOSTILE[name]
    events, seen = driven(name, drive, is_twin=True)
    assert seen == expected
    assert [each for each in events if isinstance(each, HARM)] == []


async def aim_at_a_neighbour(lsa: lsart.Lsa, name: str) -> bytes:
    async with lsa.connect("mallory") as mallory:
        view = mallory.map_section(name)
        await view.write(128, (8).to_bytes(4, "little") + b"a secret")
        await view.write(0, (136).to_bytes(4, "little"))
        return (await mallory.call(name, b"\0")).data[:8]


async def aim_at_somebody(lsa: lsart.Lsa, name: str) -> bytes:
    async with lsa.connect("mallory") as mallory:
        view = mallory.map_section(name)
        await view.write(0, await view.read(12, 8))  # bob's address, on alice's card
        return (await mallory.call(name, b"\0")).data


@pytest.mark.parametrize(
    ("name", "drive", "harmed", "unharmed"),
    [
        ("unchecked_length", aim_at_a_neighbour, b"a secret", b""),
        ("unchecked_pointer", aim_at_somebody, b"bob".ljust(16), b"alice".ljust(16)),
    ],
)
def test_a_value_that_was_aimed_well_gets_what_is_not_its_own(
    name: str, drive: Drive, harmed: bytes, unharmed: bytes
) -> None:
    assert driven(name, drive, is_twin=False)[1] == harmed
    assert driven(name, drive, is_twin=True)[1] == unharmed
