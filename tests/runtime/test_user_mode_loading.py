"""How packages come into client processes: when, in which order, and what happens when they do not."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import trio
from lsas import Log, simulated, status_of
from sealing import Sealing, SealingHalf, connected, message

import lsart
from lsart.contract import (
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_UNSUCCESSFUL,
    ProcessTerminated,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart.events import ClientCrashed, UserModeLoaded

VERSION_1, VERSION_2 = constants.SECPKG_INTERFACE_VERSION, constants.SECPKG_INTERFACE_VERSION_2


class Module(ModuleType):
    """A module with packages, whose SpUserModeInitialize tells when it runs."""

    def __init__(self, *packages: Any, version: int = VERSION_1) -> None:
        super().__init__("module")
        self.packages = packages
        self.version = version
        self.versions: list[int] = []
        self.steps: list[Any] = []
        self.halves: list[Half] = []

    def SpLsaModeInitialize(self, lsa_version: int) -> tuple[int, list[Any]]:
        return constants.SECPKG_INTERFACE_VERSION, list(self.packages)

    def SpUserModeInitialize(self, lsa_version: int) -> tuple[int, list[Any]]:
        self.versions.append(lsa_version)
        self.steps.append("SpUserModeInitialize")
        halves = [Half(each.name, self.steps) for each in self.packages]
        self.halves += halves
        return self.version, halves


class Half(SealingHalf):
    """A user-mode half that shares its list of steps with others."""

    def __init__(self, name: str, steps: list[Any]) -> None:
        super().__init__()
        self.name = name
        self.order = steps
        self.status: StatusError | None = None

    def SpInstanceInit(self, version: int, function_table: Any) -> None:
        super().SpInstanceInit(version, function_table)
        self.order.append(f"SpInstanceInit of {self.name}")
        if self.name == "broken":
            raise StatusError(STATUS_UNSUCCESSFUL, "not today")

    async def SpInitUserModeContext(self, context_handle: int, packed_context: Any) -> None:
        self.order.append(f"SpInitUserModeContext of {self.name}")
        await super().SpInitUserModeContext(context_handle, packed_context)


@pytest.mark.rule("CIC-2")
@simulated
async def test_a_process_whose_contexts_are_not_mapped_never_sees_the_module() -> None:
    module = Module(Sealing("plain", mapped=False))
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        await connected(alice, "plain")
    assert module.steps == []


@pytest.mark.rule("USQ-1", "UFT-3", "USQ-9", "UII-1", "DFT-1")
@simulated
async def test_the_module_comes_with_the_first_mapped_context_and_once_for_a_process() -> None:
    log, module = Log(), Module(Sealing("first"), Sealing("second"))
    async with lsart.open_lsa(module, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        assert module.steps == []
        await connected(alice, "second")
        once = ["SpUserModeInitialize", "SpInstanceInit of first", "SpInstanceInit of second"]
        assert module.steps == [*once, "SpInitUserModeContext of second"]
        await connected(alice, "second")
        await connected(alice, "first")
        assert module.steps[4:] == ["SpInitUserModeContext of second", "SpInitUserModeContext of first"]
        async with lsa.connect("bob") as bob:
            await connected(bob, "first")
        assert module.steps[6:] == [*once, "SpInitUserModeContext of first"]
    tables = [each.dll for each in module.halves]
    assert len({id(each) for each in tables}) == 4
    assert [each.client for each in log.of(UserModeLoaded)] == ["alice", "bob"]
    assert log.of(UserModeLoaded)[0].packages == ("module-1", "module-2")


@pytest.mark.rule("USQ-5", "USQ-10")
@simulated
async def test_both_functions_are_told_the_version_of_the_interface() -> None:
    module = Module(Sealing())
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        await connected(alice)
        half = module.halves[0]
        assert module.versions == [constants.SECPKG_INTERFACE_VERSION]
        assert half.steps[0] == ("SpInstanceInit", constants.SECPKG_INTERFACE_VERSION)
        assert half.dll is not None
        assert all(callable(getattr(half.dll, each)) for each in ("AllocateHeap", "FreeHeap", "RegisterCallback"))
        assert await half.dll.LocatePackageById(1) is None


@pytest.mark.rule("USQ-6", "UFT-1")
@simulated
async def test_each_package_of_a_module_has_a_table_of_its_own() -> None:
    module = Module(Sealing("first"), Sealing("second"))
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        one, other = await connected(alice, "first"), await connected(alice, "second")
        await alice.MakeSignature(one, 0, message(b"to the first"), 0)
        await alice.MakeSignature(other, 0, message(b"to the second"), 0)
    signed = [
        [step[3].buffers[1].data for step in each.steps if step[0] == "SpMakeSignature"] for each in module.halves
    ]
    assert signed == [[b"to the first"], [b"to the second"]]


@pytest.mark.rule("USQ-7", "UFT-2")
@pytest.mark.parametrize(("version", "is_read"), [(VERSION_1, False), (VERSION_2, True)])
def test_the_version_says_how_long_a_table_is(version: int, is_read: bool) -> None:
    looked: list[str] = []

    class Watched(Half):
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("Sp"):
                looked.append(name)
            return super().__getattribute__(name)

    class Versioned(Module):
        def SpUserModeInitialize(self, lsa_version: int) -> tuple[int, list[Any]]:
            return version, [Watched("sealing", self.steps)]

    async def main() -> None:
        async with lsart.open_lsa(Versioned(Sealing())) as lsa, lsa.connect("alice") as alice:
            await connected(alice)

    lsart.run(main, seed=0)
    assert "SpImportSecurityContext" in looked
    assert ("SpMarshalAttributeData" in looked) is is_read


@pytest.mark.rule("USQ-2")
@simulated
async def test_a_package_without_a_user_mode_half_cannot_have_its_contexts_mapped() -> None:
    package = Sealing(half=None)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        assert await status_of(connected(alice)) is SEC_E_UNSUPPORTED_FUNCTION
        await lsart.sleep_ns(1)
        assert ("SpDeleteContext", 1) in package.steps
        assert lsa.check() == []


@simulated
async def test_a_module_may_have_fewer_tables_than_packages() -> None:
    module = Module(Sealing("first"), Sealing("second"))
    # The package is made another for the test.
    module.SpUserModeInitialize = lambda version: (VERSION_1, [Half("first", module.steps)])  # type: ignore[method-assign, assignment]
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        await connected(alice, "first")
        assert await status_of(connected(alice, "second")) is SEC_E_UNSUPPORTED_FUNCTION


@pytest.mark.rule("UII-2")
@simulated
async def test_a_package_whose_start_fails_has_no_contexts_there_and_the_others_of_its_module_do() -> None:
    module = Module(Sealing("broken"), Sealing("sound"))
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        for _ in range(2):
            assert await status_of(connected(alice, "broken")) is STATUS_UNSUCCESSFUL
        await alice.MakeSignature(await connected(alice, "sound"), 0, message(b"x"), 0)
    assert module.steps.count("SpInstanceInit of broken") == 1


@simulated
async def test_a_failing_initialization_is_asked_again_for_the_next_context() -> None:
    module, answers = Module(Sealing()), [StatusError(STATUS_UNSUCCESSFUL, "once"), None]
    good = module.SpUserModeInitialize

    def sometimes(version: int) -> Any:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return good(version)

    # The package is made another for the test.
    module.SpUserModeInitialize = sometimes  # type: ignore[method-assign, assignment]
    async with lsart.open_lsa(module) as lsa, lsa.connect("alice") as alice:
        assert await status_of(connected(alice)) is STATUS_UNSUCCESSFUL
        await connected(alice)


@pytest.mark.parametrize("answer", [None, 7, ("one", []), (VERSION_1, 5)])
def test_what_is_no_answer_of_it_crashes_the_process_and_nobody_else(answer: Any) -> None:
    log, module = Log(), Module(Sealing())
    # The package is made another for the test.
    module.SpUserModeInitialize = lambda version: answer  # type: ignore[method-assign, assignment]

    async def main() -> None:
        async with lsart.open_lsa(module, bus=log.bus) as lsa, lsa.connect("alice") as alice, lsa.connect("bob"):
            with pytest.raises(ProcessTerminated):
                await connected(alice)
            assert not alice.is_alive
            assert [each.name for each in lsa.clients] == ["bob"]
            assert lsa.find_package("sealing").state.is_available

    lsart.run(main, seed=0)
    crash = log.one(ClientCrashed)
    assert (crash.client, crash.package, crash.entry_point) == ("alice", "module", "SpUserModeInitialize")
    assert "expected (package_version, [user-mode tables])" in crash.reason


@pytest.mark.parametrize(("choice", "works"), [("as_newest", True), ("refuse", False)])
def test_an_unknown_version_of_a_user_mode_table_is_as_one_of_a_table_of_lsa(choice: Any, works: bool) -> None:
    module = Module(Sealing(), version=77)
    settings = lsart.LsaSettings(choices=lsart.Choices(unknown_package_version=choice))

    async def main() -> None:
        async with lsart.open_lsa(module, settings=settings) as lsa, lsa.connect("alice") as alice:
            if works:
                await connected(alice)
            else:
                assert await status_of(connected(alice)) is SEC_E_UNSUPPORTED_FUNCTION

    lsart.run(main, seed=0)


class Classy(Sealing):
    """A package whose class has SpUserModeInitialize itself."""

    made: list[SealingHalf]

    def __init__(self) -> None:
        super().__init__(half=None)
        self.made = []

    async def SpUserModeInitialize(self, lsa_version: int) -> tuple[int, list[Any]]:
        await lsart.sleep_ns(5)
        self.made.append(SealingHalf())
        return VERSION_1, [self.made[-1]]

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("sealing")


@simulated
async def test_a_class_may_have_it_and_two_tasks_that_need_it_at_once_load_it_once() -> None:

    package = Classy()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connected, alice)
            nursery.start_soon(connected, alice)
        assert len(package.made) == 1
        assert len(package.made[0].contexts) == 2


@simulated
async def test_a_half_that_failed_to_start_refuses_every_context_alike() -> None:
    class Fails(SealingHalf):
        def SpInstanceInit(self, version: int, function_table: Any) -> None:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "not here")

    def depth(error: BaseException) -> int:
        frames, traceback = 0, error.__traceback__
        while traceback is not None:
            frames, traceback = frames + 1, traceback.tb_next
        return frames

    depths = set()
    async with lsart.open_lsa(Sealing(half=Fails)) as lsa, lsa.connect("alice") as alice:
        for _ in range(3):
            with pytest.raises(StatusError, match="not here") as caught:
                await connected(alice)
            depths.add(depth(caught.value))
    assert len(depths) <= 2  # else each refusal would keep what every one before has left
