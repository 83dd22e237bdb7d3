"""The user-mode halves of packages, while schedules are explored."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from sealing import SIZES, Sealing, SealingHalf, connected, message

import lsart
from lsart.contract import ProcessTerminated, SecBuffer, SecBufferDesc, StatusError, constants
from lsart.runtime import LsaSettings

SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)
GIVEN = SecBuffer(constants.SECBUFFER_DATA, b"question")


class Forgetful(SealingHalf):
    """Counts its messages, with a step between reading the count and writing it."""

    count = 0

    async def SpMakeSignature(self, context_handle: int, qop: int, message: SecBufferDesc, seq: int) -> None:
        seen = self.count
        await trio.lowlevel.checkpoint()
        self.count = seen + 1


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_two_tasks_of_a_process_meet_in_the_half_that_they_share(strategy: str) -> None:
    found: set[int] = set()

    async def main() -> None:
        package = Sealing(half=Forgetful)
        async with lsart.open_lsa(package, settings=SETTINGS) as lsa, lsa.connect("alice") as alice:
            one, other = await connected(alice), await connected(alice)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(alice.MakeSignature, one, 0, message(b"x"), 0, name="one")
                nursery.start_soon(alice.MakeSignature, other, 0, message(b"x"), 0, name="other")
            found.add(package.halves[0].count)

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert result.failure is None
    assert found == {1, 2}


class Calling(Sealing):
    """Its attribute in LSA is whether a callback worked."""

    async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
        try:
            await self.table.ClientCallback(7, 0, 0, GIVEN)
        except StatusError as error:
            return error.status.name
        return "called back"


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_a_client_can_end_before_during_and_after_a_callback(strategy: str) -> None:
    found: set[str] = set()
    ran: set[tuple[bool, bool]] = set()

    async def main() -> None:
        package = Calling(thunks=(SIZES,))
        steps: list[str] = []

        async def function(*arguments: Any) -> None:
            steps.append("begin")
            await trio.lowlevel.checkpoint()
            steps.append("end")

        async with lsart.open_lsa(package, settings=SETTINGS) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            await package.halves[0].dll.RegisterCallback(7, function)

            async def asks() -> None:
                try:
                    found.add(await alice.QueryContextAttributes(context, SIZES))
                except ProcessTerminated:
                    found.add("ended")
                except StatusError as error:
                    found.add(error.status.name)

            async def ends() -> None:
                await trio.lowlevel.checkpoint()
                alice.terminate()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(asks, name="alice")
                nursery.start_soon(ends, name="the end of alice")
            assert lsa.check() == []
        ran.add(("begin" in steps, "end" in steps))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=400, shrink=False)
    assert result.failure is None
    assert found == {"called back", "ended", "SEC_E_INVALID_HANDLE"}
    assert ran == {(False, False), (True, False), (True, True)}
