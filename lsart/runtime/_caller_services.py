"""Slots for the process that calls: GetClientInfo, GetCallInfo and DuplicateHandle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from lsart.contract import (
    SECPKG_CALL_INFO,
    SECPKG_CLIENT_INFO,
    STATUS_ACCESS_DENIED,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_UNSUCCESSFUL,
    Choices,
    InternalError,
    StatusError,
    constants,
    enumerations,
)
from lsart.engine import Label, announce, exploring, now_ns, touch
from lsart.events import SYSTEM, Origin
from lsart.runtime._caller import call_under_way, handles_of, life_of
from lsart.runtime._handles import touch_handles
from lsart.runtime._inner_call import current_inner_call
from lsart.security import SYSTEM_LUID, AccessToken, Security

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["CallerServices"]


class CallerServices:
    """What packages learn of the client whose call they serve, and give it besides replies."""

    def __init__(self, security: Security, choices: Choices) -> None:
        self._handles = security.handles
        self._choices = choices
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

    async def GetClientInfo(self, origin: Origin) -> SECPKG_CLIENT_INFO:
        request = call_under_way()
        if request is None:
            raise StatusError(self._choices.client_info_without_call, "GetClientInfo: no call of a client is served")
        client = request.client
        if self._explores:  # the client can end first
            await announce(Label(life_of(client.name), "r", f"look at {client.name}"))
        impersonated = client.impersonated_by(request.task)
        token = impersonated or client.token
        ended = constants.SECPKG_CLIENT_PROCESS_TERMINATED | constants.SECPKG_CLIENT_THREAD_TERMINATED
        level = enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation
        return SECPKG_CLIENT_INFO(
            logon_id=SYSTEM_LUID if token is None else token.content.logon_id,
            process_id=client.process_id,
            thread_id=client.thread_id_of(request.task),
            has_tcb_privilege=client.has_tcb_privilege,
            impersonating=impersonated is not None,
            restricted=client.is_restricted,
            client_flags=0 if client.is_alive else ended,
            impersonation_level=level if token is None else token.content.impersonation_level,
            client_token=None if token is None else self._token_for(request, token),
        )

    def _token_for(self, request: Request, token: AccessToken) -> int | None:
        """LSA's handle to the caller's token: one for a call, however often it is asked for, closed as the call ends.
        A process that ended before may have taken the token along."""
        if request.client_token is None and not token.is_closed:
            touch_handles("w", "take a handle")
            origin = Origin(SYSTEM, request.number, request.client.name, "GetClientInfo", now_ns())
            handle = self._handles.open(token, origin)
            if handle is None:
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "GetClientInfo: no handle is left")
            request.client_token = handle
            request.before_end(partial(self._close, handle))
        return request.client_token

    def _close(self, handle: int) -> None:
        touch_handles("w", "close a handle")
        if self._explores:
            touch("the tokens of LSA", "w", is_told=False)
            touch("the logon sessions of LSA", "w", is_told=False)
        self._handles.close(handle, now_ns())

    async def GetCallInfo(self, origin: Origin) -> SECPKG_CALL_INFO | Literal[False]:
        request = call_under_way()
        if request is None:
            return False
        if self._explores:  # the client can end first
            await announce(Label(life_of(request.client.name), "r", f"look at {request.client.name}"))
        inner = current_inner_call.get()
        client = request.client
        attributes = request.attributes
        if inner is not None and not inner.is_finished:
            attributes |= constants.SECPKG_CALL_RECURSIVE
        if request.is_trusted:
            attributes |= constants.SECPKG_CALL_IS_TCB
        if not client.is_alive:
            attributes |= constants.SECPKG_CALL_PROCESS_TERM
        thread_id = client.thread_id_of(request.task)
        return SECPKG_CALL_INFO(client.process_id, thread_id, attributes, request.number)
