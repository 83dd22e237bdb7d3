"""ClientCallback: a package in LSA runs a function of its half in the client's process."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, simulated, status_of
from sealing import SIZES, Sealing, connected

import lsart
from lsart.contract import (
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_UNSUCCESSFUL,
    ProcessTerminated,
    SecBuffer,
    StatusError,
    constants,
)
from lsart.events import CallFinished, ClientCrashed

GIVEN = SecBuffer(constants.SECBUFFER_DATA, b"question")


class Calling(Sealing):
    """Its attribute 4 in LSA is what a callback says. `results` has what came back, or the error."""

    def __init__(self, *calls: tuple[Any, ...], **options: Any) -> None:
        super().__init__(thunks=(SIZES,), **options)
        self.calls = calls
        self.results: list[Any] = []
        self.task: trio.lowlevel.Task | None = None

    async def SpQueryContextAttributes(self, context_handle: int, context_attribute: int, buffer: None) -> Any:
        for call in self.calls:
            try:
                self.results.append(await self.table.ClientCallback(*call))
            except StatusError as error:
                self.results.append(error.status)
        return len(self.results)


async def asking(package: Calling, alice: lsart.Client, **callbacks: Any) -> Any:
    """Register callbacks by number in a client that has a context, and make the package call back."""
    context = await connected(alice)
    for number, function in callbacks.items():
        await package.halves[0].dll.RegisterCallback(int(number.removeprefix("n")), function)
    return await alice.QueryContextAttributes(context, SIZES)


@pytest.mark.rule("CCB-1", "DRC-2", "DRC-1", "DRC-3")
@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_runs_in_the_clients_task_with_two_values_and_a_buffer_and_its_buffer_comes_back(
    is_async: bool,
) -> None:
    package = Calling((7, 11, (1 << 64) - 1, GIVEN), (8, 0, 0, GIVEN))
    seen: list[Any] = []
    answer = SecBuffer(constants.SECBUFFER_TOKEN, b"answer")

    def plain(argument1: int, argument2: int, input: SecBuffer) -> SecBuffer:
        seen.append((trio.lowlevel.current_task(), argument1, argument2, input))
        return answer

    async def waits(argument1: int, argument2: int, input: SecBuffer) -> SecBuffer:
        await lsart.sleep_ns(10)
        return plain(argument1, argument2, input)

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            function = waits if is_async else plain
            assert await asking(package, alice, n7=function, n8=lambda *_: None) == 2
            assert seen == [(trio.lowlevel.current_task(), 11, (1 << 64) - 1, GIVEN)]

    lsart.run(main, seed=0)
    assert package.results == [answer, SecBuffer(constants.SECBUFFER_EMPTY)]


@pytest.mark.rule("CCB-2")
@pytest.mark.choice("client_callback_unknown", "STATUS_INVALID_PARAMETER")
@pytest.mark.parametrize("status", [STATUS_OBJECT_NAME_NOT_FOUND, STATUS_INVALID_PARAMETER])
def test_a_callback_must_be_registered_by_this_package_in_this_process(status: Any) -> None:
    package = Calling((7, 0, 0, GIVEN), ("known", 0, 0, GIVEN), (6, 0, 0, GIVEN))
    settings = lsart.LsaSettings(choices=lsart.Choices(client_callback_unknown=status))

    def known(*arguments: Any) -> None: ...

    async def main() -> None:
        async with lsart.open_lsa(package, settings=settings) as lsa, lsa.connect("bob") as bob:
            await asking(package, bob, n7=known)
            package.halves.reverse()
            async with lsa.connect("alice") as alice:
                await connected(alice)
                package.results.clear()
                context = await connected(alice)
                await alice.QueryContextAttributes(context, SIZES)
                assert package.results == [status, status, status]

    lsart.run(main, seed=0)


@pytest.mark.choice("callback_key", "name")
@pytest.mark.parametrize("key", ["id", "name"])
def test_what_a_callback_is_found_by(key: Any) -> None:
    package = Calling((7, 0, 0, GIVEN), ("known", 0, 0, GIVEN))
    settings = lsart.LsaSettings(choices=lsart.Choices(callback_key=key))

    def known(*arguments: Any) -> None: ...
    def unknown(*arguments: Any) -> None: ...

    async def main() -> None:
        async with lsart.open_lsa(package, settings=settings) as lsa, lsa.connect("alice") as alice:
            await asking(package, alice, n6=unknown, n7=known)

    lsart.run(main, seed=0)
    empty = SecBuffer(constants.SECBUFFER_EMPTY)
    expected = [empty, STATUS_OBJECT_NAME_NOT_FOUND]
    assert package.results == (expected if key == "id" else expected[::-1])


@pytest.mark.rule("CCB-3")
@simulated
async def test_the_functions_own_status_is_what_it_fails_with() -> None:
    package = Calling((7, 0, 0, GIVEN))

    def refuses(*arguments: Any) -> None:
        raise StatusError(STATUS_NO_MEMORY, "full")

    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        await asking(package, alice, n7=refuses)
    assert package.results == [STATUS_NO_MEMORY]


@pytest.mark.rule("CCB-3")
@pytest.mark.parametrize("how", ["faults", "wrong", "ends", "other"])
def test_a_process_that_ends_meanwhile_fails_the_callback_and_has_no_result(how: str) -> None:
    log, package = Log(), Calling((7, 0, 0, GIVEN), (7, 0, 0, GIVEN))
    ran: list[str] = []

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa:
            alice = lsa.start_client("alice")

            async def function(*arguments: Any) -> Any:
                if how == "faults":
                    raise ZeroDivisionError("of all things")
                if how == "wrong":
                    return 5
                if how == "ends":
                    alice.terminate()
                await lsart.sleep_ns(100)
                ran.append("to the end")
                return None

            async def end() -> None:
                await lsart.sleep_ns(50)
                alice.terminate()

            async with trio.open_nursery() as nursery:
                if how == "other":
                    nursery.start_soon(end)
                with pytest.raises(ProcessTerminated):
                    await asking(package, alice, n7=function)
            await lsart.sleep_ns(200)
            assert not alice.is_alive
            assert lsa.check() == []
        assert in_use(lsa) == {}

    lsart.run(main, seed=0)
    assert package.results == [STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL]
    assert ran == []
    crashes = [each.entry_point for each in log.of(ClientCrashed)]
    assert crashes == (["function"] if how in ("faults", "wrong") else [])


@simulated
async def test_a_client_that_gives_its_call_up_during_the_callback_ends_it() -> None:
    package = Calling((7, 0, 0, GIVEN), (7, 0, 0, GIVEN))

    async def slow(*arguments: Any) -> None:
        await lsart.sleep_ns(100)

    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        with trio.move_on_after(50e-9) as scope:
            await asking(package, alice, n7=slow)
        assert scope.cancelled_caught
        await lsart.sleep_ns(1)
        assert package.results == [STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL]
        assert await alice.QueryContextAttributes(await connected(alice), SIZES) == 4
        assert lsa.check() == []


@simulated
async def test_callbacks_of_several_tasks_of_a_package_run_one_after_another() -> None:
    order: list[str] = []

    class Many(Calling):
        async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
            async with trio.open_nursery() as nursery:
                for number in (1, 2, 3):
                    nursery.start_soon(self.table.ClientCallback, 7, number, 0, GIVEN)
            return 0

    async def slow(argument1: int, *arguments: Any) -> None:
        order.append("begin")
        await lsart.sleep_ns(10)
        order.append("end")

    package = Many()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        await asking(package, alice, n7=slow)
    assert order == ["begin", "end"] * 3


@simulated
async def test_a_call_that_ends_during_a_callback_is_answered_when_that_is_through() -> None:
    log, states = Log(), []

    class Hasty(Calling):
        async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
            await self.table.CreateThread(None, 0, self.thread, None, 0)
            await lsart.sleep_ns(20)
            return 5

        async def thread(self, argument: Any) -> None:
            states.append(await status_of(self.table.ClientCallback(7, 0, 0, GIVEN)))

    class Nursery(Calling):
        nursery: trio.Nursery

        async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
            async def call_back() -> None:
                states.append(await self.table.ClientCallback(7, 0, 0, GIVEN))

            self.nursery.start_soon(call_back)
            await lsart.sleep_ns(20)
            return 5

    async def slow(*arguments: Any) -> None:
        await lsart.sleep_ns(100)

    hasty, late = Hasty(), Nursery()
    late.name = "late"
    async with (
        lsart.open_lsa(hasty, late, bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        trio.open_nursery() as nursery,
    ):
        late.nursery = nursery
        assert await asking(hasty, alice, n7=slow) == 5
        assert states == [STATUS_OBJECT_NAME_NOT_FOUND]  # a thread serves no call
        context = await connected(alice, "late")
        await late.halves[0].dll.RegisterCallback(7, slow)
        began = lsart.now_ns()
        assert await alice.QueryContextAttributes(context, SIZES) == 5
        assert lsart.now_ns() - began >= 100
        assert log.of(CallFinished)[-1].latency_ns < 100
        assert lsa.check() == []


@simulated
async def test_outside_of_calls_there_is_nobody_to_call_back() -> None:
    found: list[Any] = []

    async def initialize(table: Any) -> None:
        found.append(await status_of(table.ClientCallback(1, 0, 0, GIVEN)))

    async with lsart.open_lsa(Scripted("early", initialize=initialize)):
        pass
    assert found == [STATUS_OBJECT_NAME_NOT_FOUND]


@simulated
async def test_wrong_arguments_are_misuse_or_the_packages_mistake() -> None:
    found: list[Any] = []

    async def initialize(table: Any) -> None:
        found.append(await status_of(table.ClientCallback(1 << 64, 0, 0, GIVEN)))
        found.append(await status_of(table.ClientCallback(1, -1, 0, GIVEN)))
        with pytest.raises(TypeError, match="expected a SecBuffer"):
            await table.ClientCallback(1, 0, 0, b"bytes")
        with pytest.raises(TypeError, match="expected an int"):
            await table.ClientCallback(None, 0, 0, GIVEN)

    async with lsart.open_lsa(Scripted("early", initialize=initialize)):
        pass
    assert found == [STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER]
