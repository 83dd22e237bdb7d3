"""Logon sessions: everything that changes one is in this file.

    create ──> CREATED ──hand over──> OWNED ──last reference──> gone (LSA tells the packages)
                  │
                  └──delete──> gone (nobody is told)

The package that created a session, and no other, may delete it until the session is LSA's (DLS-4), and not while a
token refers to it (DLS-3). System sessions are LSA's from the start and never end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

import attrs

from lsart.contract import (
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_LOGON_SESSION_COLLISION,
    STATUS_NO_SUCH_LOGON_SESSION,
    InternalError,
    StatusError,
)
from lsart.events import (
    SYSTEM,
    LogonSessionCreated,
    LogonSessionDeleted,
    LogonSessionEnded,
    LogonSessionHandedOver,
    LogonSessionLeaked,
    Origin,
)
from lsart.memory import Environment, Machine, Resource
from lsart.security._luid import LOCALSERVICE_LUID, NETWORKSERVICE_LUID, SYSTEM_LUID, SYSTEM_LUIDS
from lsart.security._sid import LOCAL_SYSTEM

__all__ = ["LOGON_SESSION_SIZE", "LogonSession", "SessionState", "Sessions"]

LOGON_SESSION_SIZE = 256
"""Bytes of paged pool that a session costs. That it costs kernel memory is documented (CLS-5), the size is assumed."""


class SessionState(Enum):
    """Whose a session is."""

    CREATED = "its package's"
    OWNED = "LSA's"
    SYSTEM = "the system's"
    GONE = "nobody's"


@attrs.define(eq=False)
class LogonSession:
    """One session. Only `Sessions` changes it.

    Args:
        logon_id: the LUID that names it. created: who made it.
        references: tokens, and copies of them, that refer to it.
        stored: entries stored under it, which the store of credentials counts.
        user: SID of the user that its first token of a user named; None before there was one.
    """

    logon_id: int
    created: Origin
    state: SessionState = SessionState.CREATED
    references: int = 0
    stored: int = 0
    user: str | None = None


class Sessions:
    """The sessions of one LSA, those of the system included.

    `on_gone` is called with each session that its package deleted or left behind, at once: what was stored under it
    goes with it. `on_ended` is called with those that were LSA's and ended with their last reference: what packages
    stored under them is theirs to release (LLT-3).
    """

    def __init__(self, machine: Machine, environment: Environment) -> None:
        self._machine = machine
        self._environment = environment
        self._sessions: dict[int, LogonSession] = {}
        self.on_gone: list[Callable[[LogonSession], None]] = []
        self.on_ended: list[Callable[[LogonSession], None]] = []
        for luid in SYSTEM_LUIDS:
            # The kernel made them before LSA came up, so they are charged to nobody here.
            self._sessions[luid] = LogonSession(luid, Origin(SYSTEM), SessionState.SYSTEM, user=_SYSTEM_USERS.get(luid))

    # ------------------------------------------------------------------ what the slots do

    def create(self, logon_id: int, origin: Origin) -> LogonSession:
        """A session that is named by exactly this LUID (CLS-1).

        Raises:
            StatusError: STATUS_LOGON_SESSION_COLLISION, STATUS_INSUFFICIENT_RESOURCES when the machine has no paged
                pool left, what Choices say of zero.
        """
        zero = self._environment.choices.zero_logon_id
        if logon_id == 0 and not zero.is_success:
            raise StatusError(zero, "CreateLogonSession: the LUID is zero; make one with AllocateLocallyUniqueId")
        if logon_id in self._sessions:
            raise StatusError(STATUS_LOGON_SESSION_COLLISION, f"{logon_id:#x} names a session already")
        if not self._charge(origin.package, origin.time_ns):
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "the machine has no paged pool left for a logon session")
        session = self._sessions[logon_id] = LogonSession(logon_id, origin)
        self._environment.bus.emit(LogonSessionCreated(time_ns=origin.time_ns, logon_id=logon_id, origin=origin))
        return session

    def delete(self, logon_id: int, origin: Origin) -> None:
        """The package takes its session back (DLS-1).

        Raises:
            StatusError: STATUS_NO_SUCH_LOGON_SESSION, STATUS_BAD_LOGON_SESSION_STATE.
        """
        session = self.get(logon_id)
        if session.state is not SessionState.CREATED:
            raise StatusError(STATUS_BAD_LOGON_SESSION_STATE, f"session {logon_id:#x} is {session.state.value}")
        if session.created.package != origin.package:
            held = f"session {logon_id:#x} is {session.created.package}'s, who made it"
            raise StatusError(STATUS_BAD_LOGON_SESSION_STATE, held)
        if session.references:
            count = session.references
            raise StatusError(STATUS_BAD_LOGON_SESSION_STATE, f"session {logon_id:#x} is held by {count} token(s)")
        if session.stored and self._environment.choices.session_held_by == "token_or_credential":
            held = f"session {logon_id:#x} is held by {session.stored} credential(s)"
            raise StatusError(STATUS_BAD_LOGON_SESSION_STATE, held)
        stored = session.stored
        self._lose(session)
        self._environment.bus.emit(
            LogonSessionDeleted(time_ns=origin.time_ns, logon_id=logon_id, credentials=stored, origin=origin)
        )

    # ------------------------------------------------------------------ what LSA does

    def find(self, logon_id: int) -> LogonSession | None:
        """The session that this LUID names."""
        return self._sessions.get(logon_id)

    def get(self, logon_id: int) -> LogonSession:
        """Likewise; raises StatusError (STATUS_NO_SUCH_LOGON_SESSION) when there is none."""
        session = self._sessions.get(logon_id)
        if session is None:
            raise StatusError(STATUS_NO_SUCH_LOGON_SESSION, f"{logon_id:#x} names no logon session")
        return session

    def __iter__(self) -> Iterator[LogonSession]:
        return iter(tuple(self._sessions.values()))

    def hand_over(self, session: LogonSession, time_ns: int) -> None:
        """LSA owns the session from now on, and pays for it. Without a token it ends only when `release` is called.

        Raises:
            InternalError: it is not its package's any more.
        """
        if session.state is not SessionState.CREATED:
            raise InternalError(f"session {session.logon_id:#x} is {session.state.value}; it cannot be handed over")
        self._machine.release(session.created.package, _COST)
        refusal = self._machine.charge(SYSTEM, _COST)
        assert refusal is None  # what was given back a moment ago is there
        session.state = SessionState.OWNED
        created = session.created
        self._environment.bus.emit(LogonSessionHandedOver(time_ns=time_ns, logon_id=session.logon_id, created=created))

    def reference(self, session: LogonSession) -> None:
        """A token, or a copy of one, refers to the session (SES-1).

        Raises:
            InternalError: the session is gone.
        """
        if session.state is SessionState.GONE:
            raise InternalError(f"session {session.logon_id:#x} is gone; nothing can refer to it")
        session.references += 1

    def release(self, session: LogonSession, time_ns: int) -> bool:
        """A token is gone. True when it was the last one and the session, which was LSA's, ended with it (SES-2).

        Raises:
            InternalError: nothing referred to the session.
        """
        if session.references <= 0:
            raise InternalError(f"session {session.logon_id:#x} has no reference to release")
        session.references -= 1
        if session.references or session.state is not SessionState.OWNED:
            return False
        self._end(session, time_ns)
        return True

    def give_up(self, session: LogonSession, time_ns: int) -> None:
        """LSA does not need a session that was handed over a moment ago: unless a token refers to it, it ends."""
        if session.state is SessionState.OWNED and not session.references:
            self._end(session, time_ns)

    def created_in(self, call: int, since_ns: int) -> list[LogonSession]:
        """Sessions made in a call that came at `since_ns` and still their package's, newest first."""
        found = []
        for session in reversed(self._sessions.values()):
            if session.created.time_ns < since_ns:
                break
            if session.created.call == call and session.state is SessionState.CREATED:
                found.append(session)
        return found

    def release_package(self, package: str, time_ns: int) -> None:
        """Tell which sessions a package leaves behind when it is unloaded, and give them back. One that a token still
        refers to becomes LSA's."""
        for session in self:
            if session.state is not SessionState.CREATED or session.created.package != package:
                continue
            created = session.created
            self._environment.bus.emit(LogonSessionLeaked(time_ns=time_ns, logon_id=session.logon_id, created=created))
            if session.references:
                self.hand_over(session, time_ns)
            else:
                self._lose(session)

    def close(self) -> None:
        """The machine goes down: every session is gone, nobody is told."""
        for session in self:
            self._lose(session)

    def due(self) -> int:
        """Bytes of paged pool that the machine should have charged for the live sessions."""
        return LOGON_SESSION_SIZE * sum(each.state in _PAID for each in self._sessions.values())

    def check(self) -> list[str]:
        """Every invariant; [] when sound."""
        messages = []
        for logon_id, session in self._sessions.items():
            name = f"session {logon_id:#x}"
            if session.logon_id != logon_id or session.state is SessionState.GONE:
                messages.append(f"{name}: listed as {session.logon_id:#x}, which is {session.state.value}")
            if session.references < 0 or session.stored < 0:
                messages.append(f"{name}: {session.references} references, {session.stored} credentials")
        return messages

    # ------------------------------------------------------------------ inside

    def _end(self, session: LogonSession, time_ns: int) -> None:
        self._remove(session)
        created = session.created
        self._environment.bus.emit(LogonSessionEnded(time_ns=time_ns, logon_id=session.logon_id, created=created))
        for hook in self.on_ended:
            hook(session)

    def _lose(self, session: LogonSession) -> None:
        self._remove(session)
        for hook in self.on_gone:
            hook(session)

    def _remove(self, session: LogonSession) -> None:
        del self._sessions[session.logon_id]
        if session.state in _PAID:
            owner = SYSTEM if session.state is SessionState.OWNED else session.created.package
            self._machine.release(owner, _COST)
        session.state = SessionState.GONE

    def _charge(self, owner: str, time_ns: int) -> bool:
        refusal = self._machine.charge(owner, _COST)
        if refusal is None:
            return True
        self._environment.tell_refused(refusal, owner, time_ns)
        return False


_COST = {Resource.PAGED_POOL: LOGON_SESSION_SIZE}
_PAID = (SessionState.CREATED, SessionState.OWNED)
# Nobody is logged on anonymously.
_SYSTEM_USERS = {SYSTEM_LUID: LOCAL_SYSTEM, LOCALSERVICE_LUID: "S-1-5-19", NETWORKSERVICE_LUID: "S-1-5-20"}
