"""What clients learn of packages, by EnumerateSecurityPackages and QuerySecurityPackageInfo; what may be negotiated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsas import Log, scripted, simulated, status_of
from reloadable import writes
from sspi import Ssp, acquire, initialize, settings

import lsart
from lsart.contract import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_NOT_OWNER,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INVALID_PARAMETER,
    STATUS_UNSUCCESSFUL,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart.events import PackageInitialized
from lsart.memory import MachineLimits
from lsart.runtime import Client, LsaSettings
from lsart.security import pack_package_infos, package_infos_size, unpack_package_infos

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20)
INFOS = st.builds(SecPkgInfo, TEXTS, TEXTS, *[st.integers(0, 2**32 - 1)] * 2, *[st.integers(0, 2**16 - 1)] * 2)


class Described:
    """A package that says of itself what its attribute is, and counts how often it is asked."""

    def __init__(self, info: SecPkgInfo) -> None:
        self.info = info
        self.asked = 0

    def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        pass

    def SpGetInfo(self) -> SecPkgInfo:
        self.asked += 1
        return self.info


async def at(client: Client, buffer: Pointer | None, infos: tuple[SecPkgInfo, ...]) -> tuple[SecPkgInfo, ...]:
    """The structures in the client's own memory."""
    assert buffer is not None
    data = await client.memory.read(buffer, package_infos_size(infos))
    return unpack_package_infos(data, len(infos), buffer.address)


@given(st.lists(INFOS, max_size=4), st.integers(1, 2**40))
def test_structures_survive_as_bytes(infos: list[SecPkgInfo], address: int) -> None:
    data = pack_package_infos(infos, address)
    assert len(data) == package_infos_size(infos)
    assert unpack_package_infos(data, len(infos), address) == tuple(infos)


def test_the_layout_is_that_of_the_header() -> None:
    data = pack_package_infos([SecPkgInfo("a", "b", 0x01020304, 0x11121314, 1, 0xFFFF)], 0x1000)
    assert data[:16].hex() == "04030201" + "0100" + "ffff" + "14131211" + "00000000"
    assert [int.from_bytes(data[each : each + 8], "little") for each in (16, 24)] == [0x1020, 0x1024]
    assert data[32:].hex() == "6100000062000000"


@pytest.mark.rule("CEP-1", "LCH-2")
@simulated
async def test_the_list_has_what_is_loaded_and_what_was_loaded_on_demand_and_nothing_else() -> None:
    def fails(table: FunctionTable) -> None:
        raise StatusError(STATUS_UNSUCCESSFUL)

    async def unloads(table: FunctionTable, request: object, message: bytes) -> None:
        if message:
            raise RuntimeError("a fault")
        await table.UnloadPackage()

    packages = [scripted("good"), scripted("refused", initialize=fails), scripted("gone", call=unloads)]
    faulty = scripted("faulty", call=unloads)
    async with lsart.open_lsa(*packages, faulty) as lsa, lsa.connect("alice") as alice:

        async def listed() -> list[str]:
            count, infos = await alice.EnumerateSecurityPackages()
            assert count == len(infos)
            return [each.name for each in infos]

        assert await listed() == ["good", "gone", "faulty"]
        await alice.call("gone", b"")
        await status_of(alice.call("faulty", b"x"))
        assert await listed() == ["good"]
        await lsa.load_on_demand(scripted("late"))
        await lsa.load_on_demand(scripted("too late", initialize=fails))
        assert await listed() == ["good", "late"]
        assert len(lsa.refusals) == 2


@pytest.mark.rule("CEP-2")
@simulated
async def test_the_array_is_in_the_client_until_free_context_buffer() -> None:
    wanted = (SecPkgInfo("one", "first", 7, 100), SecPkgInfo("two", "second", 8, 200, rpc_id=9))
    async with lsart.open_lsa(*map(Described, wanted)) as lsa, lsa.connect("alice") as alice:
        count, infos = await alice.EnumerateSecurityPackages()
        assert (count, tuple(infos)) == (2, wanted)
        assert infos.buffer is not None
        assert await at(alice, infos.buffer, wanted) == wanted
        assert await status_of(alice.LsaFreeReturnBuffer(infos.buffer)) == STATUS_INVALID_PARAMETER
        await alice.FreeContextBuffer(infos.buffer)
        assert await status_of(alice.FreeContextBuffer(infos.buffer)) == SEC_E_INVALID_HANDLE
        assert alice.process.committed == 0
        assert lsa.check() == []


@simulated
async def test_without_packages_the_array_is_empty() -> None:
    async with lsart.open_lsa() as lsa, lsa.connect("alice") as alice:
        count, infos = await alice.EnumerateSecurityPackages()
        assert (count, infos, infos.buffer) == (0, (), None)


@simulated
async def test_a_client_without_quota_has_no_array() -> None:
    limits = LsaSettings(machine=MachineLimits(client_quota=0))
    async with lsart.open_lsa(Described(SecPkgInfo("one")), settings=limits) as lsa, lsa.connect("alice") as alice:
        assert await status_of(alice.EnumerateSecurityPackages()) == SEC_E_INSUFFICIENT_MEMORY


@pytest.mark.rule("LSQ-20", "SPG-1")
@simulated
async def test_a_package_is_asked_when_a_client_asks_unless_lsa_asked_before() -> None:
    package = Described(SecPkgInfo("one", max_token=7))
    async with lsart.open_lsa(package, settings=settings(choices=lsart.Choices(get_info_while_loading="no"))) as lsa:
        alice = lsa.start_client("alice")
        name = lsa.packages[0].name
        assert package.asked == 0
        assert (await alice.QuerySecurityPackageInfo(name))[0] == package.info
        assert (await alice.EnumerateSecurityPackages())[1] == (package.info,)
        assert package.asked == 2
    package = Described(SecPkgInfo("one"))
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        await alice.QuerySecurityPackageInfo("one")
        assert package.asked == 1


@pytest.mark.rule("SPG-2", "SPK-3")
@simulated
async def test_what_a_client_has_is_a_copy_of_lsa_s_in_its_own_memory() -> None:
    package = Described(SecPkgInfo("one", "as it was"))
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        (first,) = mine = await alice.QuerySecurityPackageInfo("one")
        package.info = SecPkgInfo("one", "another text")
        (second,) = his = await bob.QuerySecurityPackageInfo("one")
        assert first == second == SecPkgInfo("one", "as it was")
        assert mine.buffer is not None
        assert his.buffer is not None
        assert (mine.buffer.space, his.buffer.space) == ("alice", "bob")
        await alice.memory.write(mine.buffer, bytes(32))  # its own memory, and nobody else's
        assert await at(bob, his.buffer, (second,)) == (second,)
        assert (await alice.QuerySecurityPackageInfo("one"))[0] == second


@simulated
async def test_a_token_may_be_as_large_as_the_package_says_when_it_is_asked_late() -> None:
    asked_late = settings(choices=lsart.Choices(get_info_while_loading="no"))
    async with lsart.open_lsa(Ssp(), settings=asked_late) as lsa, lsa.connect("alice") as alice:
        leg = await initialize(alice, await acquire(alice, lsa.packages[0].name))
        assert leg.output.buffers[0].data == b"token 1"


@pytest.mark.parametrize("name", ["nobody", "x" * 40000])
@simulated
async def test_unknown_packages_have_no_information(name: str) -> None:
    async with lsart.open_lsa(Described(SecPkgInfo("one"))) as lsa, lsa.connect("alice") as alice:
        status = await status_of(alice.QuerySecurityPackageInfo(name))
        assert status == (SEC_E_SECPKG_NOT_FOUND if name == "nobody" else SEC_E_INTERNAL_ERROR)
        with pytest.raises(TypeError, match="package_name is text"):
            await alice.QuerySecurityPackageInfo(7)  # type: ignore[arg-type]  # that it is refused is the point


@simulated
async def test_what_a_package_cannot_be_is_an_internal_error() -> None:
    package = Described(SecPkgInfo("one", version=2))
    async with lsart.open_lsa(package, settings=settings(choices=lsart.Choices(get_info_while_loading="no"))) as lsa:
        alice = lsa.start_client("alice")
        assert await status_of(alice.EnumerateSecurityPackages()) == SEC_E_INTERNAL_ERROR


@pytest.mark.rule("LCH-1")
@simulated
async def test_packages_are_added_to_and_taken_from_what_may_be_negotiated() -> None:
    flagged = Described(SecPkgInfo("flagged", capabilities=constants.SECPKG_FLAG_NEGOTIABLE))
    async with lsart.open_lsa(flagged, Described(SecPkgInfo("plain"))) as lsa:
        boss = lsa.start_client("boss", has_tcb_privilege=True)

        def names() -> list[str]:
            return [each.name for each in lsa.negotiable]

        assert names() == ["flagged"]
        await boss.AddSecurityPackage("plain")
        assert names() == ["flagged", "plain"]
        await boss.DeleteSecurityPackage("flagged")
        assert names() == ["plain"]
        assert await status_of(boss.DeleteSecurityPackage("flagged")) == SEC_E_SECPKG_NOT_FOUND
        assert [each.name for each in (await boss.EnumerateSecurityPackages())[1]] == ["flagged", "plain"]
        await boss.AddSecurityPackage("flagged")
        assert names() == ["flagged", "plain"]


@simulated
async def test_who_may_change_the_list() -> None:
    async with lsart.open_lsa(Described(SecPkgInfo("plain"))) as lsa, lsa.connect("alice") as alice:
        assert await status_of(alice.AddSecurityPackage("plain")) == SEC_E_NOT_OWNER
        assert await status_of(alice.DeleteSecurityPackage("plain")) == SEC_E_NOT_OWNER
        boss: Any = lsa.start_client("boss", has_tcb_privilege=True)
        assert await status_of(boss.AddSecurityPackage("nobody")) == SEC_E_SECPKG_NOT_FOUND
        assert await status_of(boss.AddSecurityPackage("plain", "options")) == SEC_E_UNSUPPORTED_FUNCTION
        assert lsa.negotiable == ()


@simulated
async def test_a_package_that_is_loaded_on_demand_is_one_like_the_others() -> None:
    log = Log()
    async with lsart.open_lsa(bus=log.bus) as lsa, lsa.connect("alice") as alice:
        ssp = Ssp()
        await lsa.load_on_demand(ssp)
        assert log.one(PackageInitialized).package == "ssp"
        await initialize(alice, await acquire(alice))
        with pytest.raises(lsart.ConfigurationError, match="nowhere"):
            await lsa.load_on_demand("nowhere")
    assert ssp.names()[-2:] == ["Delete", "Free"]


@simulated
async def test_whether_a_package_may_be_chosen_outlives_that_it_is_loaded_again(file: Path) -> None:
    async with lsart.open_lsa(f"{file}:Cache") as lsa, lsa.connect("alice", trusted=True) as alice:
        await alice.AddSecurityPackage("cache")
        writes(file, 2)
        await lsa.reload("cache")
        assert [each.name for each in lsa.negotiation.packages] == ["cache"]
        await alice.DeleteSecurityPackage("cache")
        await lsa.reload("cache")
        assert lsa.negotiation.packages == ()


WRONG: list[dict[str, Any]] = [
    {"comment": None},
    {"capabilities": -1},
    {"capabilities": 1 << 32},
    {"max_token": "64"},
    {"max_token": 1 << 32},
    {"max_token": -1},
    {"rpc_id": None},
    {"rpc_id": 1 << 16},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@simulated
async def test_a_package_that_says_what_no_structure_can_carry_does_not_reach_clients(wrong: dict[str, Any]) -> None:
    async with lsart.open_lsa(Described(SecPkgInfo("one", **wrong))) as lsa:
        assert lsa.packages == ()
        assert next(iter(wrong)) in lsa.refusals[0]
    later = lsart.Choices(get_info_while_loading="no")
    package = Described(SecPkgInfo("one", **wrong))
    async with lsart.open_lsa(package, settings=settings(choices=later)) as lsa, lsa.connect("alice") as alice:
        assert await status_of(alice.EnumerateSecurityPackages()) == SEC_E_INTERNAL_ERROR
        assert await status_of(alice.QuerySecurityPackageInfo(lsa.packages[0].name)) == SEC_E_INTERNAL_ERROR
