"""Credentials and contexts as a client process has them: its handles, its buffers, and the half that runs in it.

*For the half of a context that runs in the client's process* (user mode) this class has places to fill. A class
between `ClientSspi` and `Client` overrides them:

- `_map_context(context, packed)` is awaited in the client's task after a leg that succeeded with MappedContext TRUE,
  before the client gets the leg's result. `packed` holds bytes: LSA has copied ContextData and freed its block. What
  belongs to the context in this process goes into `context.mapped`. A StatusError out of it fails the leg: LSA ends
  the context again and the client never has it.
- `_unmap_context(context)` is awaited when a context is deleted, before its half in LSA ends; `_end_half(context)`
  after that. Whichever comes first and suits ends the half here, once.
- `_end_mapped()` is called, without waiting, when the process ends: nothing in it can run any more.

A function that works on a context looks it up with `_context_of(handle)`, which refuses every handle that is none in
the same words, and holds it while it works, as another task may delete it meanwhile::

    context = self._context_of(handle)
    with self._holding(context):
        ...

Buffers that the client frees with FreeContextBuffer come from `_give_buffer(data, function)`; one that a package
allocated in this process (AllocateClientBuffer, AllocateHeap) becomes such a buffer by `_mark_buffer(pointer)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from lsart.contract import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecHandle,
    StatusError,
)
from lsart.engine import current, now_ns, touch
from lsart.events import ContextLeft, Origin
from lsart.runtime._client_logon import ClientLogon
from lsart.runtime._contexts import ClientContext, ClientCredential, contexts_of
from lsart.runtime._pacer import touch_commit
from lsart.security import SecureHandles

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["ClientContexts"]


class ClientContexts(ClientLogon):
    """Credentials and contexts of one process."""

    __slots__ = ("_contexts", "_credentials")

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        # Most clients have none, so these come with the first.
        self._credentials: SecureHandles[ClientCredential] | None = None
        self._contexts: SecureHandles[ClientContext] | None = None

    # ------------------------------------------------------------------ the half in this process

    async def _map_context(self, context: ClientContext, packed: SecBuffer) -> None:
        """See above.

        Raises:
            StatusError: SEC_E_UNSUPPORTED_FUNCTION, as no code of packages runs in client processes yet.
        """
        name = context.package.name
        raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{name} wants a context in {self.name}, where it has no code")

    async def _unmap_context(self, context: ClientContext) -> None:
        """See above."""

    async def _end_half(self, context: ClientContext) -> None:
        """See above."""

    def _end_mapped(self) -> None:
        """See above."""

    async def _leave(self, context: ClientContext) -> None:
        """End what the client has no handle of any more: the half here, and by a worker the one in LSA."""
        try:
            await self._unmap_context(context)
        finally:
            self._lsa.contexts.drop(context)
            await self._end_half(context)

    def _context_of(self, handle: object) -> ClientContext:
        """The live context that a handle names.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE, in words that do not tell whose or what it is.
        """
        context = self._find_context(handle)
        if context is None or not self._is_usable(context):
            raise self._not_a_handle(handle)
        return context

    @contextmanager
    def _holding(self, record: ClientContext | ClientCredential) -> Iterator[None]:
        """Keep it while the block runs, whoever deletes it meanwhile."""
        record.uses += 1
        try:
            yield
        finally:
            self._lsa.contexts.drop(record)

    def _give_buffer(self, data: bytes, function: str) -> Pointer:
        """A buffer of this process with these bytes, which FreeContextBuffer frees.

        Raises:
            StatusError: SEC_E_INSUFFICIENT_MEMORY.
        """
        pointer = self._allocate(len(data), function)
        self.process.space.write(pointer.address, data)
        self._mark_buffer(pointer)
        return pointer

    def _free_context_buffer(self, buffer: Pointer, origin: Origin) -> bool:
        """Free a buffer that was marked; False when it is gone."""
        return self.free_buffer(buffer, origin)

    def _mark_buffer(self, pointer: Pointer) -> None:
        self.mark_buffer(pointer)

    def run_down(self) -> None:
        """Give back what the process has of SSPI, as it ends: contexts first. Packages hear of it in workers."""
        self._end_mapped()
        for table in (self._contexts, self._credentials):
            for record in () if table is None else table.close_all():
                if not record.is_gone:
                    package, number = record.package.key, record.handle
                    self._lsa.bus.emit(
                        ContextLeft(
                            time_ns=now_ns(), client=self.name, package=package, kind=record.kind, handle=number
                        )
                    )
                    self._lsa.contexts.drop(record)

    def check(self) -> list[str]:
        """Every invariant of the handles of this process; [] when sound."""
        messages = self.check_handles()
        for table in (self._credentials, self._contexts):
            if table is not None:
                messages += table.check()
                lost = [each for each in table.targets() if each.is_gone and each.package.state.is_available]
                messages += [f"{self.name} has a handle to {each.kind} {each.number}, which is gone" for each in lost]
        return messages

    def _allocate(self, length: int, function: str) -> Pointer:
        if not self.is_alive:  # nobody would ever give back what a process gets after its end
            raise ProcessTerminated(f"{self.name} has ended")
        if self._explores:
            touch_commit()
        pointer = self.process.allocate(length, self._origin(function))
        if pointer is None:
            raise StatusError(SEC_E_INSUFFICIENT_MEMORY, f"the quota of {self.name} does not allow it")
        return pointer

    def _find_context(self, handle: object) -> ClientContext | None:
        return None if self._contexts is None else self._contexts.find(handle)

    def _close_context(self, handle: object) -> ClientContext | None:
        self._touch_contexts("w", "close a handle")
        return None if self._contexts is None else self._contexts.close(handle)

    def _close_credential(self, handle: object) -> ClientCredential | None:
        self._touch_contexts("w", "close a handle")
        return None if self._credentials is None else self._credentials.close(handle)

    def _open_credential(self, credential: ClientCredential) -> SecHandle:
        self._touch_contexts("w", "open a handle")
        if self._credentials is None:
            self._credentials = self._new_table("credential")
        return self._credentials.open(credential)

    def _open_context(self, context: ClientContext) -> SecHandle:
        self._touch_contexts("w", "open a handle")
        if self._contexts is None:
            self._contexts = self._new_table("context")
        return self._contexts.open(context)

    def _credential_of(self, handle: object) -> ClientCredential:
        """As `_context_of`."""
        credential = None if self._credentials is None else self._credentials.find(handle)
        if credential is None or not self._is_usable(credential):
            raise self._not_a_handle(handle)
        return credential

    # ------------------------------------------------------------------ inside

    def _new_table(self, kind: str) -> SecureHandles[Any]:
        return SecureHandles(kind, current().random("lsa", "sspi handles", kind, self.process_id).randbytes(16))

    def _is_usable(self, record: ClientContext | ClientCredential) -> bool:
        self._touch_contexts("r", "look a handle up")
        return not record.is_gone and record.package.state.is_available

    def _touch_contexts(self, kind: Literal["r", "w"], what: str) -> None:
        if self._explores:
            touch(contexts_of(self.name), kind, what, is_told=False)

    def _not_a_handle(self, handle: object) -> StatusError:
        return StatusError(SEC_E_INVALID_HANDLE, f"{handle!r} is not a handle of {self.name}")
