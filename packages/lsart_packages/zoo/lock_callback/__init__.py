"""Uses a key in the name of clients, each time after the user there has agreed. The half in the client's process asks.

The defect: the lock of the counter is held while the client asks its user. A callback lasts as long as the client
likes, and until then every other client waits for the lock. In LSASS one client that never answers stops all of them,
and takes the workers of the pool one after the other, until nobody can log on.
"""

from __future__ import annotations

import hmac
from random import Random

import trio

from lsart import (
    SEC_E_INSUFFICIENT_MEMORY,
    SECPKG_PARAMETERS,
    STATUS_ACCESS_DENIED,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    Client,
    ClientRequest,
    DllFunctions,
    FunctionTable,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecPkgInfo,
    StatusError,
    constants,
    sleep_ns,
)

__all__ = ["OPERATIONS", "LockCallback"]

_ASK = 1  # the number of the callback
_NEVER = 0x7FFF_FFFF_FFFF_FFFF  # as FILETIME
_KEY = b"a key that is used by consent"


class UserMode:
    """The half in a client's process."""

    async def SpInstanceInit(self, version: int, function_table: DllFunctions) -> None:
        self.dll = function_table
        await function_table.RegisterCallback(_ASK, self.ask)

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        if isinstance(packed_context.buffer, Pointer):
            await self.dll.FreeContextBuffer(packed_context.buffer)

    def SpDeleteUserModeContext(self, context_handle: int) -> None:
        """Nothing is kept of a context."""

    async def ask(self, argument1: int, argument2: int, input: SecBuffer) -> SecBuffer:
        """Ask the user, who thinks as many milliseconds as the first argument says."""
        await sleep_ns(argument1 * 1_000_000)
        return SecBuffer(constants.SECBUFFER_DATA, b"yes")


class LockCallback:
    """Answers a number of milliseconds, one byte, with the number of the use and a token."""

    user_mode = UserMode

    def __init__(self) -> None:
        self.uses = 0
        self.lock = trio.Lock()  # of the counter and of what is derived from it

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        self.contexts = 0

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("lock_callback", comment="has clients agree before their key is used")

    async def SpAcquireCredentialsHandle(self, *arguments: object) -> tuple[int, int]:
        return 1, _NEVER

    async def SpFreeCredentialsHandle(self, credential_handle: int) -> None:
        """Nothing is kept of a credential."""

    async def SpInitLsaModeContext(self, *arguments: object) -> InitLsaModeLeg:
        """A context brings the half of the package into the client's process."""
        block = await self.table.AllocateLsaHeap(1)
        if block is None:
            raise StatusError(SEC_E_INSUFFICIENT_MEMORY)
        await self.table.memory.write(block, b"\0")
        self.contexts += 1
        data = SecBuffer(constants.SECBUFFER_TOKEN, block, 1)
        return InitLsaModeLeg(self.contexts, expiration_time=_NEVER, mapped_context=True, context_data=data)

    async def SpDeleteContext(self, context_handle: int) -> None:
        """Nothing is kept of a context."""

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        question = SecBuffer(constants.SECBUFFER_DATA, b"May the key be used?")
        async with self.lock:
            answer = await self.table.ClientCallback(_ASK, submit_buffer[0], 0, question)
            if answer.data != b"yes":
                return CallPackageReply(protocol_status=STATUS_ACCESS_DENIED)
            self.uses += 1
            token = self.uses.to_bytes(4, "little")
        return await self.table.reply(client_request, token + hmac.digest(_KEY, token, "sha256"))

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


async def _use(client: Client, random: Random, size: int) -> None:
    """Have the key used, by a user who agrees at once."""
    use = constants.SECPKG_CRED_OUTBOUND
    credential, _ = await client.AcquireCredentialsHandle(None, "lock_callback", use)
    leg = await client.InitializeSecurityContext(credential, None, "key", 0, 0, 0, None, 0)
    await client.call("lock_callback", b"\0", operation="use")
    if leg.new_context is not None:
        await client.DeleteSecurityContext(leg.new_context)
    await client.FreeCredentialsHandle(credential)


OPERATIONS = {"use": _use}
