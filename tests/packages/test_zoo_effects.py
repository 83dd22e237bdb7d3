"""Defects of the zoo that no event tells of yet: a driver shows what each does to whom, and that the twin does not."""

from __future__ import annotations

from typing import Any

import pytest
from zoos import HARM, Drive, driven

import lsart


async def greet(lsa: lsart.Lsa, name: str) -> int:
    for number in range(5):
        async with lsa.connect(f"client-{number}") as client:
            assert len((await client.call(name, b"hello")).data) == 5
    return len(lsa.memory.sections(name))


async def name_a_neighbour_again(lsa: lsart.Lsa, name: str) -> Any:
    async with lsa.connect("alice") as alice:
        for user, letter in ((0, b"a"), (1, b"b"), (0, b"c")):
            await alice.call(name, bytes((1, user)) + letter * 16)
        assert (await alice.call(name, b"\2\0")).data == b"c" * 16
        reply = await alice.call(name, b"\2\1")
        return reply.data or reply.protocol_status


async def earn_much(lsa: lsart.Lsa, name: str) -> bytes:
    async with lsa.connect("alice") as alice:
        await alice.call(name, b"\1\0" + b"123")
        assert (await alice.call(name, b"\2\0")).data == b"123".rjust(16)
        await alice.call(name, b"\1\1" + b"9" * 18)
        return (await alice.call(name, b"\2\0")).data


async def ask_after_somebody(lsa: lsart.Lsa, name: str) -> bytes:
    async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        await alice.call(name, b"alice's long and secret name....;" + b"x" * 32)
        return (await bob.call(name, b"Bob;IT")).data


EFFECTS: dict[str, tuple[Drive, Any, Any]] = {
    "information_leak": (
        ask_after_somebody,
        b"Bobce's long and secret name....IT" + b"x" * 30,
        b"Bob" + bytes(29) + b"IT" + bytes(30),
    ),
    "overrun": (name_a_neighbour_again, lsart.SEC_E_MESSAGE_ALTERED, b"b" * 16),
    "section_each": (greet, 6, 1),
    "underrun": (earn_much, b"123".rjust(16)[:14] + b"99", b"123".rjust(16)),
}
"""Driver, what it sees with the defect, and with the twin."""


@pytest.mark.parametrize("is_twin", [False, True], ids=["defect", "twin"])
@pytest.mark.parametrize("name", EFFECTS)
def test_the_defect_has_its_effect_and_the_twin_has_not(name: str, is_twin: bool) -> None:
    drive, harmed, unharmed = EFFECTS[name]
    events, seen = driven(name, drive, is_twin=is_twin)
    assert seen == (unharmed if is_twin else harmed)
    assert [each for each in events if isinstance(each, HARM)] == []
