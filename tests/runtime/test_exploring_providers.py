"""Providers that LSA does not have, while schedules are explored: what two threads of a process do there meets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trio
from explored import settings

import lsart
from lsart.runtime import Registry

DLL = """
import trio
from lsart.contract import SecHandle, SecPkgInfo

class Table:
    def __init__(self):
        self.count = 0

    def EnumerateSecurityPackages(self):
        return [SecPkgInfo("counter")]

    async def AcquireCredentialsHandle(self, *given):
        before = self.count
        await trio.lowlevel.checkpoint()
        self.count = before + 1
        return SecHandle(self.count, 1), self.count

InitSecurityInterface = Table
"""


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_what_a_provider_keeps_in_a_process_is_shared_by_its_threads(strategy: str, tmp_path: Path) -> None:
    """The second of two handles is one too many only if the calls do not overlap; labels must not hide that."""
    (tmp_path / "counter.py").write_text(DLL, "utf-8")

    async def main() -> None:
        counts: list[int | None] = []
        registry = Registry(security_providers=[f"{tmp_path}/counter.dll"])
        async with lsart.open_lsa(registry=registry, settings=settings()) as lsa, lsa.connect("alice") as alice:

            async def acquires() -> None:
                counts.append((await alice.AcquireCredentialsHandle(None, "counter", 3))[1])

            await alice.EnumerateSecurityPackages()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(acquires)
                nursery.start_soon(acquires)
        assert sorted(map(int, filter(None, counts))) != [1, 1], "they overlapped"

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=2000, shrink=False)
    assert found.failure is not None
    assert "they overlapped" in str(found.failure.symptom)
    del sys.modules["lsart_loaded_counter"]
