"""A security package whose protocol is a script: so many tokens go back and forth, and each entry is noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import lsart
from lsart.contract import (
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_I_CONTINUE_NEEDED,
    STATUS_SUCCESS,
    AcceptLsaModeLeg,
    ContextLeg,
    FunctionTable,
    InitLsaModeLeg,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart.runtime import Client

__all__ = ["BOTH", "NATIVE", "TOKEN", "Ssp", "accept", "acquire", "initialize", "settings", "token", "tokens"]

BOTH = constants.SECPKG_CRED_BOTH
NATIVE = 0x10  # SECURITY_NATIVE_DREP
TOKEN = constants.SECBUFFER_TOKEN

Before = Callable[["Ssp", str, tuple[Any, ...]], Awaitable[Any]]


def settings(**given: Any) -> lsart.LsaSettings:
    """Nothing takes time."""
    costs = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
    return lsart.LsaSettings(costs=costs, watchdog=None, **given)


def token(data: bytes) -> SecBufferDesc:
    """What goes to the peer, or comes from it."""
    return SecBufferDesc((SecBuffer(TOKEN, data),))


class Ssp:
    """Speaks a protocol of `messages` tokens "token 1", "token 2", ... of which the client's side sends the first.

    Args:
        before: awaited in each entry point with this, its name and its arguments; what it returns, unless it is None,
            is what the entry point returns. expiry: what SpAcquireCredentialsHandle says.

    Attributes:
        entered: each entry with its arguments. credentials, contexts: its live numbers; a context's is its step.
    """

    table: FunctionTable

    def __init__(self, name: str = "ssp", *, messages: int = 2, before: Before | None = None, expiry: int = 99) -> None:
        self.name = name
        self.messages = messages
        self.before = before
        self.expiry = expiry
        self.entered: list[tuple[str, tuple[Any, ...]]] = []
        self.credentials: set[int] = set()
        self.contexts: dict[int, int] = {}
        self._next = 16

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(self.name, max_token=64)

    def names(self) -> list[str]:
        """The entries in order."""
        return [name for name, _ in self.entered]

    def of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments that an entry was given, each time."""
        return [given for each, given in self.entered if each == name]

    async def SpAcquireCredentialsHandle(self, *given: Any) -> Any:
        said = await self._enter("Acquire", given)
        if said is not None:
            return said
        self.credentials.add(number := self._number())
        return number, self.expiry

    async def SpFreeCredentialsHandle(self, credential_handle: int) -> Any:
        said = await self._enter("Free", (credential_handle,))
        if credential_handle not in self.credentials:
            raise StatusError(SEC_E_INVALID_HANDLE)
        self.credentials.remove(credential_handle)
        return said

    async def SpInitLsaModeContext(self, *given: Any) -> Any:
        said = await self._enter("Init", given)
        return InitLsaModeLeg(*self._step(given[1], given[5], 0)) if said is None else said

    async def SpAcceptLsaModeContext(self, *given: Any) -> Any:
        said = await self._enter("Accept", given)
        return AcceptLsaModeLeg(*self._step(given[1], given[2], 1)) if said is None else said

    async def SpDeleteContext(self, context_handle: int) -> Any:
        said = await self._enter("Delete", (context_handle,))
        if self.contexts.pop(context_handle, None) is None:
            raise StatusError(SEC_E_INVALID_HANDLE)
        return said

    async def _enter(self, name: str, given: tuple[Any, ...]) -> Any:
        self.entered.append((name, given))
        return None if self.before is None else await self.before(self, name, given)

    def _step(self, context: int | None, message: SecBufferDesc | None, side: int) -> tuple[Any, ...]:
        step = side if context is None else self.contexts[context]
        if step and (message is None or message.buffers[0].data != b"token %d" % step):
            raise StatusError(SEC_E_INVALID_TOKEN)
        number = self._number() if context is None else context
        self.contexts[number] = step + 2
        output = token(b"token %d" % (step + 1)) if step < self.messages else None
        status = SEC_I_CONTINUE_NEEDED if step + 1 < self.messages else STATUS_SUCCESS
        return number, output, 0, self.expiry, False, None, status

    def _number(self) -> int:
        self._next += 16
        return self._next


async def acquire(client: Client, package: str = "ssp", **given: Any) -> SecHandle:
    """A credential of the caller's own, for both sides."""
    return (await client.AcquireCredentialsHandle(None, package, BOTH, **given))[0]


async def initialize(
    client: Client,
    credential: SecHandle | None,
    context: SecHandle | None = None,
    message: SecBufferDesc | None = None,
    flags: int = 0,
    **given: Any,
) -> ContextLeg:
    """A leg of the client's side."""
    return await client.InitializeSecurityContext(credential, context, "peer", flags, 0, NATIVE, message, 0, **given)


async def accept(
    client: Client,
    credential: SecHandle | None,
    context: SecHandle | None = None,
    message: SecBufferDesc | None = None,
    flags: int = 0,
    **given: Any,
) -> ContextLeg:
    """A leg of the server's side."""
    return await client.AcceptSecurityContext(credential, context, message, flags, NATIVE, **given)


async def tokens(client: Client, server: Client, package: str = "ssp") -> list[bytes]:
    """Talk until both sides are done; what went over the wire."""
    sides = [(client, initialize, await acquire(client, package)), (server, accept, await acquire(server, package))]
    contexts: list[SecHandle | None] = [None, None]
    sent: list[bytes] = []
    message: SecBufferDesc | None = None
    unfinished = {0, 1}
    while unfinished:
        for side, (who, leg, credential) in enumerate(sides):
            if side not in unfinished:
                continue
            result = await leg(who, credential, contexts[side], message)
            contexts[side] = result.new_context
            message = result.output
            sent += [each.data for each in message.buffers]
            if result.status == STATUS_SUCCESS:
                unfinished.discard(side)
    return sent
