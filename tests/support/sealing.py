"""A package whose contexts are done in one leg and sign and seal messages in the client's process."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import attrs

from lsart.contract import (
    SEC_E_INVALID_HANDLE,
    SEC_E_MESSAGE_ALTERED,
    SEC_E_OUT_OF_SEQUENCE,
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_CONTEXT_THUNKS,
    SECPKG_EXTENDED_INFORMATION,
    SECPKG_PARAMETERS,
    STATUS_INVALID_HANDLE,
    AcceptLsaModeLeg,
    DllFunctions,
    FunctionTable,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    SecPkgInfo,
    StatusError,
    constants,
    enumerations,
    sealed_buffers,
    signed_buffers,
)
from lsart.runtime import Client

__all__ = ["KEY", "NAMES", "SIZES", "TOKEN_SIZE", "Names", "Sealing", "SealingHalf", "connected", "message"]

TOKEN_SIZE = 40
NAMES = constants.SECPKG_ATTR_NAMES
SIZES = constants.SECPKG_ATTR_SIZES
KEY = bytes(range(32))
NO_INTEGRITY = 0x8000_0000
"""A requirement of our own: the context is not set up for integrity."""


@attrs.frozen
class Names:
    """SECPKG_ATTR_NAMES: a name somewhere in the client, and how long it is."""

    user_name: Pointer
    length: int


class SealingHalf:
    """The half in a client process. `steps` says what was called, in order."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.dll: DllFunctions | None = None
        self.contexts: dict[int, tuple[str, bytes, bool]] = {}
        self.next_in: dict[int, int] = {}

    def SpInstanceInit(self, version: int, function_table: DllFunctions) -> None:
        self.steps.append(("SpInstanceInit", version))
        self.dll = function_table

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        self.steps.append(("SpInitUserModeContext", context_handle))
        assert self.dll is not None
        assert isinstance(packed_context.buffer, Pointer)
        packed = await self.dll.memory.read(packed_context.buffer, packed_context.length)
        await self.dll.FreeContextBuffer(packed_context.buffer)
        side = "client" if packed[:1] == b"C" else "server"
        self.contexts[context_handle] = (side, packed[2:], packed[1:2] == b"I")
        self.next_in[context_handle] = 1

    def SpMakeSignature(self, context_handle: int, qop: int, message: SecBufferDesc, seq: int) -> Any:
        self.steps.append(("SpMakeSignature", context_handle, qop, message, seq))
        side, key, _ = self._find(context_handle)
        token, covered = signed_buffers(message, TOKEN_SIZE)
        _put(token, _token(_key(key, side), seq, covered))
        return _shortened(message, token)

    def SpVerifySignature(self, context_handle: int, message: SecBufferDesc, seq: int) -> Any:
        self.steps.append(("SpVerifySignature", context_handle, message, seq))
        side, key, _ = self._find(context_handle)
        token, covered = signed_buffers(message, TOKEN_SIZE)
        self._check(context_handle, _key(key, _other(side)), token, covered, seq)
        return 7

    def SpSealMessage(self, context_handle: int, qop: int, message: SecBufferDesc, seq: int) -> Any:
        self.steps.append(("SpSealMessage", context_handle, qop, message, seq))
        side, key, has_integrity = self._find(context_handle)
        if not has_integrity:
            raise StatusError(STATUS_INVALID_HANDLE, "the context was not set up for integrity")
        token, data, covered = sealed_buffers(message, TOKEN_SIZE)
        _put(token, _token(_key(key, side), seq, covered))
        _put(data, _crypt(_key(key, side), token.data[:TOKEN_SIZE], data.data))
        return _shortened(message, token)

    def SpUnsealMessage(self, context_handle: int, message: SecBufferDesc, seq: int) -> Any:
        self.steps.append(("SpUnsealMessage", context_handle, message, seq))
        side, key, _ = self._find(context_handle)
        token, data, covered = sealed_buffers(message, TOKEN_SIZE)
        peer = _key(key, _other(side))
        _put(data, _crypt(peer, token.data[:TOKEN_SIZE], data.data))
        self._check(context_handle, peer, token, covered, seq)
        return 9

    async def SpQueryContextAttributes(self, context_handle: int, context_attribute: int, buffer: None) -> Any:
        self.steps.append(("SpQueryContextAttributes", context_handle, context_attribute))
        side, _, _ = self._find(context_handle)
        if context_attribute == SIZES:
            return TOKEN_SIZE
        if context_attribute != NAMES:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "unknown here")
        assert self.dll is not None
        name = f"user of the {side}".encode()
        block = await self.dll.AllocateHeap(len(name))
        assert block is not None
        await self.dll.memory.write(block, name)
        return Names(block, len(name))

    def SpDeleteUserModeContext(self, context_handle: int) -> None:
        self.steps.append(("SpDeleteUserModeContext", context_handle))
        self.contexts.pop(context_handle, None)

    def _find(self, handle: int) -> tuple[str, bytes, bool]:
        if handle not in self.contexts:
            raise StatusError(SEC_E_INVALID_HANDLE, f"no context {handle}")
        return self.contexts[handle]

    def _check(self, handle: int, key: bytes, token: SecBuffer, covered: tuple[SecBuffer, ...], seq: int) -> None:
        said = int.from_bytes(token.data[:8], "big")
        if not hmac.compare_digest(token.data[:TOKEN_SIZE], _token(key, said, covered)):
            raise StatusError(SEC_E_MESSAGE_ALTERED, "the signature does not fit")
        if seq:
            if said != seq or seq != self.next_in[handle]:
                raise StatusError(SEC_E_OUT_OF_SEQUENCE, f"message {said}, expected {self.next_in[handle]}")
            self.next_in[handle] += 1


class Sealing:
    """The half in LSA. A context is complete at once, on either side; both sides know the key.

    Args:
        name: what SpGetInfo says. mapped: whether it asks for a half in the client. thunks: which attributes it
            answers itself although there is one; None when it has no SpGetExtendedInformation that succeeds.
        half: makes the half in a client; None for a package that has none.
    """

    def __init__(
        self,
        name: str = "sealing",
        *,
        mapped: bool = True,
        thunks: tuple[int, ...] | None = None,
        half: Any = SealingHalf,
    ) -> None:
        self.name = name
        self.mapped = mapped
        self.levels = thunks
        self.halves: list[Any] = []  # in the order of the processes that made one
        self.steps: list[Any] = []
        self.packed: list[Pointer] = []
        self.next = 1
        self.table: Any = None
        if half is not None:
            self.user_mode = self._make_half
        self._half = half

    def _make_half(self) -> Any:
        self.halves.append(self._half())
        return self.halves[-1]

    def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(self.name, capabilities=0)

    def SpGetExtendedInformation(self, information_class: int) -> SECPKG_EXTENDED_INFORMATION:
        self.steps.append(("SpGetExtendedInformation", information_class))
        if self.levels is None or information_class != 2:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "nothing to say")
        kind = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS(information_class)
        return SECPKG_EXTENDED_INFORMATION(kind, SECPKG_CONTEXT_THUNKS(self.levels))

    def SpAcquireCredentialsHandle(self, *arguments: Any) -> tuple[int, int]:
        return 1, 1

    def SpFreeCredentialsHandle(self, credential_handle: int) -> None:
        self.steps.append(("SpFreeCredentialsHandle", credential_handle))

    async def SpInitLsaModeContext(
        self, credential: Any, context: Any, target: Any, requirements: int, *rest: Any
    ) -> Any:
        return InitLsaModeLeg(**await self._leg(b"C", requirements))

    async def SpAcceptLsaModeContext(
        self, credential: Any, context: Any, buffer: Any, requirements: int, *rest: Any
    ) -> Any:
        return AcceptLsaModeLeg(**await self._leg(b"S", requirements))

    async def _leg(self, side: bytes, requirements: int) -> dict[str, Any]:
        number, self.next = self.next, self.next + 1
        leg: dict[str, Any] = {"new_context_handle": number, "expiration_time": 1}
        if self.mapped:
            packed = side + (b"-" if requirements & NO_INTEGRITY else b"I") + KEY
            block = await self.table.AllocateLsaHeap(len(packed))
            await self.table.memory.write(block, packed)
            self.packed.append(block)
            data = SecBuffer(constants.SECBUFFER_TOKEN, block, len(packed))
            leg |= {"mapped_context": True, "context_data": data}
        return leg

    def SpDeleteContext(self, context_handle: int) -> None:
        self.steps.append(("SpDeleteContext", context_handle))

    async def SpQueryContextAttributes(self, context_handle: int, context_attribute: int, buffer: None) -> Any:
        self.steps.append(("SpQueryContextAttributes", context_handle, context_attribute))
        if context_attribute == SIZES:
            return TOKEN_SIZE
        if context_attribute != NAMES:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "unknown in LSA")
        name = b"user as LSA knows it"
        block = await self.table.AllocateLsaHeap(len(name))
        await self.table.memory.write(block, name)
        return Names(block, len(name))


async def connected(
    client: Client, package: str = "sealing", *, server: bool = False, requirements: int = 0
) -> SecHandle:
    """A context of this client, complete."""
    use = constants.SECPKG_CRED_INBOUND if server else constants.SECPKG_CRED_OUTBOUND
    credential, _ = await client.AcquireCredentialsHandle(None, package, use, None, None, None, None)
    if server:
        leg = await client.AcceptSecurityContext(credential, None, SecBufferDesc(), requirements, 0)
    else:
        leg = await client.InitializeSecurityContext(credential, None, "target", requirements, 0, 0, None, 0)
    return leg.new_context


def message(data: bytes, *more: SecBuffer) -> SecBufferDesc:
    """A message with an empty signature."""
    kinds = constants.SECBUFFER_TOKEN, constants.SECBUFFER_DATA
    return SecBufferDesc((SecBuffer(kinds[0], bytearray(TOKEN_SIZE)), SecBuffer(kinds[1], bytearray(data)), *more))


def _key(key: bytes, side: str) -> bytes:
    return hmac.digest(key, side.encode(), "sha256")


def _other(side: str) -> str:
    return "server" if side == "client" else "client"


def _token(key: bytes, sequence: int, covered: tuple[SecBuffer, ...]) -> bytes:
    number = sequence.to_bytes(8, "big")
    content = b"".join(len(each.data).to_bytes(4, "big") + each.data for each in covered)
    return number + hmac.digest(key, number + content, "sha256")


def _crypt(key: bytes, nonce: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_256(key + nonce).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))


def _put(buffer: SecBuffer, data: bytes) -> None:
    assert isinstance(buffer.buffer, bytearray | memoryview)
    memoryview(buffer.buffer)[: len(data)] = data


def _shortened(message: SecBufferDesc, token: SecBuffer) -> SecBufferDesc:
    short = attrs.evolve(token, length=TOKEN_SIZE)
    return attrs.evolve(message, buffers=tuple(short if each is token else each for each in message.buffers))
