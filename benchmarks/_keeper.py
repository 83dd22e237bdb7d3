"""A package that keeps a secret for each process, and that uses much of LSA to do so: what hostile clients are let at.

It trusts nothing that a client can change: not its message, not what lies in shared memory.
"""

from __future__ import annotations

from hashlib import sha256

import lsart
from lsart.contract import (
    SECPKG_CLIENT_INFO,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_OBJECT_NAME_NOT_FOUND,
    TOKEN_SOURCE,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
    enumerations,
)

__all__ = ["NUMBERS", "Keeper"]

NUMBERS = {"store": 1, "get": 2, "token": 3, "share": 4, "remember": 5, "recall": 6, "own buffer": 7, "wait": 8}
"""What the first byte of a message asks for."""

LUID = 0x1000
SOURCE = TOKEN_SOURCE("keeper")
TOKEN_KIND = (
    enumerations.SECURITY_LOGON_TYPE.Network,
    enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation,
    enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationNull,
)
MOST_BYTES, MOST_PROCESSES = 512, 500


class Keeper:
    """Each operation is a method; the name of a key or of an entry in the heap is the number of the process."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[Pointer, int]] = {}  # block and length by process; the one used last is at the end
        self.remembered: dict[int, bool] = {}  # whether a process has a credential now; in the same order

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table
        self.package_id = package_id
        section = await table.CreateSharedMemory(max_size=65536, initial_size=4096)
        if section is None:
            raise StatusError(lsart.STATUS_INSUFFICIENT_RESOURCES)
        self.section = section
        await table.CreateLogonSession(LUID)

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo("keeper")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, content = submit_buffer[:1], submit_buffer[1:]
        if not operation or operation[0] not in NUMBERS.values() or len(content) > MOST_BYTES:
            raise StatusError(STATUS_INVALID_PARAMETER)
        name = next(name for name, number in NUMBERS.items() if number == operation[0])
        answer = await getattr(self, name.replace(" ", "_"))(client_request, content)
        return await self.table.reply(client_request, answer)

    LsaApCallPackage = LsaApCallPackagePassthrough = LsaApCallPackageUntrusted

    async def _process(self) -> int:
        info = await self.table.GetClientInfo()
        assert isinstance(info, SECPKG_CLIENT_INFO)
        return info.process_id

    async def store(self, request: ClientRequest, content: bytes) -> bytes:
        process = await self._process()
        block = await self.table.AllocateLsaHeap(max(len(content), 1))
        if block is None:
            raise StatusError(STATUS_NO_MEMORY)
        await self.table.memory.write(block, content)
        old = self.kept.pop(process, None)
        self.kept[process] = block, len(content)
        if old is None and len(self.kept) > MOST_PROCESSES:
            old = self.kept.pop(next(iter(self.kept)))
        if old is not None:
            await self.table.FreeLsaHeap(old[0])
        return b""

    async def get(self, request: ClientRequest, content: bytes) -> bytes:
        process = await self._process()
        if process not in self.kept:
            raise StatusError(STATUS_OBJECT_NAME_NOT_FOUND)
        self.kept[process] = block, length = self.kept.pop(process)
        return await self.table.memory.read(block, length)

    async def token(self, request: ClientRequest, content: bytes) -> bytes:
        nobody = lsart.LSA_TOKEN_INFORMATION_NULL()
        made, _ = await self.table.CreateToken(LUID, SOURCE, *TOKEN_KIND, nobody, None, "", "", None, None)
        try:
            return (await self.table.DuplicateHandle(made)).to_bytes(8, "little")
        finally:
            self.table.win32.CloseHandle(made)

    async def share(self, request: ClientRequest, content: bytes) -> bytes:
        block = await self.table.AllocateSharedMemory(self.section, max(len(content), 1))
        if block is None:
            raise StatusError(STATUS_NO_MEMORY)
        try:
            await self.table.memory.write(block, content)
            await self.table.memory.read(block, len(content))
        finally:
            await self.table.FreeSharedMemory(self.section, block)
        return sha256(content).digest()

    async def remember(self, request: ClientRequest, content: bytes) -> bytes:
        process = await self._process()
        had = self.remembered.pop(process, False)
        self.remembered[process] = True
        if had:
            await self.table.DeleteCredential(LUID, self.package_id, f"process {process}")
        await self.table.AddCredential(LUID, self.package_id, f"process {process}", content)
        if len(self.remembered) > MOST_PROCESSES:
            oldest = next(iter(self.remembered))
            del self.remembered[oldest]
            await self.table.DeleteCredential(LUID, self.package_id, f"process {oldest}")
        return b""

    async def recall(self, request: ClientRequest, content: bytes) -> bytes:
        process = await self._process()
        found = await self.table.GetCredentials(LUID, self.package_id, 0, False, f"process {process}")
        copy = found[-1]
        assert isinstance(copy.buffer, Pointer)
        if process in self.remembered:
            self.remembered[process] = self.remembered.pop(process)
        try:
            return await self.table.memory.read(copy.buffer, copy.length)
        finally:
            await self.table.FreeLsaHeap(copy.buffer)

    async def own_buffer(self, request: ClientRequest, content: bytes) -> bytes:
        """Copies from an address that the client names, into a buffer that LSA has there."""
        buffer = await self.table.AllocateClientBuffer(request, max(len(content), 8))
        try:
            address = Pointer(int.from_bytes(content[:8], "little") or buffer.address, buffer.space)
            found = await self.table.CopyFromClientBuffer(request, len(content), address)
            await self.table.CopyToClientBuffer(request, len(found), buffer, found)
        finally:
            await self.table.FreeClientBuffer(request, buffer)
        return found

    async def wait(self, request: ClientRequest, content: bytes) -> bytes:
        await lsart.sleep_ns(len(content))
        return content

    async def SpShutdown(self) -> None:
        for block, _ in self.kept.values():
            await self.table.FreeLsaHeap(block)
        await self.table.DeleteLogonSession(LUID)
        await self.table.DeleteSharedMemory(self.section)
