"""A client process, its connections, and the client functions of the LSA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from lsart.contract import (
    NTSTATUS,
    Pointer,
    ProcessTerminated,
)
from lsart.engine import touch
from lsart.memory import Section
from lsart.runtime._caller import life_of
from lsart.runtime._client_providers import ClientProviders
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._process_memory import ProcessMemory

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa
    from lsart.runtime._request import Request

__all__ = ["Client", "Reply", "SectionView"]


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
        return await self.memory.read(self._at(offset), length)

    async def write(self, offset: int, data: bytes) -> None:
        """Put bytes at `offset`: a client may write anywhere in the section (CSM-7)."""
        await self.memory.write(self._at(offset), data)

    def _at(self, offset: int) -> Pointer:
        if not isinstance(offset, int):
            raise TypeError(f"an offset is a whole number, got {type(offset).__name__} {offset!r}")
        return self.base + offset


class Client(ClientProviders):
    """A client process. Made by `Lsa.connect` or `Lsa.start_client`.

    The functions with Windows names take and check connection handles as those of Windows do; `call` and
    `map_section` are short ways for tests and scenarios.
    """

    __slots__ = ("_memory", "calls", "is_restricted")

    def __init__(
        self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool, is_restricted: bool = False
    ) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        self.is_restricted = is_restricted
        self.calls: list[Request] = []
        self._memory: ProcessMemory | None = None

    # ------------------------------------------------------------------ conveniences

    @property
    def memory(self) -> ProcessMemory:
        """The bytes that this process can reach, and memory of its own."""
        if self._memory is None:
            self._memory = ProcessMemory(self.process, self._lsa.pacer, self._lsa.bus, self._origin)
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
                # It is touched as a client does: one that a package made up faults here, in the client.
                content = self.process.space.read(buffer.address, answer.return_buffer_length)
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

    def terminate(self) -> None:
        """The process dies, at once, whatever it is doing. Calls under way are finished by their workers for nobody."""
        if not self.is_alive:
            return
        if self._lsa.pacer.explores:
            touch(life_of(self.name), "w", f"end {self.name}", is_told=False)
            if self.holds_objects:
                touch("the tokens of LSA", "w", is_told=False)
                touch("the logon sessions of LSA", "w", is_told=False)
        self.is_alive = False
        for request in tuple(self.calls):
            self._lsa.dispatcher.abandon(request)
        self.run_down()
        for handle in self._handles:
            self._disconnect(handle, "terminated")
        self.close_handles()
        self.process.close()
        self._lsa.forget(self)

    def __repr__(self) -> str:
        return f"<Client {self.name!r} process {self.process_id}{'' if self.is_alive else ' ended'}>"
