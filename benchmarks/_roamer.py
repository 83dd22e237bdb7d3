"""The sample `challenge` with all that SSPI has besides: attributes, tokens, passwords, contexts that are exported.

It is what hostile clients are let at, so that every function of SSPI does something for them.
"""

from __future__ import annotations

import hmac
import struct
from typing import Any

from lsart_packages.challenge import ChallengePackage
from lsart_packages.challenge._keys import KEYS_SIZE, account_key, context_keys
from lsart_packages.challenge._packed import pack, unpack
from lsart_packages.challenge._protection import Protection
from lsart_packages.challenge._user_mode import ChallengeUserMode, _Context

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_LOGON_DENIED,
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    TOKEN_SOURCE,
    FunctionTable,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecPkgInfo,
    SecurityUserData,
    StatusError,
    constants,
    enumerations,
)

__all__ = ["ACCOUNT", "Roamer"]

ACCOUNT = "alice"
LUID = 0x2000
SID = "S-1-5-21-7-7-7-1000"
MOST = 256
_TOKEN = struct.Struct("<Q")
_SOURCE = TOKEN_SOURCE("roamer")
_TOKEN_KIND = (
    enumerations.SECURITY_LOGON_TYPE.Network,
    enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation,
    enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationNull,
)


class RoamerUserMode(ChallengeUserMode):
    """The packed form begins with a handle to a token; the exported one is the packed one, which starts anew."""

    def __init__(self) -> None:
        super().__init__()
        self._packed: dict[int, bytes] = {}
        self._next = 1 << 32  # beyond the numbers of LSA

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        where = packed_context.buffer
        assert isinstance(where, Pointer)
        packed = await self._dll.memory.read(where, packed_context.length)
        await self._dll.FreeContextBuffer(where)
        self._take(context_handle, packed)

    def SpDeleteUserModeContext(self, context_handle: int) -> None:
        super().SpDeleteUserModeContext(context_handle)
        self._packed.pop(context_handle, None)

    def SpGetContextToken(self, context_handle: int) -> int:
        return int(_TOKEN.unpack_from(self._of(context_handle))[0])

    def SpCompleteAuthToken(self, context_handle: int, input_buffer: SecBufferDesc) -> None:
        self._of(context_handle)
        if input_buffer.first(constants.SECBUFFER_TOKEN) is None:
            raise StatusError(SEC_E_INVALID_TOKEN)

    async def SpExportSecurityContext(self, context_handle: int, flags: int) -> tuple[SecBuffer, int]:
        packed = self._of(context_handle)
        block = await self._dll.allocate_client_buffer(len(packed))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await self._dll.memory.write(block, packed)
        if flags & constants.SECPKG_CONTEXT_EXPORT_DELETE_OLD:
            self.SpDeleteUserModeContext(context_handle)
        return SecBuffer(constants.SECBUFFER_DATA, block, len(packed)), _TOKEN.unpack_from(packed)[0]

    async def SpImportSecurityContext(self, packed_context: SecBuffer, token: int | None) -> int:
        where = packed_context.buffer
        data = await self._dll.memory.read(where, packed_context.length) if isinstance(where, Pointer) else b""
        packed = data or packed_context.data
        if len(packed) < _TOKEN.size + 4 + KEYS_SIZE:
            raise StatusError(SEC_E_INVALID_TOKEN)
        self._next += 1
        try:
            self._take(self._next, packed)
        except UnicodeDecodeError:
            raise StatusError(SEC_E_INVALID_TOKEN) from None
        return self._next

    def _take(self, number: int, packed: bytes) -> None:
        keys, flags, account = unpack(packed[_TOKEN.size :])
        self._contexts[number] = _Context(Protection(keys, in_order=False), flags, account)
        self._packed[number] = packed

    def _of(self, number: int) -> bytes:
        if number not in self._packed:
            raise StatusError(SEC_E_INVALID_HANDLE)
        return self._packed[number]


class Roamer(ChallengePackage):
    """The half in LSA. It says of everybody that they are the user of its own session."""

    user_mode = RoamerUserMode

    async def SpInitialize(  # type: ignore[override]  # an entry point may wait or not
        self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable
    ) -> None:
        super().SpInitialize(package_id, parameters, table)
        await table.CreateLogonSession(LUID)

    async def SpShutdown(self) -> None:  # type: ignore[override]  # likewise
        super().SpShutdown()
        await self._table.DeleteLogonSession(LUID)

    def SpGetInfo(self) -> SecPkgInfo:
        info = super().SpGetInfo()
        return SecPkgInfo("roamer", info.comment, info.capabilities, info.max_token)

    def SpGetUserInfo(self, logon_id: int, flags: int) -> SecurityUserData:
        return SecurityUserData(ACCOUNT, "LOOKING GLASS LAND"[: 15 if flags & 2 else None], "MIRROR", SID)

    async def SpAddCredentials(self, handle: int, principal: str | None, package: str, use: int, *data: object) -> int:
        if not isinstance(data[0], Pointer):
            raise StatusError(STATUS_INVALID_PARAMETER)
        await self._read_identity(data[0])
        return 0

    async def SpQueryCredentialsAttributes(self, handle: int, attribute: int, buffer: Pointer) -> Pointer:
        if attribute != constants.SECPKG_CRED_ATTR_NAMES:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION)
        name = self._credentials[handle].account.encode() + b"\0"
        block = await self._table.AllocateClientBuffer(None, len(name))
        try:
            await self._table.CopyToClientBuffer(None, len(name), block, name)
            await self._table.CopyToClientBuffer(None, 8, buffer, block.address.to_bytes(8, "little"))
        except BaseException:
            await self._table.FreeClientBuffer(None, block)
            raise
        return buffer

    async def SpSetCredentialsAttributes(self, handle: int, attribute: int, buffer: Pointer, length: int) -> None:
        if not 0 <= length <= MOST:
            raise StatusError(STATUS_INVALID_PARAMETER)
        await self._table.CopyFromClientBuffer(None, length, buffer)

    SpSetContextAttributes = SpSetCredentialsAttributes

    def SpChangeAccountPassword(
        self, domain: str, account: str, old: str, new: str, impersonating: bool, output: SecBufferDesc
    ) -> SecBufferDesc:
        known = self._keys.get(account)
        try:
            fits = known is not None and hmac.compare_digest(account_key(account, old), known)
        except UnicodeEncodeError:  # half of a character is part of no password
            fits = False
        if not fits:
            raise StatusError(SEC_E_LOGON_DENIED)
        return SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, b"it stays as it is"),))

    async def _pack(self, side: bytes, context: Any) -> SecBuffer:
        """As `challenge` does, behind a handle to a token in the client."""
        nobody = LSA_TOKEN_INFORMATION_NULL()
        made, _ = await self._table.CreateToken(LUID, _SOURCE, *_TOKEN_KIND, nobody, None, "", "", None, None)
        try:
            handle = await self._table.DuplicateHandle(made)
        except StatusError:
            handle = 0  # only a logon process lets LSA put handles into it
        finally:
            self._table.win32.CloseHandle(made)
        keys = context_keys(side, context.key, context.client_nonce, context.server_nonce, context.flags)
        packed = _TOKEN.pack(handle) + pack(keys, context.flags, context.account)
        block = await self._table.AllocateLsaHeap(len(packed))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await self._table.memory.write(block, packed)
        return SecBuffer(constants.SECBUFFER_TOKEN, block, len(packed))
