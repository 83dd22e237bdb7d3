"""Attributes of credentials and contexts, credentials that are added, and what else clients ask of packages."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from lsas import Log, simulated, status_of
from sspi import BOTH, Ssp, acquire, initialize, settings

import lsart
from lsart.contract import (
    SEC_E_BUFFER_TOO_SMALL,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_LOGON_DENIED,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    Choices,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    StatusError,
    enumerations,
)
from lsart.events import SlotCalled

CLASSES = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS


class Keeper(Ssp):
    """Keeps sets of credentials under a handle, gives out names, and takes whatever is set."""

    def __init__(self) -> None:
        super().__init__("keeper", messages=3)
        self.sets: dict[int, list[str | None]] = {}
        self.read: list[bytes] = []

    async def SpAddCredentials(self, *given: Any) -> int:
        await self._enter("Add", given)
        self.sets.setdefault(given[0], []).append(given[1])
        return 777

    async def SpQueryCredentialsAttributes(self, *given: Any) -> Pointer:
        await self._enter("Query", given)
        name = await self.table.AllocateClientBuffer(None, 6)
        await self.table.CopyToClientBuffer(None, 6, name, b"alice\0")
        await self.table.CopyToClientBuffer(None, 8, given[2], name.address.to_bytes(8, "little"))
        buffer: Pointer = given[2]
        return buffer

    async def SpSetCredentialsAttributes(self, *given: Any) -> None:
        await self._set("Set", given)

    async def SpSetContextAttributes(self, *given: Any) -> None:
        await self._set("SetContext", given)

    async def SpChangeAccountPassword(self, *given: Any) -> Any:
        await self._enter("Password", given)
        if given[2] != "old":
            raise StatusError(SEC_E_LOGON_DENIED)
        return SecBufferDesc((SecBuffer(2, b"changed"),))

    async def SpSetExtendedInformation(self, *given: Any) -> None:
        await self._enter("Extended", given)

    async def _set(self, name: str, given: tuple[Any, ...]) -> None:
        await self._enter(name, given)
        self.read.append(await self.table.CopyFromClientBuffer(None, given[3], given[2]))


@pytest.mark.rule("SQC-1")
@simulated
async def test_what_an_attribute_points_to_is_in_the_client_and_free_context_buffer_frees_it() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        structure = bytearray(8)
        await alice.QueryCredentialsAttributes(await acquire(alice, "keeper"), 1, structure)
        name = Pointer(int.from_bytes(structure, "little"), "alice")
        assert await alice.memory.read(name, 6) == b"alice\0"
        assert await status_of(alice.LsaFreeReturnBuffer(name)) == STATUS_INVALID_PARAMETER
        await alice.FreeContextBuffer(name)
        assert await status_of(alice.FreeContextBuffer(name)) == SEC_E_INVALID_HANDLE
        ((handle, attribute, at),) = keeper.of("Query")
        assert (handle, attribute, at.space) == (32, 1, "alice")
        assert alice.process.committed == 0
        assert lsa.check() == []


@pytest.mark.rule("SQC-2")
@simulated
async def test_attributes_of_what_is_no_credential() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        credential = await acquire(alice, "keeper")
        context = (await initialize(alice, credential)).new_context
        for client, bad in ((alice, context), (bob, credential), (alice, SecHandle(4, 4))):
            assert await status_of(client.QueryCredentialsAttributes(bad, 1, bytearray(8))) == SEC_E_INVALID_HANDLE
            assert await status_of(client.SetCredentialsAttributes(bad, 1, b"x")) == SEC_E_INVALID_HANDLE
            assert await status_of(client.AddCredentials(bad, "bob", "keeper", BOTH)) == SEC_E_INVALID_HANDLE
        assert await status_of(alice.SetContextAttributes(credential, 1, b"x")) == SEC_E_INVALID_HANDLE
        assert {"Query", "Set", "Add", "SetContext"}.isdisjoint(keeper.names())


@pytest.mark.rule("SAD-1")
@simulated
async def test_a_credential_is_added_to_the_handle_that_there_is() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        assert await alice.AddCredentials(credential, "bob", "keeper", BOTH) == 777
        assert await alice.AddCredentials(credential, None, "keeper", BOTH) == 777
        assert keeper.sets == {32: ["bob", None]}
        assert keeper.of("Add")[0] == (32, "bob", "keeper", BOTH, None, None, None)
        assert len(lsa.contexts) == 1
        await initialize(alice, credential)
        await alice.FreeCredentialsHandle(credential)
        with pytest.raises(TypeError, match="principal is text"):
            await alice.AddCredentials(credential, 7, "keeper", BOTH)  # type: ignore[arg-type]  # it is refused


@pytest.mark.rule("SCR-1")
@simulated
async def test_an_attribute_of_a_credential_is_set_by_the_package() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        await alice.SetCredentialsAttributes(await acquire(alice, "keeper"), 9, b"value")
        ((handle, attribute, at, length),) = keeper.of("Set")
        assert (handle, attribute, at.space, length) == (32, 9, "alice", 5)
        assert keeper.read == [b"value"]
        assert alice.process.committed == 0


@pytest.mark.rule("SSA-1")
@simulated
async def test_an_attribute_of_a_context_is_set_by_the_package() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        context = (await initialize(alice, await acquire(alice, "keeper"))).new_context
        at = alice._give_buffer(b"value", "test")
        await alice.SetContextAttributes(context, 9, at, 3)
        assert keeper.of("SetContext") == [(48, 9, at, 3)]
        assert keeper.read == [b"val"]
        with pytest.raises(TypeError, match="length is an unsigned long"):
            await alice.SetContextAttributes(context, 9, at)


@pytest.mark.parametrize("length", [-1, 2**32, "3", 1.5])
@simulated
async def test_a_length_that_no_c_compiler_would_let_through_reaches_no_package(length: Any) -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        context = (await initialize(alice, credential)).new_context
        with pytest.raises(TypeError, match="length is an unsigned long"):
            await alice.SetContextAttributes(context, 9, b"value", length)
        with pytest.raises(TypeError, match="length is an unsigned long"):
            await alice.SetCredentialsAttributes(credential, 9, b"value", length)
        assert {"Set", "SetContext"}.isdisjoint(keeper.names())


@pytest.mark.choice("set_context_attributes", "unsupported")
@pytest.mark.choice("set_credentials_attributes", "unsupported")
@simulated
async def test_attributes_may_be_settable_for_no_package() -> None:
    keeper = Keeper()
    none = Choices(set_context_attributes="unsupported", set_credentials_attributes="unsupported")
    async with lsart.open_lsa(keeper, settings=settings(choices=none)) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        context = (await initialize(alice, credential)).new_context
        assert await status_of(alice.SetContextAttributes(context, 9, b"x")) == SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(alice.SetCredentialsAttributes(credential, 9, b"x")) == SEC_E_UNSUPPORTED_FUNCTION
        assert keeper.read == []


@pytest.mark.rule("SCP-1")
@simulated
async def test_a_password_is_changed_by_the_package_and_told_to_nobody_else() -> None:
    keeper = Keeper()
    log = Log()
    async with lsart.open_lsa(keeper, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        output = await alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "old", "secret-new", False)
        room = SecBufferDesc((SecBuffer(2),))
        assert keeper.of("Password") == [("CONTOSO", "bob", "old", "secret-new", False, room)]
        assert output.buffers[0].data == b"changed"
        wrong = alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "secret-old", "secret-new", True)
        assert await status_of(wrong) == SEC_E_LOGON_DENIED
        nobody = alice.ChangeAccountPassword("nobody", "CONTOSO", "bob", "old", "new", True)
        assert await status_of(nobody) == SEC_E_SECPKG_NOT_FOUND
        with pytest.raises(TypeError) as caught:
            await alice.ChangeAccountPassword("keeper", "d", "a", b"secret", "new", True)  # type: ignore[arg-type]  # refused
        assert "secret" not in str(caught.value)
        assert log.of(SlotCalled) == []
    assert "secret" not in repr(log.events)


@pytest.mark.rule("SSX-1")
@simulated
async def test_the_level_of_mutual_authentication_can_be_read_only() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        for bad in (CLASSES.SecpkgMutualAuthLevel, CLASSES.SecpkgMaxInfo, 99):
            assert await status_of(alice.set_extended_information("keeper", bad, 1)) == SEC_E_UNSUPPORTED_FUNCTION
        assert keeper.entered == []
        await alice.set_extended_information("keeper", CLASSES.SecpkgGssInfo, b"oid")
        assert keeper.of("Extended") == [(CLASSES.SecpkgGssInfo, b"oid")]


@simulated
async def test_a_credential_stays_while_the_package_works_on_it() -> None:
    go_on = trio.Event()

    async def waits(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Query":
            await go_on.wait()

    keeper = Keeper()
    keeper.before = waits
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        found: list[object] = []

        async def query() -> None:
            await alice.QueryCredentialsAttributes(credential, 1, bytearray(8))
            found.append(STATUS_SUCCESS)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(query)
            await trio.testing.wait_all_tasks_blocked()
            await alice.FreeCredentialsHandle(credential)
            assert keeper.of("Free") == []
            go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert found == [STATUS_SUCCESS]
        assert keeper.of("Free") == [(32,)]
        assert lsa.check() == []


@simulated
async def test_what_a_changed_password_brings_goes_into_the_buffers_of_the_client() -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        own = bytearray(8)
        room = SecBufferDesc((SecBuffer(2, own),))
        output = await alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "old", "new", False, room)
        assert keeper.of("Password")[0][5] == SecBufferDesc((SecBuffer(2, None, 8),))
        assert own == b"changed\0"
        assert output == SecBufferDesc((SecBuffer(2, own, 7),))
        small = SecBufferDesc((SecBuffer(2, bytearray(6)),))
        too_small = alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "old", "new", False, small)
        assert await status_of(too_small) == SEC_E_BUFFER_TOO_SMALL
        none = alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "old", "new", False, SecBufferDesc())
        assert await status_of(none) == SEC_E_INTERNAL_ERROR
        wrong = SecBufferDesc((SecBuffer("2", own),))  # type: ignore[arg-type]  # a wrong type is the point
        with pytest.raises(TypeError):
            await alice.ChangeAccountPassword("keeper", "CONTOSO", "bob", "old", "new", False, wrong)


@pytest.mark.parametrize("length", [-1, "8", 1 << 32, True])
@simulated
async def test_a_length_that_no_unsigned_long_can_be_does_not_reach_a_package(length: Any) -> None:
    keeper = Keeper()
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        with pytest.raises(TypeError):
            await alice.SetCredentialsAttributes(credential, 9, b"x", length)
        assert keeper.read == []
