"""What of packages runs in a client process: their modules, and the halves of contexts there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import trio

from lsart.contract import (
    SEC_E_UNSUPPORTED_FUNCTION,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecHandle,
    Slot,
    StatusError,
)
from lsart.engine import now_ns, touch
from lsart.events import ClientCrashed, ContextMapped, Origin, OutputNotFromHeap
from lsart.runtime._client_users import ClientUsers
from lsart.runtime._contexts import ClientContext
from lsart.runtime._mapped import MappedContext
from lsart.runtime._package import Package
from lsart.runtime._user_entrance import enter_user, state_in, user_entry
from lsart.runtime._user_mode import UserMode

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["ClientUserMode"]

_INIT, _DELETE = user_entry("InitUserModeContext"), user_entry("DeleteUserModeContext")


class ClientUserMode(ClientUsers):
    """The security provider DLL, and what it loaded into this process."""

    __slots__ = ("_user_mode",)

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        self._user_mode: UserMode | None = None

    @property
    def user_mode(self) -> UserMode:
        """The security provider DLL, which comes with its first use."""
        if self._user_mode is None:
            self._user_mode = UserMode(self._lsa, self._client)
        return self._user_mode

    @property
    def explores(self) -> bool:
        """Whether schedules are explored."""
        return self._explores

    def must_live(self, what: str) -> None:
        """What ran in a process that has ended has no result.

        Raises:
            ProcessTerminated: it has.
        """
        if not self.is_alive:
            raise ProcessTerminated(f"{self.name} ended during {what}")

    def crash(self, package: str, entry_point: str, reason: str) -> None:
        """Package code failed in this process, which ends with it."""
        self._lsa.bus.emit(
            ClientCrashed(time_ns=now_ns(), client=self.name, package=package, entry_point=entry_point, reason=reason)
        )
        self._client.terminate()

    def _free_context_buffer(self, buffer: Pointer, origin: Origin) -> bool:
        """A buffer that LSA put here, or a block that a user-mode half gave the application."""
        if super()._free_context_buffer(buffer, origin):
            return True
        self._context_buffers.pop(buffer.address, None)
        return self.process.dll_heap.free(buffer.address, origin)

    async def _map_context(self, context: ClientContext, packed: SecBuffer) -> None:
        """Set the context up here: its package's module is loaded if need be, and gets the packed data as a buffer of
        this process, which it frees with FreeContextBuffer."""
        table = await self.user_mode.table_of(context.package)
        data = packed.data
        buffer = self._give_buffer(data, "SpInitUserModeContext")
        mark = self._context_buffers[buffer.address]
        mapped = context.mapped if isinstance(context.mapped, MappedContext) else MappedContext(table, self._lsa.bus)
        try:
            await self._enter_half(context, mapped, _INIT, SecBuffer(packed.buffer_type, buffer, len(data)))
        except BaseException:
            if self._context_buffers.get(buffer.address) is mark:  # else it was freed, whatever is there now
                self._free_context_buffer(buffer, self._origin("SpInitUserModeContext"))
            raise
        self._touch_contexts("w", "set a half up")
        context.mapped = mapped
        if self._lsa.bus.wants(ContextMapped):
            package, size = context.package.key, len(data)
            self._lsa.bus.emit(
                ContextMapped(time_ns=now_ns(), client=self.name, package=package, context=context.handle, size=size)
            )

    async def _enter_half(
        self, context: ClientContext, mapped: MappedContext, slot: Slot, *arguments: object
    ) -> tuple[Any, ...]:
        """What the out-parameters become of a function that may wait. Others may use the context meanwhile, and delete
        it: then the last one ends this half."""
        mapped.begin(context, slot.name)
        try:
            with self._holding(context):
                return (await enter_user(mapped.table, slot, context.handle, *arguments)).outs
        finally:
            if mapped.end(slot.name):
                await self._delete_half(context, mapped)

    def _mapped_of(self, handle: object) -> tuple[ClientContext, MappedContext]:
        """A context with a half in this process.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE; SEC_E_UNSUPPORTED_FUNCTION when it has none.
        """
        context = self._context_of(handle)
        mapped = context.mapped
        if not isinstance(mapped, MappedContext):
            reason = f"this context of {context.package.name} has no half in {self.name}"
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, reason)
        return context, mapped

    def _take_own(
        self, package: Package, output: str, block: Pointer, is_block: Callable[[int], bool] | None = None
    ) -> bool:
        """A block that the user-mode half allocated in this process is the application's from now on. What is none is
        told. Returns whether it is one.

        Args:
            is_block: whether a block starts at an address; of AllocateHeap, if not given.
        """
        is_own = block.space == self.process.space.name and (is_block or self.process.dll_heap.has)(block.address)
        if is_own:
            self._mark_buffer(block)
        else:
            event = OutputNotFromHeap(time_ns=now_ns(), package=package.key, output=output, address=block.address)
            self._lsa.bus.emit(event)
        return is_own

    async def DeleteSecurityContext(self, context: SecHandle) -> None:
        """As `ClientSspi.DeleteSecurityContext` says; which half goes first, `Choices.context_deleted_first` does."""
        record = self._find_context(context)
        try:
            await super().DeleteSecurityContext(context)
        finally:
            if record is not None and self._find_context(context) is not record:  # else it was not even begun
                await self._end_half(record)  # unless that is done

    async def _unmap_context(self, context: ClientContext) -> None:
        """The context is deleted, and its half in LSA is still there."""
        if self._lsa.settings.choices.context_deleted_first == "user_mode":
            await self._end_half(context)

    async def _end_half(self, context: ClientContext) -> None:
        """End the half of the context here, or let the last function of it that is under way do so."""
        mapped = context.mapped
        if isinstance(mapped, MappedContext) and not mapped.is_leaving:
            mapped.is_leaving = True
            if mapped.is_idle:
                await self._delete_half(context, mapped)

    def _end_mapped(self) -> None:
        """What runs of packages here ends with the process."""
        if self._explores and self._user_mode is not None:
            for package in self._user_mode.packages:
                touch(state_in(package, self.name), "w", is_told=False)

    async def _delete_half(self, context: ClientContext, mapped: MappedContext) -> None:
        """SpDeleteUserModeContext, whose failure changes nothing. Shielded: nobody would call it later."""
        if self.is_alive and not mapped.is_gone and _DELETE.name in mapped.table.entries:
            with trio.CancelScope(shield=True), suppress(StatusError):
                await enter_user(mapped.table, _DELETE, context.handle)
