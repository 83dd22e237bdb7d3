"""What a package gives back in the wrong shape is told by its shape: it may hold a secret, and a client may read it."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, Scripted, scripted, simulated

import lsart
from lsart.contract import CallPackageReply, StatusError
from lsart.events import PackageDisabled, PackageRefused, describe

SECRET = "hunter2"
REPLIES: list[Any] = [
    SECRET,
    (SECRET, 1),
    (SECRET, 1, 0),
    (None, SECRET, 0),
    (None, 0, SECRET),
    {SECRET: SECRET},
    CallPackageReply(SECRET, SECRET, 0),  # type: ignore[arg-type]  # as it may come
    CallPackageReply(None, 0, SECRET),  # type: ignore[arg-type]  # a wrong type is the point
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda each: type(each).__name__)
@simulated
async def test_neither_the_client_nor_an_event_learns_what_a_wrong_reply_holds(reply: Any, log: Log) -> None:
    package = scripted("a", call=lambda *_: reply)
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect() as client:
        with pytest.raises(StatusError) as caught:
            await client.call("a", b"")
        assert "TypeError: it returned " in str(caught.value)
        assert SECRET not in str(caught.value)
        assert SECRET not in lsa.loader.packages[0].failure
    assert log.one(PackageDisabled).reason.startswith("TypeError: it returned ")
    assert [text for text in map(describe, log.events) if SECRET in text] == []


@pytest.mark.parametrize("slot", ["LsaApInitializePackage", "SpInitialize", "SpGetInfo"])
@simulated
async def test_nor_does_anybody_while_a_package_loads(slot: str, log: Log) -> None:
    kind = type("a", (Scripted,), {slot: lambda *_: {SECRET: SECRET}})
    async with lsart.open_lsa(kind("a"), bus=log.bus) as lsa:
        assert lsa.packages == ()
        assert SECRET not in lsa.refusals[0]
    assert log.one(PackageRefused).reason.startswith("it returned dict; expected ")
    assert [text for text in map(describe, log.events) if SECRET in text] == []
