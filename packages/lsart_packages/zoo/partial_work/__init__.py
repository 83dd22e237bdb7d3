"""Lists the machines of a domain in shared memory, with the version that each runs.

A machine that joins sends name=version.

The defect: the machine is entered first and its version is read afterwards, by a function that raises an exception when
it is no number. The exception leaves the entry point with the work half done. In LSASS that ends the process; where
somebody catches it, the list has a machine without a version from then on, and whoever reads it fails on that.
"""

from __future__ import annotations

from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_QUOTA_EXCEEDED,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "PartialWork"]

_LINE = 32
_MACHINES = 64
LIST = b"?"


class PartialWork:
    """Answers ? with the number of machines and the sum of their versions, and enters everything else."""

    def __init__(self) -> None:
        self.machines: dict[bytes, Pointer] = {}
        self.versions: dict[bytes, int] = {}

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("partial_work", comment="lists machines with the versions that they run")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if submit_buffer == LIST:
            versions = [self.versions[name] for name in self.machines]
            return await self.table.reply(client_request, b"%d machines, %d" % (len(versions), sum(versions)))
        name, separator, version = submit_buffer.partition(b"=")
        if not separator or not name or length > _LINE or name in self.machines:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        line = await self.table.AllocateSharedMemory(self.section, _LINE)
        if line is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        if name in self.machines or len(self.machines) >= _MACHINES:  # it may have come while we waited for the line
            await self.table.FreeSharedMemory(self.section, line)
            return CallPackageReply(protocol_status=STATUS_QUOTA_EXCEEDED)
        self.machines[name] = line
        self.versions[name] = int(version)
        await self.table.memory.write(line, submit_buffer.ljust(_LINE, b"\0"))
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        for line in self.machines.values():
            await self.table.FreeSharedMemory(self.section, line)
        await self.table.DeleteSharedMemory(self.section)


def _join(random: Random, size: int) -> bytes:
    return b"machine%d=%d" % (random.randrange(100), random.randrange(20))


def _join_nameless(random: Random, size: int) -> bytes:
    return b"machine%d=Vista" % random.randrange(100)


def _list(random: Random, size: int) -> bytes:
    return LIST


OPERATIONS = {"join": _join, "join_nameless": _join_nameless, "list": _list}
