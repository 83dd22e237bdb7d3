"""SSPI in a client process: credentials, and the legs of contexts, which packages serve in LSA.

*For the half of a context that runs in the client's process* (user mode) this class has places to fill. A class
between this one and `Client` overrides them:

- `_map_context(context, packed)` is awaited in the client's task after a leg that succeeded with MappedContext TRUE,
  before the client gets the leg's result. `packed` holds bytes: LSA has copied ContextData and freed its block. What
  belongs to the context in this process goes into `context.mapped`. A StatusError out of it fails the leg: LSA ends
  the context again and the client never has it.
- `_unmap_context(context)` is awaited by DeleteSecurityContext for a context that has `mapped`.
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
from typing import TYPE_CHECKING

from lsart.contract import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    Pointer,
    SecBuffer,
    StatusError,
)
from lsart.engine import touch
from lsart.runtime._client_calls import ClientCalls
from lsart.runtime._contexts import RESOURCE, ClientContext, ClientCredential
from lsart.runtime._pacer import touch_commit
from lsart.security import SecureHandles

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["ClientSspi"]


class ClientSspi(ClientCalls):
    """Credentials and contexts of one process."""

    __slots__ = ("_context_buffers", "_contexts", "_credentials")

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        # Most clients have none, so these come with the first.
        self._credentials: SecureHandles[ClientCredential] | None = None
        self._contexts: SecureHandles[ClientContext] | None = None
        self._context_buffers: set[int] = set()

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

    def _end_mapped(self) -> None:
        """See above."""

    def _context_of(self, handle: object) -> ClientContext:
        """The live context that a handle names.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE, in words that do not tell whose or what it is.
        """
        context = None if self._contexts is None else self._contexts.find(handle)
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
        if self._explores:
            touch_commit()
        pointer = self.process.allocate(len(data), self._origin(function))
        if pointer is None:
            raise StatusError(SEC_E_INSUFFICIENT_MEMORY, f"the quota of {self.name} does not allow it")
        self.process.space.write(pointer.address, data)
        self._mark_buffer(pointer)
        return pointer

    def _mark_buffer(self, pointer: Pointer) -> None:
        """From now on FreeContextBuffer frees it, and LsaFreeReturnBuffer does not."""
        self._context_buffers.add(pointer.address)

    def run_down(self) -> None:
        """Give back what the process has of SSPI, as it ends: contexts first. Packages hear of it in workers."""
        self._end_mapped()
        for table in (self._contexts, self._credentials):
            for record in () if table is None else table.close_all():
                if not record.is_gone:
                    self._lsa.contexts.drop(record)

    def check(self) -> list[str]:
        """Every invariant of the handles of this process; [] when sound."""
        tables = [each for each in (self._credentials, self._contexts) if each is not None]
        return [*self.handles.check(), *(message for table in tables for message in table.check())]

    # ------------------------------------------------------------------ inside

    def _is_usable(self, record: ClientContext | ClientCredential) -> bool:
        if self._explores:
            touch(RESOURCE, "r", "look a handle up", is_told=False)
        return not record.is_gone and record.package.state.is_available

    def _not_a_handle(self, handle: object) -> StatusError:
        return StatusError(SEC_E_INVALID_HANDLE, f"{handle!r} is not a handle of {self.name}")
