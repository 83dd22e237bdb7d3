"""Sessions and their credentials against dictionaries of lists, enumerations going on all the while."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from worlds import World

from lsart.contract import (
    NTSTATUS,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_LOGON_SESSION_COLLISION,
    STATUS_MORE_ENTRIES,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_UNSUCCESSFUL,
    Pointer,
    StatusError,
)
from lsart.events import CredentialLeaked, Origin
from lsart.memory import Resource
from lsart.security import LOGON_SESSION_SIZE, SYSTEM_LUID, Security, SessionState

LUIDS = st.sampled_from([SYSTEM_LUID, 0x1000, 0x1001])
PACKAGES = st.sampled_from([0, 1])
KEYS = st.sampled_from(["a", "b", "long key"])


class Stored(RuleBasedStateMachine):
    """The model: per session the entries in order, as (number, package, key, bytes), and what it is held by; and those
    of sessions that ended, which only a deletion still reaches."""

    @initialize(first=st.sampled_from(["oldest", "newest"]), held_by=st.sampled_from(["token", "token_or_credential"]))
    def start(self, first: str, held_by: str) -> None:
        self.choices: dict[str, Any] = {"credential_first": first, "session_held_by": held_by}
        self.world = World(self.choices)
        self.security = Security(self.world.memory)
        self.entries: dict[int, list[tuple[int, int, str, bytes]]] = {SYSTEM_LUID: []}
        self.numbers = dict.fromkeys([SYSTEM_LUID], 0)
        self.former: list[tuple[int, list[tuple[int, int, str, bytes]]]] = []  # oldest first
        self.cursors: dict[tuple[int, int], tuple[int, int]] = {}  # (session, package) -> (cursor, number)
        self.tokens: dict[int, int] = {}
        self.owned = {SYSTEM_LUID}

    def status(self, function: Any, *args: Any) -> NTSTATUS | None:
        try:
            function(*args, self.world.by())
        except StatusError as error:
            return error.status
        return None

    # ------------------------------------------------------------------ sessions

    @rule(luid=LUIDS)
    def create(self, luid: int) -> None:
        status = self.status(self.security.sessions.create, luid)
        assert status == (STATUS_LOGON_SESSION_COLLISION if luid in self.entries else None)
        if status is None:
            self.entries[luid] = []
            self.numbers[luid] = 0
            self.tokens[luid] = 0

    @rule(luid=LUIDS)
    def delete_session(self, luid: int) -> None:
        status = self.status(self.security.sessions.delete, luid)
        if luid not in self.entries:
            assert status == STATUS_NO_SUCH_LOGON_SESSION
            return
        by_credential = self.choices["session_held_by"] == "token_or_credential" and self.entries[luid]
        if luid in self.owned or self.tokens[luid] or by_credential:
            assert status == STATUS_BAD_LOGON_SESSION_STATE
        else:
            assert status is None
            self.forget(luid)

    def forget(self, luid: int) -> None:
        del self.entries[luid], self.numbers[luid], self.tokens[luid]
        self.owned.discard(luid)
        self.cursors = {key: value for key, value in self.cursors.items() if key[0] != luid}

    @rule(luid=st.sampled_from([0x1000, 0x1001]))
    def hand_over(self, luid: int) -> None:
        session = self.security.sessions.find(luid)
        if session is not None and session.state is SessionState.CREATED:
            self.security.sessions.hand_over(session, self.world.now)
            self.owned.add(luid)

    @rule(luid=st.sampled_from([0x1000, 0x1001]))
    def reference(self, luid: int) -> None:
        session = self.security.sessions.find(luid)
        if session is not None:
            self.security.sessions.reference(session)
            self.tokens[luid] += 1

    @rule(luid=st.sampled_from([0x1000, 0x1001]))
    def release(self, luid: int) -> None:
        session = self.security.sessions.find(luid)
        if session is None or not self.tokens[luid]:
            return
        self.tokens[luid] -= 1
        ended = luid in self.owned and not self.tokens[luid]
        assert self.security.sessions.release(session, self.world.now) is ended
        if ended:
            if self.entries[luid]:
                self.former.append((luid, self.entries[luid]))
            self.forget(luid)

    @rule(package=PACKAGES)
    def unload(self, package: int) -> None:
        """What it stored goes wherever it is; only that of ended sessions is a leak."""
        before = len(self.world.told(CredentialLeaked))
        self.security.credentials.release_package(f"p{package}", self.world.now)
        told = self.world.told(CredentialLeaked)[before:]
        lost = [luid for luid, entries in self.former for each in entries if each[1] == package]
        assert sorted(each.logon_id for each in told) == sorted(lost)
        assert {each.stored.package for each in told} <= {f"p{package}"}
        for entries in (*self.entries.values(), *(entries for _, entries in self.former)):
            entries[:] = [each for each in entries if each[1] != package]
        self.former = [each for each in self.former if each[1]]

    # ------------------------------------------------------------------ credentials

    @rule(luid=LUIDS, package=PACKAGES, key=KEYS, data=st.binary(max_size=40))
    def add(self, luid: int, package: int, key: str, data: bytes) -> None:
        status = None
        try:
            self.security.credentials.add(luid, package, key, data, self.world.by(package=f"p{package}"))
        except StatusError as error:
            status = error.status
        assert status == (None if luid in self.entries else STATUS_NO_SUCH_LOGON_SESSION)
        if status is None:
            self.numbers[luid] += 1
            entry = (self.numbers[luid], package, key, data)
            place = 0 if self.choices["credential_first"] == "newest" else len(self.entries[luid])
            self.entries[luid].insert(place, entry)

    @rule(luid=LUIDS, package=PACKAGES, key=KEYS)
    def delete(self, luid: int, package: int, key: str) -> None:
        status = self.status(self.security.credentials.delete, luid, package, key)
        places = [self.entries[luid]] if luid in self.entries else []
        places += [entries for ended, entries in self.former if ended == luid]
        for entries in places:
            matching = [each for each in entries if each[1:3] == (package, key)]
            if matching:
                assert status is None
                entries.remove(matching[0])
                self.former = [each for each in self.former if each[1]]
                return
        assert status == (STATUS_UNSUCCESSFUL if places else STATUS_NO_SUCH_LOGON_SESSION)

    @rule(luid=LUIDS, package=PACKAGES, key=st.none() | KEYS, room=st.none() | st.integers(0, 10), anew=st.booleans())
    def step(self, luid: int, package: int, key: str | None, room: int | None, anew: bool) -> None:
        """One more call of an enumeration that may have begun long ago."""
        cursor, number = (0, 0) if anew else self.cursors.get((luid, package), (0, 0))
        later = [
            each
            for each in self.entries.get(luid, ())
            if each[1] == package
            and key in (None, each[2])
            and (not number or (each[0] < number if self.choices["credential_first"] == "newest" else each[0] > number))
        ]
        result: list[Any] = []

        def call(origin: Origin) -> None:
            result.append(self.security.credentials.next(luid, package, cursor, key, room, origin))

        status = self.status(call)
        if luid not in self.entries:
            assert status == STATUS_NO_SUCH_LOGON_SESSION
        elif not later:
            assert status == STATUS_UNSUCCESSFUL
        elif room is not None and len(later[0][2]) > room:
            assert status == STATUS_MORE_ENTRIES
        else:
            assert status is None
        if status is not None:
            return
        ((new, found, length, copy),) = result
        assert (found, length) == (later[0][2], len(later[0][2]))
        assert isinstance(copy.buffer, Pointer)
        assert self.world.memory.space.read(copy.buffer.address, copy.length) == later[0][3]
        self.world.memory.FreeLsaHeap(copy.buffer, self.world.by("FreeLsaHeap"))
        self.cursors[luid, package] = (new, later[0][0])

    @invariant()
    def the_books_close(self) -> None:
        if not hasattr(self, "world"):
            return
        # References stand for tokens here, of which there are none.
        assert [*self.security.sessions.check(), *self.security.credentials.check()] == []
        assert self.world.memory.check(others=self.security.due()) == []
        alive = sum(luid != SYSTEM_LUID for luid in self.entries)
        assert self.world.machine.in_use(Resource.PAGED_POOL) == alive * LOGON_SESSION_SIZE
        kept = sum(map(len, self.entries.values())) + sum(len(entries) for _, entries in self.former)
        assert len(list(self.world.memory.ledger.live_blocks("LSA"))) == kept
        assert list(self.world.memory.ledger.live_blocks("cache")) == [], "copies are freed as they come"


TestStored = Stored.TestCase
