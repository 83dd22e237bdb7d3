"""Slots for logon sessions: CreateLogonSession and DeleteLogonSession."""

from __future__ import annotations

from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.runtime._pacer import touch_commit
from lsart.security import Security

__all__ = ["SessionServices"]

_SESSIONS = "the logon sessions of LSA"


class SessionServices:
    """Sessions that packages make and take back."""

    def __init__(self, security: Security) -> None:
        self._sessions = security.sessions
        self._explores = exploring()

    async def CreateLogonSession(self, origin: Origin, logon_id: int) -> None:
        if self._explores:
            await announce(Label(_SESSIONS, "w", f"create session {logon_id:#x}"))
            touch_commit()  # who comes first may get the last of the paged pool
        self._sessions.create(logon_id, origin)

    async def DeleteLogonSession(self, origin: Origin, logon_id: int) -> None:
        if self._explores:
            await announce(Label(_SESSIONS, "w", f"delete session {logon_id:#x}"))
            touch("the credentials of LSA", "w", is_told=False)  # they go with it
            touch("the LSA heap", "w", is_told=False)
            touch_commit()
        self._sessions.delete(logon_id, origin)
