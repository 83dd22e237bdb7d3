"""Tokens: objects that handles name, each of which keeps its logon session alive.

A second handle is the same token; a copy is another one, and counts as another reference to the session (SES-1).
"""

from __future__ import annotations

import attrs

from lsart.contract import InternalError
from lsart.events import Origin
from lsart.security._build_token import TokenContent
from lsart.security._handles import HandleTable, KernelObject
from lsart.security._luid import Luids
from lsart.security._sessions import LogonSession, Sessions
from lsart.security._sid import ANONYMOUS_LOGON

__all__ = ["AccessToken", "Tokens"]


class AccessToken(KernelObject):
    """One token. Made by `Tokens`; it goes with its last handle."""

    kind = "token"

    def __init__(self, content: TokenContent, session: LogonSession, book: Tokens) -> None:
        super().__init__()
        self.content = content
        self.session = session
        self._book = book

    def last_handle_closed(self, time_ns: int) -> None:
        """The session has one reference fewer, and may end with it."""
        self._book._forget(self, time_ns)


class Tokens:
    """The tokens of one machine, in whichever process they are."""

    def __init__(self, sessions: Sessions, luids: Luids) -> None:
        self._sessions = sessions
        self._luids = luids
        self._tokens: dict[int, list[AccessToken]] = {}  # by the session's LUID, oldest first

    def create(self, content: TokenContent, into: HandleTable, origin: Origin) -> int | None:
        """A token of its session, by a handle of one process; None when there is no handle left, and then no token.

        Raises:
            StatusError: STATUS_NO_SUCH_LOGON_SESSION.
        """
        session = self._sessions.get(content.logon_id)
        token = AccessToken(content, session, self)
        handle = into.open(token, origin)
        if handle is not None:
            self._sessions.reference(session)
            if session.user is None and content.user != ANONYMOUS_LOGON:
                session.user = content.user
            self._tokens.setdefault(content.logon_id, []).append(token)
        return handle

    def copy(
        self, token: AccessToken, into: HandleTable, origin: Origin, *, impersonation_level: int | None = None
    ) -> int | None:
        """A token of its own that says the same, except for its id and, if given, its level; else as `create`.

        Raises:
            InternalError: the token is closed.
        """
        if token.is_closed:
            raise InternalError("a closed token cannot be copied")
        level = token.content.impersonation_level if impersonation_level is None else impersonation_level
        content = attrs.evolve(token.content, token_id=self._luids.allocate(), impersonation_level=level)
        return self.create(content, into, origin)

    def of_session(self, logon_id: int) -> AccessToken | None:
        """The oldest live token of a session."""
        found = self._tokens.get(logon_id)
        return found[0] if found else None

    def check(self) -> list[str]:
        """Every invariant; [] when sound."""
        messages = []
        for session in self._sessions:
            alive = len(self._tokens.get(session.logon_id, ()))
            if alive != session.references:
                messages.append(f"session {session.logon_id:#x}: {session.references} references, {alive} tokens")
        for logon_id, tokens in self._tokens.items():
            if any(each.is_closed or self._sessions.find(logon_id) is not each.session for each in tokens):
                messages.append(f"a token of session {logon_id:#x} is closed, or its session is gone")
        return messages

    def _forget(self, token: AccessToken, time_ns: int) -> None:
        tokens = self._tokens[token.content.logon_id]
        tokens.remove(token)
        if not tokens:
            del self._tokens[token.content.logon_id]
        self._sessions.release(token.session, time_ns)
