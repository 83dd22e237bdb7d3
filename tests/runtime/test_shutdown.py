"""Whatever ends the LSA, calls are drained first, then every package shuts down, in reverse order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import (
    STATUS_NO_SUCH_PACKAGE,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    Choices,
    FunctionTable,
    LsassTerminated,
    PackageState,
    StatusError,
)
from lsart.events import BlockLeaked, CallFinished, PackageShutDown, PackageUnloaded, SectionLeaked
from lsart.runtime import Costs, LsaSettings

SECOND = 1_000_000_000


class BoomError(Exception):
    pass


def three(ends: list[str]) -> list[object]:
    def shutdown(name: str) -> Callable[[], None]:
        return lambda: ends.append(name)

    return [scripted(name, shutdown=shutdown(name)) for name in ("a", "b", "c")]


@pytest.mark.rule("LSQ-22", "SPS-1")
@simulated
async def test_packages_shut_down_in_reverse_order_and_then_unload(log: Log) -> None:
    ends: list[str] = []
    async with lsart.open_lsa(*three(ends), bus=log.bus):
        assert ends == []
    assert ends == ["c", "b", "a"]
    told = [
        (type(each).__name__, each.package)
        for each in log.events
        if isinstance(each, PackageShutDown | PackageUnloaded)
    ]
    assert told == [(kind, name) for name in "cba" for kind in ("PackageShutDown", "PackageUnloaded")]


@pytest.mark.parametrize(
    "error", [BoomError("x"), KeyboardInterrupt(), SystemExit(3)], ids=lambda each: type(each).__name__
)
@simulated
async def test_an_error_of_the_body_shuts_down_and_comes_out_as_it_was(error: BaseException) -> None:
    ends: list[str] = []
    with pytest.raises(type(error)) as caught:
        async with lsart.open_lsa(*three(ends)):
            raise error
    assert caught.value is error
    assert ends == ["c", "b", "a"]


@simulated
async def test_a_cancelled_body_shuts_down_all_the_same() -> None:
    ends: list[str] = []
    with trio.move_on_after(1) as scope:
        async with lsart.open_lsa(*three(ends)):
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert ends == ["c", "b", "a"]


@simulated
async def test_cancelling_around_the_lsa_does_not_stop_package_code() -> None:
    log: list[str] = []

    async def call(table: FunctionTable, *_: object) -> None:
        await trio.sleep(2)
        log.append("call finished")

    package = scripted("a", call=call, shutdown=lambda: log.append("shut down"))
    with trio.move_on_after(1):
        async with lsart.open_lsa(package) as lsa, lsa.connect() as client:
            await client.call("a", b"")
    assert log == ["call finished", "shut down"]
    assert lsart.now_ns() == 2 * SECOND


@simulated
async def test_shutdown_waits_for_calls_and_cancels_them_only_after_the_grace_period(log: Log) -> None:
    order: list[str] = []

    async def call(table: FunctionTable, request: object, message: bytes) -> None:
        seconds = int(message)
        try:
            await trio.sleep(seconds)
            order.append(f"{seconds} s finished")
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)  # cleaning up takes its time
            order.append(f"{seconds} s cleaned up")

    package = scripted("a", call=call, shutdown=lambda: order.append("shut down"))
    async with trio.open_nursery() as nursery:
        async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(grace=5 * SECOND)) as lsa:
            outcomes: dict[int, str] = {}

            async def client(seconds: int) -> None:
                async with lsa.connect() as each:
                    try:
                        await each.call("a", b"%d" % seconds)
                        outcomes[seconds] = "answered"
                    except StatusError as error:
                        outcomes[seconds] = str(error)

            nursery.start_soon(client, 3)
            nursery.start_soon(client, 30)
            await trio.sleep(1)
        assert order == ["3 s finished", "3 s cleaned up", "30 s cleaned up", "shut down"]
        assert lsart.now_ns() == 7 * SECOND  # 1 s of work, 5 s of grace, 1 s of cleaning up
    assert outcomes[3] == "answered"
    assert outcomes[30] == f"{STATUS_UNSUCCESSFUL!r}: the LSA is shutting down"
    assert sorted(each.status for each in log.of(CallFinished)) == [STATUS_SUCCESS, STATUS_UNSUCCESSFUL]


@simulated
async def test_no_call_is_taken_while_the_lsa_drains() -> None:
    async def call(table: FunctionTable, *_: object) -> None:
        await trio.sleep(2)

    statuses: list[str] = []
    async with trio.open_nursery() as nursery, lsart.open_lsa(scripted("a", call=call)) as lsa:
        client = lsa.start_client()
        client.connect(trusted=False)

        async def late() -> None:
            await trio.sleep(1)
            with pytest.raises(StatusError) as caught:
                await client.call("a", b"")
            statuses.append(caught.value.status.name)

        nursery.start_soon(client.call, "a", b"")
        nursery.start_soon(late)
        await trio.sleep(0.5)
    assert statuses == [STATUS_NO_SUCH_PACKAGE.name]


@simulated
async def test_calls_that_still_queue_at_the_end_are_answered_too(log: Log) -> None:
    statuses: list[str] = []

    async def client(lsa: lsart.Lsa) -> None:
        async with lsa.connect() as each:
            with pytest.raises(StatusError) as caught:
                await each.call("a", b"")
            statuses.append(caught.value.status.name)

    async def call(*_: object) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        settings = LsaSettings(workers=2, grace=SECOND)
        async with lsart.open_lsa(scripted("a", call=call), bus=log.bus, settings=settings) as lsa:
            for _ in range(5):
                nursery.start_soon(client, lsa)
            await trio.sleep(1)
            assert (lsa.dispatcher.queue_length, lsa.dispatcher.in_flight, lsa.dispatcher.workers) == (3, 5, 2)
    assert statuses == ["STATUS_UNSUCCESSFUL"] * 5
    assert len(log.of(CallFinished)) == 5
    assert lsa.dispatcher.in_flight == 0
    assert in_use(lsa) == {}


async def hang() -> None:
    await trio.sleep_forever()


def fail() -> Any:
    raise BoomError("at the end")


def a_status() -> Any:
    raise StatusError(STATUS_NO_SUCH_PACKAGE)


@pytest.mark.rule("SPS-4")
@pytest.mark.parametrize(
    ("shutdown", "status", "reason", "takes"),
    [
        (lambda: None, STATUS_SUCCESS, "", 0),
        (lambda: STATUS_SUCCESS, STATUS_SUCCESS, "", 0),
        (a_status, STATUS_NO_SUCH_PACKAGE, "it returned STATUS_NO_SUCH_PACKAGE", 0),
        (lambda: STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, "it returned STATUS_UNSUCCESSFUL", 0),
        (fail, STATUS_UNSUCCESSFUL, "it raised BoomError: at the end", 0),
        (hang, STATUS_UNSUCCESSFUL, "it did not end within 5 s", 5),
    ],
)
@simulated
async def test_a_shutdown_that_fails_or_hangs_is_told_and_holds_nobody_up(
    shutdown: Any, status: int, reason: str, takes: int, log: Log
) -> None:
    ends: list[str] = []
    first = scripted("first", shutdown=lambda: ends.append("first"))
    async with lsart.open_lsa(first, scripted("second", shutdown=shutdown), bus=log.bus) as lsa:
        pass
    told = log.of(PackageShutDown)[0]
    assert (told.package, told.status) == ("second", status)
    assert told.reason.startswith(reason)
    assert ends == ["first"]
    assert lsart.now_ns() == takes * SECOND
    assert [each.state for each in lsa.loader.packages] == [PackageState.UNLOADED] * 2


@pytest.mark.rule("SPS-2")
@simulated
async def test_what_a_package_does_not_release_is_reported_and_the_books_close(log: Log) -> None:
    async def initialize(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, 0)
        assert section is not None
        await table.AllocateSharedMemory(section, 5000)
        await table.AllocatePrivateHeap(7)

    async with lsart.open_lsa(scripted("a", initialize=initialize), bus=log.bus) as lsa:
        assert lsa.memory.check() == []
    assert sorted(each.size for each in log.of(BlockLeaked)) == [7, 5000]
    assert log.one(SectionLeaked).created.package == "a"
    assert in_use(lsa) == {}


@simulated
async def test_a_disabled_package_shuts_down_as_well() -> None:
    ends: list[str] = []

    def call(*_: object) -> None:
        raise BoomError("now")

    async with lsart.open_lsa(scripted("a", call=call, shutdown=lambda: ends.append("a"))) as lsa:
        async with lsa.connect() as client:
            with pytest.raises(StatusError):
                await client.call("a", b"")
        assert lsa.packages == ()
    assert ends == ["a"]


@simulated
async def test_clients_that_nobody_ended_end_with_the_lsa() -> None:
    async with lsart.open_lsa("minimal") as lsa:
        client = lsa.start_client("left over")
        client.map_section("minimal")
    assert not client.is_alive
    assert in_use(lsa) == {}


# Free of cost: clients that spin never let virtual time move.
TERMINATE = LsaSettings(
    choices=Choices(shared_double_free="terminate"), costs=Costs(heap_lock=0, commit_page=0, create_section=0)
)


async def double_free(table: FunctionTable, *_: object) -> None:
    section = await table.CreateSharedMemory(4096, 4096)
    assert section is not None
    block = await table.AllocateSharedMemory(section, 8)
    await table.FreeSharedMemory(section, block)
    await table.FreeSharedMemory(section, block)
    await trio.sleep_forever()


@simulated
async def test_when_lsass_dies_the_body_ends_and_no_package_shuts_down() -> None:
    ends: list[str] = []
    package = scripted("a", call=double_free, shutdown=lambda: ends.append("a"))
    with pytest.raises(LsassTerminated, match="double free"):
        async with lsart.open_lsa(package, settings=TERMINATE) as lsa, lsa.connect() as client:
            await client.call("a", b"")
    assert ends == []
    assert lsart.now_ns() < SECOND  # nobody waited for the grace period
    assert in_use(lsa) == {}


@simulated
async def test_a_client_that_calls_in_the_moment_in_which_lsass_dies_gets_a_status() -> None:
    statuses: list[str] = []

    async def call(table: FunctionTable, request: object, message: bytes) -> None:
        if message == b"die":
            await double_free(table)

    async with trio.open_nursery() as nursery:

        async def eager(client: lsart.Client) -> None:
            while True:
                await trio.lowlevel.checkpoint()
                try:
                    await client.call("a", b"")
                except (StatusError, lsart.ProcessTerminated) as error:
                    statuses.append(str(error))
                    return

        async def until_death() -> None:
            async with lsart.open_lsa(scripted("a", call=call), settings=TERMINATE) as lsa, lsa.connect() as client:
                for _ in range(8):
                    other = lsa.start_client()
                    other.connect(trusted=False)
                    nursery.start_soon(eager, other)
                await trio.sleep(0)
                await client.call("a", b"die")

        with pytest.raises(LsassTerminated):
            await until_death()
    assert len(statuses) == 8


@simulated
async def test_an_initialize_that_kills_lsass_ends_the_run() -> None:
    with pytest.raises(LsassTerminated):
        async with lsart.open_lsa(scripted("a", initialize=double_free), settings=TERMINATE):
            raise AssertionError("nobody comes here")
