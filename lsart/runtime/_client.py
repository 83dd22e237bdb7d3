"""A client process, its connections, and the client functions of the LSA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    NTSTATUS,
    STATUS_INVALID_HANDLE,
    STATUS_NAME_TOO_LONG,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_PORT_CONNECTION_REFUSED,
    AccessViolation,
    CallPackageReply,
    Pointer,
    ProcessTerminated,
    StatusError,
)
from lsart.engine import now_ns, touch
from lsart.events import ClientConnected, ClientDisconnected, Origin
from lsart.memory import ClientMemory, Section
from lsart.runtime._caller import life_of
from lsart.runtime._client_identity import ClientIdentity
from lsart.runtime._enter import discard_reply, entry
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._pacer import touch_commit

if TYPE_CHECKING:
    from lsart.runtime._dispatch import Request
    from lsart.runtime._lsa import Lsa

__all__ = ["Client", "Reply", "SectionView"]

_TRUSTED, _UNTRUSTED = entry("CallPackage").name, entry("CallPackageUntrusted").name
_PASSTHROUGH = entry("CallPackagePassthrough").name
_NAME_LIMIT = 127


@attrs.frozen
class Reply:
    """What a package answered: its own result, and the bytes of the return buffer."""

    protocol_status: NTSTATUS
    data: bytes


@attrs.frozen
class SectionView:
    """A section as one client has it mapped. Offsets are the same in every process, addresses are not."""

    name: str
    base: Pointer
    size: int
    memory: MemoryView

    async def read(self, offset: int, length: int) -> bytes:
        """Bytes at `offset`; raises AccessViolation beyond the committed part."""
        return await self.memory.read(self.base + offset, length)

    async def write(self, offset: int, data: bytes) -> None:
        """Put bytes at `offset`: a client may write anywhere in the section (CSM-7)."""
        await self.memory.write(self.base + offset, data)


class Client(ClientIdentity):
    """A client process. Made by `Lsa.connect` or `Lsa.start_client`.

    The functions with Windows names take and check connection handles as those of Windows do; `call` and
    `map_section` are short ways for tests and scenarios.
    """

    __slots__ = (
        "_handles",
        "_lsa",
        "_memory",
        "calls",
        "handle",
        "has_tcb_privilege",
        "is_alive",
        "is_restricted",
        "process",
    )

    def __init__(
        self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool, is_restricted: bool = False
    ) -> None:
        super().__init__(name, process_id, lsa.memory.environment)
        self._lsa = lsa
        self.has_tcb_privilege = has_tcb_privilege
        self.is_restricted = is_restricted
        self.process = ClientMemory(name, process_id // 4, lsa.machine, lsa.memory.environment)
        self.is_alive = True
        self.handle = 0
        self.calls: list[Request] = []
        self._handles: tuple[int, ...] = ()
        self._memory: MemoryView | None = None

    # ------------------------------------------------------------------ Windows functions

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
        _check_name(logon_process_name)
        if not self.has_tcb_privilege:
            raise StatusError(STATUS_PORT_CONNECTION_REFUSED, f"{self.name} does not hold SeTcbPrivilege")
        return self._connect(trusted=True, logon_process=logon_process_name)

    async def LsaLookupAuthenticationPackage(self, lsa_handle: int, package_name: str) -> int:
        """The id of a package (LLA-1).

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE, STATUS_NAME_TOO_LONG, STATUS_INVALID_HANDLE.
        """
        await trio.lowlevel.checkpoint()
        self._trust_of(lsa_handle)
        _check_name(package_name)
        return self._lsa.find_package(package_name).authentication_id

    async def LsaCallAuthenticationPackage(
        self,
        lsa_handle: int,
        authentication_package: int,
        protocol_submit_buffer: bytes | bytearray | memoryview | None,
        *,
        passthrough: bool = False,
        operation: str = "",
    ) -> CallPackageReply:
        """Send a message to a package and wait for its answer; the reply is freed with LsaFreeReturnBuffer.

        Args:
            protocol_submit_buffer: copied when the call is made; None is a message of no bytes.
            passthrough: it is a pass-through logon request, which has an entry point of its own (LCT-1).
            operation: the caller's own label, which events carry along.

        Raises:
            StatusError: the status of the call. ProcessTerminated: this process ended meanwhile.
            TypeError: the message is not made of bytes.
        """
        message = _message(protocol_submit_buffer)
        try:
            trusted = self._trust_of(lsa_handle)
        except StatusError:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            raise
        package = self._lsa.package_by_id(authentication_package)
        if package is None:
            await trio.lowlevel.checkpoint()
            raise StatusError(STATUS_NO_SUCH_PACKAGE, f"no package has the id {authentication_package}")
        slot = _TRUSTED if trusted else _UNTRUSTED
        if passthrough:
            slot = _PASSTHROUGH
        serve = partial(self._lsa.entrance.call_package, message)
        return await self._lsa.dispatcher.call(self, package, slot, serve, discard_reply, operation, is_trusted=trusted)

    async def LsaFreeReturnBuffer(self, buffer: Pointer | None) -> None:
        """Free a reply (LFB-1).

        Raises:
            StatusError: the buffer is none that an LSA function returned to this process.
            TypeError: it is not a pointer.
        """
        await trio.lowlevel.checkpoint()
        if not (buffer is None or isinstance(buffer, Pointer)):
            raise TypeError(f"expected a Pointer or None, got {type(buffer).__name__} {buffer!r}")
        choices = self._lsa.settings.choices
        if buffer is None:
            status = choices.return_buffer_null
        elif self.free_buffer(buffer, self._origin("LsaFreeReturnBuffer")):
            return
        else:
            status = choices.return_buffer_unknown
        if not status.is_success:
            raise StatusError(status, f"{buffer!r} is no return buffer of {self.name}")

    async def LsaDeregisterLogonProcess(self, lsa_handle: int) -> None:
        """Close a connection (LDR-1).

        Raises:
            StatusError: STATUS_INVALID_HANDLE when it is not an open handle of this process.
        """
        await trio.lowlevel.checkpoint()
        self._trust_of(lsa_handle)
        self._disconnect(lsa_handle, "deregistered")

    # ------------------------------------------------------------------ conveniences

    @property
    def is_logon_process(self) -> bool:
        """Whether it has a connection of LsaRegisterLogonProcess."""
        return any(self._trust_of(each) for each in self._handles)

    @property
    def memory(self) -> MemoryView:
        """The bytes that this process can reach."""
        if self._memory is None:
            self._memory = MemoryView(self.process.space, self._lsa.pacer, self._lsa.bus, self._origin)
        return self._memory

    async def call(self, package: str, data: bytes | bytearray | memoryview | None, *, operation: str = "") -> Reply:
        """Look a package up, send it a message over this client's own connection, copy the reply and free it.

        Raises:
            StatusError: the status of the call; the package's own result is in the `Reply`.
            AccessViolation: the package answered with a buffer that this process does not have.
        """
        number = self._lsa.find_package(package).authentication_id
        answer = await self.LsaCallAuthenticationPackage(self.handle, number, data, operation=operation)
        buffer = answer.protocol_return_buffer
        content = b""
        if isinstance(buffer, Pointer):
            try:
                content = self._read_reply(buffer, answer.return_buffer_length)
            finally:
                self.free_buffer(buffer, self._origin("LsaFreeReturnBuffer"))
        return Reply(NTSTATUS(answer.protocol_status), content)

    def map_section(self, package: str, index: int = 0, *, writable: bool = True) -> SectionView:
        """Map a section of a package, the `index`-th of those it has now, into this process.

        Raises:
            LookupError: the package has no such section. ProcessTerminated: this process has ended.
        """
        sections = self._lsa.memory.sections(self._lsa.find_package(package).key)
        if not 0 <= index < len(sections):
            raise LookupError(f"package {package!r} has {len(sections)} sections, so none at index {index}")
        return self.map(sections[index], writable=writable)

    def map(self, section: Section, *, writable: bool = True) -> SectionView:
        """Map this section.

        Raises:
            ProcessTerminated: this process has ended.
        """
        if not self.is_alive:
            raise ProcessTerminated(f"{self.name} has ended; it cannot map {section.name}")
        return SectionView(
            section.name, self.process.map_section(section, writable=writable), section.max_size, self.memory
        )

    def free_buffer(self, buffer: Pointer, origin: Origin) -> bool:
        """Free a reply buffer; False when it is none of this process."""
        if self._lsa.pacer.explores:
            touch_commit()
        return buffer.space == self.process.space.name and self.process.free(buffer.address, origin)

    def terminate(self) -> None:
        """The process dies, at once, whatever it is doing. Calls under way are finished by their workers for nobody."""
        if not self.is_alive:
            return
        if self._lsa.pacer.explores:
            touch(life_of(self.name), "w", f"end {self.name}", is_told=False)
            if len(self.handles):
                touch("the tokens of LSA", "w", is_told=False)
                touch("the logon sessions of LSA", "w", is_told=False)
        self.is_alive = False
        for request in tuple(self.calls):
            self._lsa.dispatcher.abandon(request)
        for handle in self._handles:
            self._disconnect(handle, "terminated")
        self.handles.close_all(now_ns())
        self.process.close()
        self._lsa.forget(self)

    # ------------------------------------------------------------------ inside

    def _read_reply(self, buffer: Pointer, length: int) -> bytes:
        """Touch a reply as a client does: one that a package made up faults here, in the client."""
        space = self.process.space
        if buffer.space != space.name:
            reason = f"the package answered with {buffer!r}, which is no address of this process"
            raise AccessViolation(space=space.name, address=buffer.address, length=length, kind="read", reason=reason)
        return space.read(buffer.address, length)

    def connect(self, *, trusted: bool) -> None:
        """Open the connection that `call` uses."""
        self.handle = self._connect(trusted=trusted, logon_process=self.name if trusted else "")

    def _connect(self, *, trusted: bool, logon_process: str = "") -> int:
        if not self.is_alive:
            raise StatusError(STATUS_INVALID_HANDLE, f"{self.name} has ended")
        handle = self._lsa.open_handle(self, trusted=trusted)
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

    def __repr__(self) -> str:
        return f"<Client {self.name!r} process {self.process_id}{'' if self.is_alive else ' ended'}>"


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a name is text, got {type(name).__name__} {name!r}")
    size = len(name.encode("utf-8", "surrogatepass"))  # half a surrogate pair is no name of anything, but no crash
    if size > _NAME_LIMIT:
        raise StatusError(STATUS_NAME_TOO_LONG, f"a name has at most {_NAME_LIMIT} bytes, this one {size}")


def _message(data: Any) -> bytes:
    """The client's message, copied once: what the client does to its own buffer later reaches no package.

    A wrong type is refused here, in the client that passed it, and not in the package that would fail over it.
    """
    if type(data) is bytes:
        return data
    if data is None:
        return b""
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"a message is bytes or None, got {type(data).__name__}") from None
