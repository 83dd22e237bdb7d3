"""`zoo.underrun` without its defect: a number that is longer than the field is refused."""

from __future__ import annotations

from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "Underrun"]

SET, GET = 1, 2  # the first byte; the account, one byte; `set` has the digits after it
_ACCOUNTS = 8
_FIELD = 16
_LARGEST = 20  # digits of a number of 64 bits


class Underrun:
    """Answers set and get."""

    def __init__(self) -> None:
        self.fields: list[Pointer] = []

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        for _ in range(_ACCOUNTS):
            field = await table.AllocatePrivateHeap(_FIELD)
            if field is None:
                await self.SpShutdown()
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
            await table.memory.write(field, b"0".rjust(_FIELD))
            self.fields.append(field)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("underrun", comment="prints balances into fields of a form")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length < 2 or submit_buffer[1] >= _ACCOUNTS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        operation, field, digits = submit_buffer[0], self.fields[submit_buffer[1]], submit_buffer[2:]
        if operation == SET and digits.isdigit() and len(digits) <= _LARGEST:
            return await self.set(field, digits)
        if operation == GET and not digits:
            return await self.table.reply(client_request, await self.table.memory.read(field, _FIELD))
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def set(self, field: Pointer, digits: bytes) -> CallPackageReply:
        """Print a number into a field, blanks before it."""
        if len(digits) > _FIELD:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        text = digits.rjust(_FIELD)
        await self.table.memory.write(field + _FIELD - len(text), text)
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        for field in self.fields:
            await self.table.FreePrivateHeap(field)


def _set(random: Random, size: int) -> bytes:
    return bytes((SET, random.randrange(_ACCOUNTS))) + b"%d" % random.randrange(10**6)


def _set_much(random: Random, size: int) -> bytes:
    return bytes((SET, random.randrange(_ACCOUNTS))) + b"%d" % random.randrange(10**17, 10**20)


def _get(random: Random, size: int) -> bytes:
    return bytes((GET, random.randrange(_ACCOUNTS)))


OPERATIONS = {"set": _set, "set_much": _set_much, "get": _get}
