"""A cache of PINs: who has entered one need not enter it again until it is forgotten, or the workstation is locked.

The defect: there are two indexes of the same blocks, by account and by age. Forgetting an account takes its block out
of the first alone, so locking the workstation, which goes by age, frees it again. In LSASS the block may be somebody
else's by then: who owns it goes on writing to memory that the heap gives out once more. Where the heap checks, LSASS
ends, and the machine restarts.
"""

from __future__ import annotations

import hmac
from random import Random

import attrs
import trio

from lsart import (
    SEC_E_LOGON_DENIED,
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_QUOTA_EXCEEDED,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
)

__all__ = ["OPERATIONS", "DoubleFree"]

REMEMBER, CHECK, FORGET, LOCK = 1, 2, 3, 4  # the first byte; then the account, one byte; then the PIN
_ACCOUNTS = 64
_PIN = 8


@attrs.frozen(eq=False)
class Entry:
    """A PIN that is remembered, and where."""

    account: int
    block: Pointer


class DoubleFree:
    """Answers remember, check, forget and lock."""

    def __init__(self) -> None:
        self.by_account: dict[int, Entry] = {}
        self.by_age: list[Entry] = []  # oldest first
        self.mutex = trio.Lock()  # of both

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("double_free", comment="remembers PINs until the workstation is locked")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        async with self.mutex:
            return await self.serve(submit_buffer)

    async def serve(self, message: bytes) -> CallPackageReply:
        """One message, with the mutex held."""
        if message == bytes((LOCK,)):
            return await self.lock()
        if len(message) < 2 or message[1] >= _ACCOUNTS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        operation, account, pin = message[0], message[1], message[2:]
        if operation == REMEMBER and len(pin) == _PIN:
            return await self.remember(account, pin)
        if operation == CHECK and len(pin) == _PIN:
            return await self.check(account, pin)
        if operation == FORGET and not pin:
            return await self.forget(account)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def remember(self, account: int, pin: bytes) -> CallPackageReply:
        """Keep a PIN, one for each account."""
        if account in self.by_account:
            return CallPackageReply(protocol_status=STATUS_QUOTA_EXCEEDED)
        block = await self.table.AllocatePrivateHeap(_PIN)
        if block is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        entry = self.by_account[account] = Entry(account, block)
        self.by_age.append(entry)
        await self.table.memory.write(block, pin)
        return CallPackageReply()

    async def check(self, account: int, pin: bytes) -> CallPackageReply:
        """Whether this is the PIN."""
        entry = self.by_account.get(account)
        if entry is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        if not hmac.compare_digest(await self.table.memory.read(entry.block, _PIN), pin):
            return CallPackageReply(protocol_status=SEC_E_LOGON_DENIED)
        return CallPackageReply()

    async def forget(self, account: int) -> CallPackageReply:
        """Give the block of one account back."""
        entry = self.by_account.pop(account, None)
        if entry is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        await self.table.FreePrivateHeap(entry.block)
        return CallPackageReply()

    async def lock(self) -> CallPackageReply:
        """Give all blocks back."""
        while self.by_age:
            entry = self.by_age.pop(0)
            self.by_account.pop(entry.account, None)
            await self.table.FreePrivateHeap(entry.block)
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        for entry in self.by_account.values():
            await self.table.FreePrivateHeap(entry.block)


def _remember(random: Random, size: int) -> bytes:
    return bytes((REMEMBER, random.randrange(4))) + b"12345678"


def _check(random: Random, size: int) -> bytes:
    return bytes((CHECK, random.randrange(4))) + b"12345678"


def _forget(random: Random, size: int) -> bytes:
    return bytes((FORGET, random.randrange(4)))


def _lock(random: Random, size: int) -> bytes:
    return bytes((LOCK,))


OPERATIONS = {"remember": _remember, "check": _check, "forget": _forget, "lock": _lock}
