"""What threads and notifications of packages announce while schedules are explored."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import scripted

import lsart
from lsart.contract import FunctionTable, constants
from lsart.engine import EVERYTHING, Ready, Trace, labelled_primitives, run_schedule
from lsart.runtime import LsaSettings

AT_ONCE = constants.NOTIFIER_TYPE_IMMEDIATE
HANDLE_WAIT = constants.NOTIFIER_TYPE_HANDLE_WAIT
SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)


def explored(main: Any) -> Trace:
    with labelled_primitives():
        trace = run_schedule(main, Ready.canonical)
    assert trace.error is None, trace.error
    return trace


class Keeps:
    """A task of its own drops what is kept; a call looks before it takes. `how` the task is started is the matter."""

    how = "thread"

    def __init__(self) -> None:
        self.kept = {"ticket": 1}

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table
        self.event = table.win32.CreateEvent()
        if self.how == "event":
            await table.RegisterNotification(self.expire, None, HANDLE_WAIT, 0, 0, 0, self.event)

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo("keeps")

    async def expire(self, _: object) -> None:
        self.kept.clear()

    async def LsaApCallPackageUntrusted(self, request: object, message: bytes, *_: object) -> None:
        if message == b"start":
            if self.how == "thread":
                await self.table.CreateThread(None, 0, self.expire, None, 0)
            elif self.how == "immediate":
                await self.table.RegisterNotification(self.expire, None, AT_ONCE, 0, 0, 0, None)
            else:
                assert self.event is not None
                self.table.win32.SetEvent(self.event)
        elif "ticket" in self.kept:
            await trio.lowlevel.checkpoint()
            del self.kept["ticket"]


@pytest.mark.parametrize("how", ["thread", "immediate", "event"])
@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_what_they_do_counts_as_touching_the_state_of_their_package(how: str, strategy: str) -> None:
    kind: type[Keeps] = type("Kept", (Keeps,), {"how": how})

    async def main() -> None:
        async with lsart.open_lsa(kind, settings=SETTINGS) as lsa, lsa.connect("alice") as alice:
            for message in (b"start", b""):
                await alice.call("keeps", message)

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=5000, shrink=False)
    assert found.failure is not None
    assert "KeyError" in str(found.failure.symptom)


def test_the_slots_announce_what_of_lsa_they_change() -> None:
    async def call(table: FunctionTable, *_: object) -> None:
        made = await table.CreateThread(None, 0, lambda _: None, None, 0)
        handle = await table.RegisterNotification(lambda _: None, None, constants.NOTIFIER_TYPE_INTERVAL, 0, 0, 9, None)
        assert made is not None
        assert handle is not None
        await table.CancelNotification(handle)
        table.win32.CloseHandle(made[0])
        await trio.sleep(0.1)  # the thread runs before it would be ended
        await table.UnloadPackage()

    async def main() -> None:
        package = scripted("a", call=call)
        async with lsart.open_lsa(package, settings=SETTINGS) as lsa, lsa.connect("alice") as alice:
            await alice.call("a", b"")
            await trio.sleep(1)

    trace = explored(main)
    announced = [str(label) for label in trace.labels.values()]
    for what in (
        "start a thread of a",
        "enter <lambda> of a",
        "register a notification of a",
        "cancel a notification of a",
        "unload a",
    ):
        assert what in announced
    touched = {label.resource for _, label in trace.touched}
    assert {"the notifications of LSA", "the handles of LSASS", "the commit of the machine"} <= touched
    owners = [label for _, _, label in trace.owned if label is not None]
    assert owners.count(EVERYTHING) == 2  # opening the module, and the end of the package


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_a_client_that_calls_while_a_package_unloads_is_served_or_refused(strategy: str) -> None:
    seen: set[str] = set()

    async def call(table: FunctionTable, request: object, message: bytes) -> None:
        if message == b"unload":
            await table.UnloadPackage()

    async def main() -> None:
        package = scripted("a", call=call)
        async with (
            lsart.open_lsa(package, settings=SETTINGS) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
            trio.open_nursery() as nursery,
        ):

            async def calls() -> None:
                try:
                    await bob.call("a", b"")
                    seen.add("served")
                except lsart.StatusError as error:
                    seen.add(error.status.name)

            nursery.start_soon(alice.call, "a", b"unload")
            nursery.start_soon(calls)

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert found.failure is None, found.failure
    assert seen == {"served", "STATUS_NO_SUCH_PACKAGE"}
