"""A deadlock names who waits for which call, for a worker, or in which entry point of which package."""

from __future__ import annotations

import pytest
import trio
from lsas import scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable
from lsart.runtime import LsaSettings


def test_calls_that_wait_for_each_other_exhaust_the_pool_and_the_deadlock_names_it() -> None:
    go = trio.Event()

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message == b"go":
            go.set()
        else:
            await go.wait()

    async def main() -> None:
        settings = LsaSettings(workers=2)
        async with lsart.open_lsa(scripted("a", call=call), settings=settings) as lsa, trio.open_nursery() as nursery:
            for name, message in (("x", b""), ("y", b""), ("z", b"go")):
                client = lsa.start_client(name)
                client.connect(trusted=False)
                nursery.start_soon(client.call, "a", message, name=name)
                await trio.sleep(0.001)

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    lines = str(caught.value).splitlines()
    assert "  z waits for a free worker; all 2 serve x, y" in lines
    assert "  x waits for the reply of 'a' to call 1, held by LSA worker 1" in lines
    assert any(each.startswith("  LSA worker 1 waits for Event 'go'") for each in lines)


def test_a_package_that_calls_a_package_waits_for_its_reply_like_any_client() -> None:
    async def main() -> None:
        async def outer(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            await inner.call("b", b"")

        async def stuck(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            await trio.Event().wait()

        packages = scripted("a", call=outer), scripted("b", call=stuck)
        async with lsart.open_lsa(*packages) as lsa, lsa.connect() as client, lsa.connect() as inner:
            await client.call("a", b"")

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    waits = {each.task.rpartition(".")[2]: (each.waits_for, each.held_by) for each in caught.value.waits}
    assert waits["main"] == ("the reply of 'a' to call 1", "LSA worker 1")
    assert waits["LSA worker 1"] == ("the reply of 'b' to call 2", "LSA worker 2")


def test_a_package_that_never_ends_its_initialization_is_named_with_the_entry_point() -> None:
    async def main() -> None:
        async with lsart.open_lsa(scripted("good"), scripted("stuck", initialize=lambda table: trio.sleep_forever())):
            pass

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    (line,) = str(caught.value).splitlines()[1:]
    assert line.endswith("main in SpInitialize of package 'stuck' waits for sleep_forever")
