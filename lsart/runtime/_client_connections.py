"""The connections of a client process to LSA."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import trio

from lsart.contract import (
    STATUS_INVALID_HANDLE,
    STATUS_NAME_TOO_LONG,
    STATUS_PORT_CONNECTION_REFUSED,
    StatusError,
)
from lsart.engine import now_ns
from lsart.events import ClientConnected, ClientDisconnected, Origin
from lsart.memory import ClientMemory
from lsart.runtime._client_identity import ClientIdentity

if TYPE_CHECKING:
    from lsart.runtime._client import Client
    from lsart.runtime._lsa import Lsa
    from lsart.runtime._pacer import Pacer

__all__ = ["ClientConnections", "check_name"]

_NAME_LIMIT = 127


class ClientConnections(ClientIdentity):
    """The connections of a process, and the functions that open and close them.

    Attributes:
        handle: the connection that the short ways use. is_alive: whether the process still runs.
        process: its memory.
    """

    __slots__ = ("_handles", "_lsa", "handle", "has_tcb_privilege", "is_alive", "process")

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(name, process_id, lsa.memory.environment)
        self._lsa = lsa
        self.has_tcb_privilege = has_tcb_privilege
        self.process = ClientMemory(name, process_id // 4, lsa.machine, lsa.memory.environment)
        self.is_alive = True
        self.handle = 0
        self._handles: tuple[int, ...] = ()

    async def LsaConnectUntrusted(self) -> int:
        """Open an untrusted connection; returns its handle (LCO-1)."""
        await trio.lowlevel.checkpoint()
        return self._connect(trusted=False)

    async def LsaRegisterLogonProcess(self, logon_process_name: str) -> int:
        """Open a trusted connection; returns its handle.

        Args:
            logon_process_name: what audit calls the process, at most 127 bytes. Two may have one name (LRL-3).

        Raises:
            StatusError: STATUS_NAME_TOO_LONG over 127 bytes, STATUS_PORT_CONNECTION_REFUSED without SeTcbPrivilege.
        """
        await trio.lowlevel.checkpoint()
        check_name(logon_process_name)
        if not self.has_tcb_privilege:
            raise StatusError(STATUS_PORT_CONNECTION_REFUSED, f"{self.name} does not hold SeTcbPrivilege")
        return self._connect(trusted=True, logon_process=logon_process_name)

    async def LsaDeregisterLogonProcess(self, lsa_handle: int) -> None:
        """Close a connection (LDR-1).

        Raises:
            StatusError: STATUS_INVALID_HANDLE when it is not an open handle of this process.
        """
        await trio.lowlevel.checkpoint()
        self._trust_of(lsa_handle)
        self._disconnect(lsa_handle, "deregistered")

    @property
    def pacer(self) -> Pacer:
        """Past whom every access to this process's memory goes."""
        return self._lsa.pacer

    @property
    def is_logon_process(self) -> bool:
        """Whether it has a connection of LsaRegisterLogonProcess."""
        return any(self._trust_of(each) for each in self._handles)

    def connect(self, *, trusted: bool) -> None:
        """Open the connection that `call` uses."""
        self.handle = self._connect(trusted=trusted, logon_process=self.name if trusted else "")

    def _connect(self, *, trusted: bool, logon_process: str = "") -> int:
        if not self.is_alive:
            raise StatusError(STATUS_INVALID_HANDLE, f"{self.name} has ended")
        handle = self._lsa.open_handle(self._client, trusted=trusted)
        self._handles = (*self._handles, handle)
        bus = self._lsa.bus
        if bus.wants(ClientConnected):
            bus.emit(
                ClientConnected(
                    time_ns=now_ns(),
                    client=self.name,
                    process_id=self.process_id,
                    handle=handle,
                    trusted=trusted,
                    logon_process=logon_process,
                )
            )
        return handle

    def _disconnect(self, handle: int, reason: str) -> None:
        self._lsa.close_handle(handle)
        self._handles = tuple(each for each in self._handles if each != handle)
        bus = self._lsa.bus
        if bus.wants(ClientDisconnected):
            bus.emit(ClientDisconnected(time_ns=now_ns(), client=self.name, handle=handle, reason=reason))

    def _trust_of(self, handle: object) -> bool:
        """Whether the connection is trusted. A handle that is not this process's own gets no hint why."""
        connection = self._lsa.connection(handle) if isinstance(handle, int) else None
        if connection is None or connection[0] is not self:
            shown = f"{handle:#x}" if isinstance(handle, int) else repr(handle)
            raise StatusError(STATUS_INVALID_HANDLE, f"{shown} is not an open connection handle of {self.name}")
        return connection[1]

    def _origin(self, function: str) -> Origin:
        return Origin("", None, self.name, function, now_ns())

    @property
    def _client(self) -> Client:
        """This process as what it is: every part of it is a base of `Client` and of nothing else."""
        return cast("Client", self)


def check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a name is text, got {type(name).__name__} {name!r}")
    size = len(name.encode("utf-8", "surrogatepass"))  # half a surrogate pair is no name of anything, but no crash
    if size > _NAME_LIMIT:
        raise StatusError(STATUS_NAME_TOO_LONG, f"a name has at most {_NAME_LIMIT} bytes, this one {size}")
