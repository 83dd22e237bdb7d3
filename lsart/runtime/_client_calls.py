"""The client functions of LSA that reach packages with messages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

from lsart.contract import STATUS_NO_SUCH_PACKAGE, CallPackageReply, Pointer, StatusError
from lsart.events import Origin
from lsart.runtime._client_connections import ClientConnections, check_name
from lsart.runtime._enter import discard_reply, entry
from lsart.runtime._pacer import touch_commit
from lsart.runtime._submitted import capture

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["ClientCalls"]

_TRUSTED, _UNTRUSTED = entry("CallPackage").name, entry("CallPackageUntrusted").name
_PASSTHROUGH = entry("CallPackagePassthrough").name


class ClientCalls(ClientConnections):
    """Messages to packages, and their replies."""

    __slots__ = ("_context_buffers",)

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        # By address what only FreeContextBuffer frees (CLA-3): each a mark of its own, as addresses are used again.
        self._context_buffers: dict[int, object] = {}

    async def LsaLookupAuthenticationPackage(self, lsa_handle: int, package_name: str) -> int:
        """The id of a package (LLA-1).

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE, STATUS_NAME_TOO_LONG, STATUS_INVALID_HANDLE.
        """
        await trio.lowlevel.checkpoint()
        self._trust_of(lsa_handle)
        check_name(package_name)
        return self._lsa.find_package(package_name).authentication_id

    async def LsaCallAuthenticationPackage(
        self,
        lsa_handle: int,
        authentication_package: int,
        protocol_submit_buffer: Pointer | bytes | bytearray | memoryview | None,
        submit_buffer_length: int | None = None,
        *,
        passthrough: bool = False,
        operation: str = "",
    ) -> CallPackageReply:
        """Send a message to a package and wait for its answer; the reply is freed with LsaFreeReturnBuffer.

        Args:
            protocol_submit_buffer: copied when the call is made; None is a message of no bytes. A Pointer is an address
                in this process's memory, which the package is told, for the pointers in the message.
            submit_buffer_length: bytes in the message, a ULONG; needed with a Pointer.
            passthrough: it is a pass-through logon request, which has an entry point of its own (LCT-1).
            operation: the caller's own label, which events carry along.

        Raises:
            StatusError: the status of the call; STATUS_ACCESS_VIOLATION when the message is not in this process's
                memory for all of its length. ProcessTerminated: this process ended meanwhile.
            TypeError: the message is not made of bytes.
        """
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
        message, base = protocol_submit_buffer, None
        if type(message) is not bytes or submit_buffer_length is not None:  # else nothing is left to do
            submitted = await capture(self, message, submit_buffer_length)
            message, base = submitted.data, submitted.base
        serve = partial(self._lsa.entrance.call_package, message, base)
        return await self._lsa.dispatcher.call(
            self._client, package, slot, serve, discard_reply, operation, is_trusted=trusted
        )

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
        elif buffer.address in self._context_buffers:
            status = choices.return_buffer_unknown
        elif self.free_buffer(buffer, self._origin("LsaFreeReturnBuffer")):
            return
        else:
            status = choices.return_buffer_unknown
        if not status.is_success:
            raise StatusError(status, f"{buffer!r} is no return buffer of {self.name}")

    def mark_buffer(self, pointer: Pointer) -> None:
        """From now on FreeContextBuffer frees it, and LsaFreeReturnBuffer does not."""
        self._context_buffers[pointer.address] = object()

    def free_buffer(self, buffer: Pointer, origin: Origin) -> bool:
        """Free a buffer that LSA or a package put into this process; False when it is none."""
        if self._context_buffers:
            self._context_buffers.pop(buffer.address, None)
        if self._lsa.pacer.explores:
            touch_commit()
        return buffer.space == self.process.space.name and self.process.free(buffer.address, origin)
