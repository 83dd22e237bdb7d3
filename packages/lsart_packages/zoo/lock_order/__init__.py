"""Keeps the table of logon sessions and an audit log in shared memory, which tells who came and went.

The defect: logging on takes the lock of the sessions, then that of the audit log; a report takes them the other way
round. When a report comes in between, each waits for the lock that the other holds. In LSASS two threads hang, then
every thread that logs anybody on or off: the machine answers pings and lets nobody in, and no process has crashed.
"""

from __future__ import annotations

import struct
from random import Random

import trio

from lsart import (
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
    StatusError,
)

__all__ = ["OPERATIONS", "LockOrder"]

LOGON, LOGOFF, REPORT = 1, 2, 3
_MESSAGE = struct.Struct("<BI")  # operation, session; a line of the audit log looks the same
_SESSIONS = 100
_LINES = 64
_SERVICES = 7  # the session of all services


class LockOrder:
    """Answers logon, logoff and report."""

    def __init__(self) -> None:
        self.sessions: set[int] = set()
        self.sessions_lock = trio.Lock()
        self.lines = 0  # written to the audit log so far; the newest overwrites the oldest
        self.audit_lock = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        log = await table.AllocateSharedMemory(section, _LINES * _MESSAGE.size)
        if log is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section, self.log = section, log

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("lock_order", comment="logon sessions and an audit log")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != _MESSAGE.size:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        operation, session = _MESSAGE.unpack(submit_buffer)
        if operation == LOGON:
            return await self.logon(session)
        if operation == LOGOFF:
            return await self.logoff(session)
        if operation == REPORT:
            return await self.report(client_request, session)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def logon(self, session: int) -> CallPackageReply:
        """Begin a session. Of one that has begun there is nothing to tell, so most calls take no lock at all."""
        if session in self.sessions:
            return CallPackageReply()
        async with self.sessions_lock:
            if session not in self.sessions:  # while we waited for the lock it may have begun
                if len(self.sessions) >= _SESSIONS:
                    return CallPackageReply(protocol_status=STATUS_QUOTA_EXCEEDED)
                self.sessions.add(session)
                await self.audit(LOGON, session)
        return CallPackageReply()

    async def logoff(self, session: int) -> CallPackageReply:
        """End a session."""
        async with self.sessions_lock:
            if session not in self.sessions:
                return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
            self.sessions.remove(session)
            await self.audit(LOGOFF, session)
        return CallPackageReply()

    async def audit(self, operation: int, session: int) -> None:
        """Add a line. Callers hold the lock of the sessions, so that the log has the changes in their order."""
        async with self.audit_lock:
            offset = self.lines % _LINES * _MESSAGE.size
            await self.table.memory.write(self.log + offset, _MESSAGE.pack(operation, session))
            self.lines += 1

    async def report(self, client_request: ClientRequest, session: int) -> CallPackageReply:
        """Answer with the log as it was at a moment at which a session was there."""
        if session not in self.sessions:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        log = await self.log_during(session)
        if log is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        return await self.table.reply(client_request, log)

    async def log_during(self, session: int) -> bytes | None:
        """The log, while neither it nor the sessions change; None if the session has ended."""
        async with self.audit_lock, self.sessions_lock:  # the wrong way round
            return await self.copy_log(session)

    async def copy_log(self, session: int) -> bytes | None:
        """Number of lines written so far, and the last ones. Callers hold both locks."""
        if session not in self.sessions:
            return None
        lines = await self.table.memory.read(self.log, min(self.lines, _LINES) * _MESSAGE.size)
        return struct.pack("<I", self.lines) + lines

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.log)
        await self.table.DeleteSharedMemory(self.section)


def _logon(random: Random, size: int) -> bytes:
    return _MESSAGE.pack(LOGON, _SERVICES)


def _logoff(random: Random, size: int) -> bytes:
    return _MESSAGE.pack(LOGOFF, _SERVICES)


def _report(random: Random, size: int) -> bytes:
    return _MESSAGE.pack(REPORT, _SERVICES)


OPERATIONS = {"logon": _logon, "logoff": _logoff, "report": _report}
