"""Credentials and contexts while schedules are explored: who comes first, every time, and nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
import trio
from sspi import Ssp, acquire, initialize, settings, token

import lsart
from lsart.contract import SEC_E_INVALID_HANDLE, ProcessTerminated, StatusError
from lsart.runtime import Client, Lsa

STRATEGIES = pytest.mark.parametrize("strategy", ["random", "dpor"])


class Yielding(Ssp):
    """Lets others run in the middle of each entry point."""

    async def _enter(self, name: str, given: tuple[Any, ...]) -> Any:
        self.entered.append((name, given))
        await lsart.point("ssp")


def explored(main: Any, strategy: str) -> None:
    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=150, shrink=False)
    assert result.failure is None


def given_back(ssp: Ssp, lsa: Lsa) -> None:
    """Each number once, and nothing left."""
    assert ssp.contexts == {}
    assert ssp.credentials == set()
    numbers = [given for name, given in ssp.entered if name in ("Delete", "Free")]
    assert len(numbers) == len(set(numbers))
    assert len(lsa.contexts) == 0


async def ends_with(awaitable: Awaitable[object], outcomes: set[object]) -> None:
    try:
        await awaitable
        outcomes.add("done")
    except StatusError as error:
        outcomes.add(error.status)
    except ProcessTerminated:
        outcomes.add("terminated")


@STRATEGIES
def test_two_clients_of_one_package_delete_and_use_at_once(strategy: str) -> None:
    outcomes: set[object] = set()

    async def main() -> None:
        ssp = Yielding(messages=3)
        async with lsart.open_lsa(ssp, settings=settings()) as lsa:
            async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
                held: list[tuple[Client, Any, Any]] = []
                for client in (alice, bob):
                    credential = await acquire(client)
                    held.append((client, credential, (await initialize(client, credential)).new_context))
                async with trio.open_nursery() as nursery:
                    for client, credential, context in held:
                        leg = initialize(client, credential, context, token(b"token 2"))
                        nursery.start_soon(ends_with, leg, outcomes, name=f"{client.name} uses")
                    client, _, context = held[0]
                    nursery.start_soon(client.DeleteSecurityContext, context, name="alice deletes")
                assert lsa.check() == []
            await lsa.dispatcher.drain()
            given_back(ssp, lsa)

    explored(main, strategy)
    assert outcomes == {"done", SEC_E_INVALID_HANDLE}


@STRATEGIES
def test_a_process_ends_at_any_moment_of_its_calls(strategy: str) -> None:
    outcomes: set[object] = set()

    async def main() -> None:
        ssp = Yielding(messages=3)
        async with lsart.open_lsa(ssp, settings=settings()) as lsa:
            alice = lsa.start_client("alice")

            async def lives() -> None:
                credential = await acquire(alice)
                context = (await initialize(alice, credential)).new_context
                await alice.DeleteSecurityContext(context)
                await alice.FreeCredentialsHandle(credential)

            async def ends() -> None:
                await trio.lowlevel.checkpoint()
                alice.terminate()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ends_with, lives(), outcomes, name="alice")
                nursery.start_soon(ends, name="the end of alice")
            await lsa.dispatcher.drain()
            assert lsa.check() == []
            given_back(ssp, lsa)

    explored(main, strategy)
    assert "terminated" in outcomes


@STRATEGIES
def test_a_credential_is_freed_while_a_context_is_made_with_it(strategy: str) -> None:
    outcomes: set[object] = set()

    async def main() -> None:
        ssp = Yielding(messages=3)
        async with lsart.open_lsa(ssp, settings=settings()) as lsa, lsa.connect("alice") as alice:
            credential = await acquire(alice)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ends_with, initialize(alice, credential), outcomes, name="alice uses")
                nursery.start_soon(alice.FreeCredentialsHandle, credential, name="alice frees")
            assert lsa.check() == []
            alice.terminate()
            await lsa.dispatcher.drain()
            given_back(ssp, lsa)

    explored(main, strategy)
    assert outcomes == {"done", SEC_E_INVALID_HANDLE}
