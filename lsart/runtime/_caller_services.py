"""Slots that say who calls: GetCallInfo."""

from __future__ import annotations

from typing import Literal

from lsart.contract import SECPKG_CALL_INFO, constants
from lsart.engine import Label, announce, exploring
from lsart.events import Origin
from lsart.runtime._caller import call_under_way, life_of
from lsart.runtime._inner_call import current_inner_call

__all__ = ["CallerServices"]


class CallerServices:
    """What packages learn of the client whose call they serve."""

    def __init__(self) -> None:
        self._explores = exploring()

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
