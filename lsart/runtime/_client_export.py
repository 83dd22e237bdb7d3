"""Contexts that wander from one process to another: the package packs them in the one and unpacks them in the other."""

from __future__ import annotations

import trio

from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_UNSUPPORTED_FUNCTION,
    Pointer,
    SecBuffer,
    SecHandle,
    StatusError,
    constants,
)
from lsart.engine import now_ns
from lsart.events import ContextMapped
from lsart.runtime._client_legs import check_number
from lsart.runtime._client_messages import ClientMessages
from lsart.runtime._contexts import ClientContext
from lsart.runtime._mapped import MappedContext
from lsart.runtime._package import Package
from lsart.runtime._user_entrance import enter_user, user_entry
from lsart.runtime._user_mode import UserTable

__all__ = ["ClientExport"]

_EXPORT, _IMPORT = user_entry("ExportContext"), user_entry("ImportContext")
_DELETE_OLD, _TO_KERNEL = constants.SECPKG_CONTEXT_EXPORT_DELETE_OLD, constants.SECPKG_CONTEXT_EXPORT_TO_KERNEL
_KNOWN = constants.SECPKG_CONTEXT_EXPORT_RESET_NEW | _DELETE_OLD


class ClientExport(ClientMessages):
    """Export and import of contexts."""

    __slots__ = ()

    async def ExportSecurityContext(self, context: SecHandle, flags: int) -> tuple[SecBuffer, int | None]:
        """Pack a context of this process (nf-sspi-exportsecuritycontext).

        Args:
            flags: SECPKG_CONTEXT_EXPORT bits. RESET_NEW lets the imported context start anew; DELETE_OLD deletes this
                one, both halves.

        Returns:
            The packed form, at an address of this process, to be freed with FreeContextBuffer; and a handle of this
            process to a token of the context, None without one.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE for what is no complete context of this process;
                SEC_E_UNSUPPORTED_FUNCTION for one without a half here, for other flags, TO_KERNEL among them (there is
                no half in a kernel), and when the package cannot; SEC_E_INTERNAL_ERROR when the packed form is not
                where `Choices.export_allocator` has it; whatever else the package says.
            ProcessTerminated: this process ended meanwhile. TypeError: flags that no unsigned long can be.
        """
        await trio.lowlevel.checkpoint()
        found, mapped = self._mapped_of(context)
        if not found.is_complete:
            raise self._not_a_handle(context)
        check_number("flags", flags)
        if flags & ~_KNOWN:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"ExportSecurityContext: flags {flags!r} cannot be served")
        packed, token = await self._enter_half(found, mapped, _EXPORT, flags)
        result = self._packed(found.package, packed)
        if flags & _DELETE_OLD and self._find_context(context) is found:
            mapped.is_gone = True  # the package has deleted its half as it exported it
            try:
                await self.DeleteSecurityContext(context)
            except BaseException:
                if isinstance(result.buffer, Pointer):  # nobody gets to know of it
                    self._free_context_buffer(result.buffer, self._origin("ExportSecurityContext"))
                raise
        return result, token or None

    async def ImportSecurityContext(
        self, package: str, packed_context: SecBuffer, token: int | None = None
    ) -> SecHandle:
        """Make a context of its packed form (nf-sspi-importsecuritycontexta). It lives in this process only.

        Args:
            package: its name. packed_context: bytes, or an address of this process.
            token: a handle of this process, as exporting gave it; may be left out.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND, SEC_E_UNSUPPORTED_FUNCTION when the package has no user-mode half or
                cannot, SEC_E_INTERNAL_ERROR when it gave no handle, whatever else it says.
            ProcessTerminated: this process ended meanwhile. TypeError: `packed_context` is no SecBuffer.
        """
        await trio.lowlevel.checkpoint()
        if not isinstance(packed_context, SecBuffer):
            raise TypeError(f"packed_context is a SecBuffer, got {type(packed_context).__name__} {packed_context!r}")
        table = await self._table_of(package)
        found = table.package
        (number,) = (await enter_user(table, _IMPORT, packed_context, token)).outs
        if not number:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package} gave no handle of the context")
        context = ClientContext(found, number, self._client, None, is_complete=True, is_in_lsa=False)
        context.mapped = MappedContext(table, self._lsa.bus)
        self._lsa.contexts.add(context)
        self._lsa.bus.emit(
            ContextMapped(
                time_ns=now_ns(),
                client=self.name,
                package=found.key,
                context=number,
                size=packed_context.length,
            )
        )
        return self._open_context(context)

    async def _table_of(self, package: str) -> UserTable:
        """The user-mode table of a package by name; its module is loaded if need be."""
        return await self.user_mode.table_of(self._find(package))

    def _packed(self, package: Package, packed: SecBuffer | None) -> SecBuffer:
        """The packed form as memory that the application frees with FreeContextBuffer."""
        if packed is None:
            return SecBuffer(constants.SECBUFFER_EMPTY)
        where = packed.buffer
        if not isinstance(where, Pointer):
            return SecBuffer(packed.buffer_type, self._give_buffer(packed.data, "AllocateClientBuffer"), packed.length)
        if self._lsa.settings.choices.export_allocator == "client_heap":
            is_right = self._take_own(package, "pPackedContext", where)
        else:
            is_right = self._take_own(package, "pPackedContext", where, self.process.has_buffer)
        if not is_right:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package.name} exported to {where!r}, which nobody could free")
        return packed
