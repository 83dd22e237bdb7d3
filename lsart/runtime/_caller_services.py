"""Slots for the process that calls: GetCallInfo and DuplicateHandle."""

from __future__ import annotations

from typing import Literal

from lsart.contract import (
    SECPKG_CALL_INFO,
    STATUS_ACCESS_DENIED,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_UNSUCCESSFUL,
    InternalError,
    StatusError,
    constants,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.runtime._caller import call_under_way, handles_of, life_of
from lsart.runtime._handles import touch_handles
from lsart.runtime._inner_call import current_inner_call
from lsart.security import Security

__all__ = ["CallerServices"]


class CallerServices:
    """What packages learn of the client whose call they serve, and give it besides replies."""

    def __init__(self, security: Security) -> None:
        self._handles = security.handles
        self._explores = exploring()

    async def DuplicateHandle(self, origin: Origin, source_handle: int) -> int:
        request = call_under_way()
        if request is None:
            raise StatusError(STATUS_INVALID_PARAMETER, "DuplicateHandle: no call of a client is served")
        client = request.client
        if self._explores:  # the client can end first, and the source be closed
            await announce(Label(handles_of(client.name), "w", f"put a handle into {client.name}"))
            touch(life_of(client.name), "r", is_told=False)
            touch_handles("r", "look a handle up")
        if self._handles.find(source_handle) is None:
            raise StatusError(STATUS_INVALID_HANDLE, f"DuplicateHandle: {source_handle!r} is no handle of LSASS")
        if not client.is_alive:
            raise StatusError(STATUS_UNSUCCESSFUL, f"DuplicateHandle: {client.name} has ended")
        if not client.is_logon_process:  # LSA has the right to duplicate handles from registering alone (LRL-4)
            raise StatusError(STATUS_ACCESS_DENIED, f"DuplicateHandle: {client.name} is not registered with LSA")
        handle = self._handles.duplicate(source_handle, client.handles, origin)
        if handle is None:
            raise InternalError(f"the handles of {client.name} are not limited")
        return handle

    async def GetCallInfo(self, origin: Origin) -> SECPKG_CALL_INFO | Literal[False]:
        request = call_under_way()
        if request is None:
            return False
        if self._explores:  # the client can end first
            await announce(Label(life_of(request.client.name), "r", f"look at {request.client.name}"))
        inner = current_inner_call.get()
        client = request.client
        attributes = 0
        if inner is not None and not inner.is_finished:
            attributes |= constants.SECPKG_CALL_RECURSIVE
        if request.is_trusted:
            attributes |= constants.SECPKG_CALL_IS_TCB
        if not client.is_alive:
            attributes |= constants.SECPKG_CALL_PROCESS_TERM
        thread_id = client.thread_id_of(request.task)
        return SECPKG_CALL_INFO(client.process_id, thread_id, attributes, request.number)
