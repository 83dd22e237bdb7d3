"""Credentials that packages store under logon sessions: a list per session, the bytes in blocks of the LSA heap.

A cursor (QueryContext) is the number of the entry that was returned last, times a stride: entries that come and go
between two calls make an enumeration skip nothing, and a cursor that somebody changed is told from one that LSA gave.

What is stored goes with a session that its package deletes. With one that LSA ended it stays until the package that
stored it has deleted it or is unloaded (LLT-3), and nothing else reaches it meanwhile: not by the LUID, which may name
another session by then.
"""

from __future__ import annotations

import attrs

from lsart.contract import (
    LSA_STRING,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_MORE_ENTRIES,
    KeyBufferTooSmall,
    Pointer,
    StatusError,
    constants,
)
from lsart.events import SYSTEM, CredentialLeaked, Origin
from lsart.memory import LsaMemory
from lsart.security._sessions import LogonSession, Sessions, SessionState

__all__ = ["Credential", "Credentials"]

_STRIDE = 257  # any number above 1 tells most changed cursors; a prime is easy to recognise in a log
_ULONG_MAX = 0xFFFF_FFFF


@attrs.frozen(eq=False)
class Credential:
    """One stored entry. `number` counts the entries of its session from 1; the bytes are `size` bytes at `block`.

    Args:
        package: the id it is stored under. stored: by whom.
    """

    number: int
    package: int
    key: str
    block: Pointer
    size: int
    stored: Origin


class Credentials:
    """What is stored under the sessions of one LSA. Keys and bytes are the packages' own business (ADC-5)."""

    def __init__(self, sessions: Sessions, memory: LsaMemory) -> None:
        self._sessions = sessions
        self._memory = memory
        self._choices = memory.environment.choices
        self._entries: dict[LogonSession, list[Credential]] = {}
        self._numbers: dict[LogonSession, int] = {}  # how many entries a session ever had
        sessions.on_gone.append(self._drop)
        sessions.on_ended.append(self._keep)

    def add(self, logon_id: int, package: int, key: str, data: bytes, origin: Origin) -> None:
        """Store a copy of `data`, whatever else has this key (ADC-3).

        Raises:
            StatusError: STATUS_NO_SUCH_LOGON_SESSION, STATUS_INSUFFICIENT_RESOURCES when the LSA heap is full,
                STATUS_INVALID_PARAMETER for more than Choices allow.
        """
        session = self._sessions.get(logon_id)
        if self._choices.credential_size == "max_cred_size" and len(data) > constants.MAX_CRED_SIZE:
            raise StatusError(
                STATUS_INVALID_PARAMETER, f"{len(data)} bytes; MAX_CRED_SIZE is {constants.MAX_CRED_SIZE}"
            )
        number = self._numbers.get(session, 0) + 1
        by_lsa = attrs.evolve(origin, package=SYSTEM)
        # A block of no bytes is a gap of AllocateLsaHeap, which is no business of this one.
        block = self._memory.AllocateLsaHeap(max(len(data), 1), by_lsa) if number * _STRIDE <= _ULONG_MAX else None
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, f"no room for {len(data)} bytes of credentials")
        self._memory.space.write(block.address, data)
        self._numbers[session] = number
        entry = Credential(number, package, key, block, len(data), origin)
        entries = self._entries.setdefault(session, [])
        entries.insert(0 if self._choices.credential_first == "newest" else len(entries), entry)
        session.stored += 1

    def next(
        self, logon_id: int, package: int, cursor: int, key: str | None, room: int | None, origin: Origin
    ) -> tuple[int, str, int, LSA_STRING]:
        """The entry after `cursor`: the new cursor, its key, the key's length in bytes, and a copy of its bytes in a
        block that is the caller's to free (GCR-9).

        Args:
            key: only entries of this key; None for all. room: bytes there are for the key; None for enough.

        Raises:
            StatusError: STATUS_NO_SUCH_LOGON_SESSION; what Choices say when there is no more;
                STATUS_INSUFFICIENT_RESOURCES when the LSA heap is full.
            KeyBufferTooSmall: the key needs more room (STATUS_MORE_ENTRIES).
        """
        entry = self._after(self._sessions.get(logon_id), package, cursor, key)
        if entry is None:
            raise StatusError(self._choices.credentials_exhausted, f"session {logon_id:#x} has no more credentials")
        length = LSA_STRING(entry.key).length
        if room is not None and length > room:
            message = f"the key has {length} bytes, there is room for {room}"
            raise KeyBufferTooSmall(STATUS_MORE_ENTRIES, message, primary_key_length=length)
        block = self._memory.AllocateLsaHeap(max(entry.size, 1), origin)
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, f"no room for a copy of {entry.size} bytes")
        self._memory.space.write(block.address, self._memory.space.read(entry.block.address, entry.size))
        return entry.number * _STRIDE, entry.key, length, LSA_STRING(block, entry.size)

    def delete(self, logon_id: int, package: int, key: str, origin: Origin) -> None:
        """Remove the first entry of the triple, and only that (DCR-1, DCR-2); what is left of a session that ended
        comes after that of the one which the LUID names now.

        Raises:
            StatusError: STATUS_NO_SUCH_LOGON_SESSION; what Choices say when nothing matches.
        """
        named = self._sessions.find(logon_id)
        former = [each for each in self._entries if each.logon_id == logon_id and each is not named]
        for session in former if named is None else [named, *former]:
            for entry in self._entries.get(session, ()):
                if (entry.package, entry.key) == (package, key):
                    self._take(session, entry, origin.time_ns)
                    return
        if named is None and not former:
            self._sessions.get(logon_id)
        raise StatusError(self._choices.credentials_exhausted, f"session {logon_id:#x} has no credential of that key")

    def release_package(self, package: str, time_ns: int) -> None:
        """Remove what a package stored, as it is unloaded and nobody else can reach that; tell what it should have
        deleted when it heard that a session ended (LLT-3)."""
        for session in tuple(self._entries):
            for entry in tuple(self._entries[session]):
                if entry.stored.package == package:
                    if session.state is SessionState.GONE:
                        told = CredentialLeaked(time_ns=time_ns, logon_id=session.logon_id, stored=entry.stored)
                        self._memory.environment.bus.emit(told)
                    self._take(session, entry, time_ns)

    def close(self) -> None:
        """The machine goes down."""
        for session in tuple(self._entries):
            self._drop(session)

    def check(self) -> list[str]:
        """Every invariant; [] when sound."""
        messages = []
        former = [each for each in self._entries if each.state is SessionState.GONE]
        for session in (*self._sessions, *former):
            count = len(self._entries.get(session, ()))
            if count != session.stored:
                messages.append(f"session {session.logon_id:#x}: {session.stored} credentials counted, {count} stored")
        for session, entries in self._entries.items():
            if not entries or (session not in former and self._sessions.find(session.logon_id) is not session):
                messages.append(f"{len(entries)} credentials of session {session.logon_id:#x}, which nobody knows")
        return messages

    def _after(self, session: LogonSession, package: int, cursor: int, key: str | None) -> Credential | None:
        last, changed = divmod(cursor, _STRIDE)
        if changed or last > self._numbers.get(session, 0):
            return None
        newest_first = self._choices.credential_first == "newest"
        for entry in self._entries.get(session, ()):
            is_later = entry.number < last if newest_first else entry.number > last
            if (is_later or not cursor) and entry.package == package and key in (None, entry.key):
                return entry
        return None

    def _keep(self, session: LogonSession) -> None:
        if session not in self._entries:
            self._numbers.pop(session, None)

    def _drop(self, session: LogonSession) -> None:
        for entry in tuple(self._entries.get(session, ())):
            self._take(session, entry, self._memory.environment.clock())
        self._numbers.pop(session, None)

    def _take(self, session: LogonSession, entry: Credential, time_ns: int) -> None:
        entries = self._entries[session]
        entries.remove(entry)
        session.stored -= 1
        if not entries:
            del self._entries[session]
            if session.state is SessionState.GONE:
                self._numbers.pop(session, None)
        self._forget(entry, time_ns)

    def _forget(self, entry: Credential, time_ns: int) -> None:
        # Freed blocks keep their bytes; a secret must not wait there for whoever allocates next.
        self._memory.space.write(entry.block.address, bytes(entry.size))
        self._memory.FreeLsaHeap(entry.block, Origin(SYSTEM, function="DeleteCredential", time_ns=time_ns))
