"""Tokens of contexts and for them, and credentials as the user-mode half of a package keeps them."""

from __future__ import annotations

from typing import Any

import pytest
import tokens
import trio
from lsas import Log, simulated, status_of
from sealing import Sealing, SealingHalf, connected

import lsart
from lsart.contract import (
    NTSTATUS,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    SEC_I_COMPLETE_AND_CONTINUE,
    SEC_I_COMPLETE_NEEDED,
    AcceptLsaModeLeg,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    StatusError,
    constants,
)
from lsart.events import BlockAllocated, OutputNotFromHeap

DATA = constants.SECBUFFER_DATA


class Half(SealingHalf):
    """Has all that is left of the table. `allocator`: where results lie. `token`: what it knows of the client's."""

    allocator = "AllocateHeap"
    token = 0

    async def _block(self, data: bytes) -> Pointer:
        assert self.dll is not None
        block: Pointer = await getattr(self.dll, self.allocator)(len(data))
        await self.dll.memory.write(block, data)
        return block

    async def SpFormatCredentials(self, credentials: SecBuffer) -> SecBuffer:
        data = credentials.data[::-1]
        return SecBuffer(DATA, await self._block(data), len(data))

    async def SpMarshallSupplementalCreds(self, credential_size: int, credentials: bytes) -> Any:
        self.steps.append(("SpMarshallSupplementalCreds", credential_size, credentials))
        return (credential_size * 2, await self._block(credentials * 2)) if credentials else None

    def SpCompleteAuthToken(self, context_handle: int, input_buffer: SecBufferDesc) -> None:
        self.steps.append(("SpCompleteAuthToken", context_handle, input_buffer))

    def SpGetContextToken(self, context_handle: int) -> int:
        self.steps.append(("SpGetContextToken", context_handle))
        return self.token


class Unfinished(Sealing):
    """Its first leg leaves a token to be completed."""

    status: NTSTATUS = SEC_I_COMPLETE_NEEDED

    async def SpInitLsaModeContext(
        self, credential: int, context: None, target: str, requirements: int, *_: Any
    ) -> Any:
        return InitLsaModeLeg(**await self._leg(b"C", requirements), status=self.status)


@pytest.mark.rule("UCA-1")
@pytest.mark.parametrize("status", [SEC_I_COMPLETE_NEEDED, SEC_I_COMPLETE_AND_CONTINUE])
def test_a_token_that_is_to_be_completed_reaches_the_half(status: Any) -> None:
    package = Unfinished(half=Half)
    package.status = status
    token = SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, b"token"),))

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            await alice.CompleteAuthToken(context, token)
            assert package.halves[0].steps[-1] == ("SpCompleteAuthToken", 1, token)
            with pytest.raises(TypeError, match="a token is a SecBufferDesc"):
                await alice.CompleteAuthToken(context, b"token")  # type: ignore[arg-type]  # a wrong type is the point
            await alice.DeleteSecurityContext(context)
            assert await status_of(alice.CompleteAuthToken(context, token)) is SEC_E_INVALID_HANDLE

    lsart.run(main, seed=0)


class Identifying(Sealing):
    """Gives the server's process a handle to a token of the client."""

    token = 0

    async def SpAcceptLsaModeContext(
        self, credential: int, context: None, given: Any, requirements: int, *_: Any
    ) -> Any:
        await self.table.CreateLogonSession(tokens.LUID)
        handle = (await tokens.create(self.table))[0]
        self.token = await self.table.DuplicateHandle(handle)
        self.table.win32.CloseHandle(handle)
        return AcceptLsaModeLeg(**await self._leg(b"S", requirements))


@pytest.mark.rule("UGT-1", "UGT-2")
@simulated
async def test_a_thread_of_the_server_acts_for_the_client_by_a_token_that_stays_the_packages() -> None:
    package = Identifying(half=Half)
    async with lsart.open_lsa(package) as lsa, lsa.connect("server", trusted=True) as server:
        context = await connected(server, server=True)
        package.halves[0].token = package.token
        task = trio.lowlevel.current_task()
        assert server.impersonated_by(task) is None
        held = len(server.handles)
        await server.ImpersonateSecurityContext(context)
        assert package.halves[0].steps[-1] == ("SpGetContextToken", 1)
        acts = server.impersonated_by(task)
        assert acts is server.handles.find(package.token)
        assert acts is not None
        await server.RevertSecurityContext(context)
        assert server.impersonated_by(task) is None
        assert len(server.handles) == held
        assert server.handles.find(package.token) is acts
        await server.ImpersonateSecurityContext(context)
        assert server.CloseHandle(package.token)
        assert server.impersonated_by(task) is acts
        await server.RevertSecurityContext(context)
        assert await status_of(server.ImpersonateSecurityContext(context)) is SEC_E_INVALID_HANDLE
        await server.DeleteSecurityContext(context)
        assert await status_of(server.RevertSecurityContext(context)) is SEC_E_INVALID_HANDLE


@pytest.mark.rule("UFC-1", "UMC-1")
@pytest.mark.parametrize("allocator", ["AllocateHeap", "allocate_client_buffer"])
def test_what_comes_back_lies_in_a_block_of_allocate_heap_which_the_application_frees(allocator: str) -> None:
    log, package = Log(), Sealing(half=type("Kind", (Half,), {"allocator": allocator}))

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
            formats = alice.format_credentials("sealing", SecBuffer(DATA, b"abc"))
            marshals = alice.marshal_supplemental_credentials("sealing", b"xy")
            if allocator != "AllocateHeap":
                assert await status_of(formats) is SEC_E_INTERNAL_ERROR
                assert await status_of(marshals) is SEC_E_INTERNAL_ERROR
                outputs = [each.output for each in log.of(OutputNotFromHeap)]
                assert outputs == ["FormattedCredentials", "MarshalledCreds"]
                return
            formatted = await formats
            size, block = await marshals
            assert isinstance(formatted.buffer, Pointer)
            assert isinstance(block, Pointer)
            assert await alice.memory.read(formatted.buffer, formatted.length) == b"cba"
            assert await alice.memory.read(block, size) == b"xyxy"
            assert {each.origin.function for each in log.of(BlockAllocated) if each.heap == "heap of alice"} == {
                "AllocateHeap"
            }
            await alice.FreeContextBuffer(formatted.buffer)
            await alice.FreeContextBuffer(block)
            assert alice.process.committed == 0
            assert await alice.marshal_supplemental_credentials("sealing", b"") == (0, None)

    lsart.run(main, seed=0)


@simulated
async def test_packages_that_have_none_of_it() -> None:
    class Wrong(SealingHalf):
        def SpFormatCredentials(self, credentials: SecBuffer) -> SecBuffer:
            return credentials

        def SpGetContextToken(self, context_handle: int) -> int:
            raise StatusError(SEC_E_INVALID_HANDLE, "of my own")

    async with lsart.open_lsa(Sealing(half=Wrong), Sealing("plain", mapped=False)) as lsa, lsa.connect("a") as alice:
        credentials = SecBuffer(DATA, b"abc")
        assert await status_of(alice.format_credentials("nobody", credentials)) is SEC_E_SECPKG_NOT_FOUND
        assert await status_of(alice.format_credentials("plain", credentials)) is SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(alice.format_credentials("sealing", credentials)) is SEC_E_INTERNAL_ERROR
        assert await status_of(alice.marshal_supplemental_credentials("sealing", b"x")) is SEC_E_UNSUPPORTED_FUNCTION
        with pytest.raises(TypeError, match="credentials are a SecBuffer"):
            await alice.format_credentials("sealing", "text")  # type: ignore[arg-type]  # a wrong type is the point
        with pytest.raises(TypeError, match="credentials are bytes"):
            await alice.marshal_supplemental_credentials("sealing", "text")  # type: ignore[arg-type]
        mapped, unmapped = await connected(alice), await connected(alice, "plain")
        assert await status_of(alice.ImpersonateSecurityContext(mapped)) is SEC_E_INVALID_HANDLE
        assert await status_of(alice.ImpersonateSecurityContext(unmapped)) is SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(alice.CompleteAuthToken(unmapped, SecBufferDesc())) is SEC_E_UNSUPPORTED_FUNCTION
