"""A package that faults between acquire and release leaves its lock locked, as in LSASS, and the event says so."""

from __future__ import annotations

import pytest
import trio
from lsas import Log, simulated

import lsart
from lsart.events import LockOrphaned


class Careless:
    """Takes its lock without a ``with``; fails on request."""

    def __init__(self) -> None:
        self.lock = trio.Lock()
        self.spare = trio.Lock()

    def SpInitialize(self, *_: object) -> None:
        pass

    async def LsaApCallPackageUntrusted(self, request: lsart.ClientRequest, message: bytes, *_: object) -> None:
        async with self.spare:
            await self.lock.acquire()
            if message:
                raise KeyError(message)
            self.lock.release()


@simulated
async def test_a_lock_taken_without_with_stays_locked_and_is_named(log: Log) -> None:
    careless = Careless()
    async with lsart.open_lsa(careless, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        await alice.call("careless", b"")
        assert log.of(LockOrphaned) == []
        with pytest.raises(lsart.StatusError):
            await alice.call("careless", b"fail")
        orphan = log.one(LockOrphaned)
        assert (orphan.lock, orphan.origin.call, orphan.origin.client) == ("careless.lock", 2, "alice")
        assert careless.lock.locked()
        assert not careless.spare.locked()  # `async with` gave this one back
