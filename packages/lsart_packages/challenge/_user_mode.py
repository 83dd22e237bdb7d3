"""The half of the package in a client's process: it signs and seals. It never waits to do so."""

from __future__ import annotations

import attrs

from lsart import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INVALID_HANDLE,
    SEC_E_QOP_NOT_SUPPORTED,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INVALID_HANDLE,
    DllFunctions,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    StatusError,
    constants,
    sealed_buffers,
    signed_buffers,
)
from lsart_packages.challenge._flags import CONFIDENTIALITY, INTEGRITY, SEQUENCE
from lsart_packages.challenge._packed import unpack
from lsart_packages.challenge._protection import TOKEN_SIZE, Protection

__all__ = ["ChallengeUserMode", "Names", "Sizes"]


@attrs.frozen
class Sizes:
    """SECPKG_ATTR_SIZES, in bytes (SecPkgContext_Sizes)."""

    max_token: int
    max_signature: int
    block_size: int
    security_trailer: int


@attrs.frozen
class Names:
    """SECPKG_ATTR_NAMES: who the client is, `length` bytes of UTF-8 that FreeContextBuffer frees."""

    user_name: Pointer
    length: int


@attrs.frozen
class _Context:
    protection: Protection
    flags: int
    account: str


class ChallengeUserMode:
    """One per process."""

    def __init__(self) -> None:
        self._contexts: dict[int, _Context] = {}

    def SpInstanceInit(self, version: int, function_table: DllFunctions) -> None:
        self._dll = function_table

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        where = packed_context.buffer
        assert isinstance(where, Pointer)
        packed = await self._dll.memory.read(where, packed_context.length)
        await self._dll.memory.write(where, bytes(packed_context.length))  # keys stay nowhere longer than needed
        await self._dll.FreeContextBuffer(where)
        keys, flags, account = unpack(packed)
        protection = Protection(keys, in_order=bool(flags & SEQUENCE))
        self._contexts[context_handle] = _Context(protection, flags, account)

    def SpDeleteUserModeContext(self, context_handle: int) -> None:
        self._contexts.pop(context_handle, None)

    def SpMakeSignature(self, context_handle: int, qop: int, message: SecBufferDesc, sequence: int) -> None:
        protection = self._find(context_handle, qop, INTEGRITY)
        token, covered = signed_buffers(message, TOKEN_SIZE)
        _put(token, protection.sign([_view(each) for each in covered], sequence))

    def SpVerifySignature(self, context_handle: int, message: SecBufferDesc, sequence: int) -> int:
        protection = self._find(context_handle, 0, INTEGRITY)
        token, covered = signed_buffers(message, TOKEN_SIZE)
        protection.verify([_view(each) for each in covered], _view(token)[:TOKEN_SIZE], sequence)
        return 0

    def SpSealMessage(self, context_handle: int, qop: int, message: SecBufferDesc, sequence: int) -> None:
        protection = self._find(context_handle, qop, CONFIDENTIALITY)
        token, data, covered = sealed_buffers(message, TOKEN_SIZE)
        sealed, said = protection.seal(_view(data), sequence, _beside(data, covered))
        _put(data, sealed)
        _put(token, said)

    def SpUnsealMessage(self, context_handle: int, message: SecBufferDesc, sequence: int) -> int:
        protection = self._find(context_handle, 0, CONFIDENTIALITY)
        token, data, covered = sealed_buffers(message, TOKEN_SIZE)
        _put(data, protection.unseal(_view(data), _view(token)[:TOKEN_SIZE], sequence, _beside(data, covered)))
        return 0

    async def SpQueryContextAttributes(
        self, context_handle: int, context_attribute: int, buffer: None
    ) -> Sizes | Names:
        context = self._contexts.get(context_handle)
        if context is None:
            raise StatusError(SEC_E_INVALID_HANDLE)
        if context_attribute == constants.SECPKG_ATTR_SIZES:
            return Sizes(max_token=128, max_signature=TOKEN_SIZE, block_size=1, security_trailer=TOKEN_SIZE)
        if context_attribute != constants.SECPKG_ATTR_NAMES:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION)
        name = context.account.encode()
        block = await self._dll.AllocateHeap(len(name))
        if block is None:
            raise StatusError(SEC_E_INSUFFICIENT_MEMORY)
        await self._dll.memory.write(block, name)
        return Names(block, len(name))

    def _find(self, context_handle: int, qop: int, needed: int) -> Protection:
        context = self._contexts.get(context_handle)
        if context is None:
            raise StatusError(SEC_E_INVALID_HANDLE)
        if not context.flags & needed:
            raise StatusError(STATUS_INVALID_HANDLE, "the context was not set up for this; see its attributes")
        if qop:
            raise StatusError(SEC_E_QOP_NOT_SUPPORTED)
        return context.protection


def _view(buffer: SecBuffer) -> memoryview:
    content = buffer.buffer
    if content is None or isinstance(content, Pointer):
        raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "messages are bytes at hand")
    return memoryview(content)[: buffer.length]


def _put(buffer: SecBuffer, data: bytes) -> None:
    _view(buffer)[: len(data)] = data


def _beside(data: SecBuffer, covered: tuple[SecBuffer, ...]) -> list[memoryview]:
    return [_view(each) for each in covered if each is not data]
