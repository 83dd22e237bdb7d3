"""Sessions, tokens and handles of two processes together: who ends when, told once, and never too early."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tokens import built
from worlds import World

from lsart.contract import STATUS_BAD_LOGON_SESSION_STATE, STATUS_NO_SUCH_LOGON_SESSION, StatusError
from lsart.security import AccessToken, HandleTable, LogonSession, Security, SessionState

LUIDS = st.sampled_from([0x1000, 0x1001])
PROCESSES = st.sampled_from(["lsass", "alice"])
NUMBERS = st.integers(1, 12)


class Logons(RuleBasedStateMachine):
    """The model: which token each handle names, which sessions live, and which have ended."""

    @initialize()
    def start(self) -> None:
        self.world = World(handles=4)
        self.security = Security(self.world.memory)
        self.tables = {"lsass": self.security.handles, "alice": HandleTable(self.world.environment)}
        self.handles: dict[tuple[str, int], AccessToken] = {}
        self.alive: dict[int, LogonSession] = {}
        self.ended: list[LogonSession] = []
        self.expected: list[LogonSession] = []
        self.security.sessions.on_ended.append(self.ended.append)

    def tokens_of(self, session: LogonSession) -> set[int]:
        return {id(each) for each in self.handles.values() if each.session is session}

    def took(self, process: str, handle: int | None) -> None:
        if handle is None:
            assert process == "lsass"
            assert sum(each == "lsass" for each, _ in self.handles) == 4
            return
        token = self.tables[process].find(handle)
        assert isinstance(token, AccessToken)
        self.handles[process, handle] = token

    def lost(self, *keys: tuple[str, int]) -> None:
        """Handles are gone: sessions of LSA whose last token went with them are expected to have ended."""
        for key in keys:
            session = self.handles.pop(key).session
            if session.state is not SessionState.CREATED and not self.tokens_of(session):
                self.expected.append(self.alive.pop(session.logon_id))

    @rule(luid=LUIDS)
    def create_session(self, luid: int) -> None:
        if luid not in self.alive:
            self.alive[luid] = self.security.sessions.create(luid, self.world.by())

    @rule(luid=LUIDS)
    def delete_session(self, luid: int) -> None:
        session = self.alive.get(luid)
        if session is None:
            return
        deletable = session.state is SessionState.CREATED and not self.tokens_of(session)
        try:
            self.security.sessions.delete(luid, self.world.by())
        except StatusError as error:
            refused: int | None = error.status
        else:
            refused = None
            del self.alive[luid]
        assert refused == (None if deletable else STATUS_BAD_LOGON_SESSION_STATE)

    @rule(luid=LUIDS)
    def hand_over(self, luid: int) -> None:
        session = self.alive.get(luid)
        if session is not None and session.state is SessionState.CREATED and self.tokens_of(session):
            self.security.sessions.hand_over(session, self.world.now)

    @rule(luid=LUIDS, process=PROCESSES)
    def create_token(self, luid: int, process: str) -> None:
        if luid in self.alive:
            content = built(logon_id=luid)
            self.took(process, self.security.tokens.create(content, self.tables[process], self.world.by()))

    @rule(source=PROCESSES, number=NUMBERS, into=PROCESSES, same=st.booleans())
    def again(self, source: str, number: int, into: str, same: bool) -> None:
        """Another handle to the same token, or a copy of the token."""
        token = self.handles.get((source, 4 * number))
        if token is None:
            return
        if same:
            handle = self.tables[source].duplicate(4 * number, self.tables[into], self.world.by())
        else:
            handle = self.security.tokens.copy(token, self.tables[into], self.world.by())
        self.took(into, handle)

    @rule(process=PROCESSES, number=NUMBERS)
    def close(self, process: str, number: int) -> None:
        closed = self.tables[process].close(4 * number, self.world.now)
        assert closed is ((process, 4 * number) in self.handles)
        if closed:
            self.lost((process, 4 * number))

    @rule()
    def die(self) -> None:
        self.tables["alice"].close_all(self.world.now)
        self.lost(*(key for key in self.handles if key[0] == "alice"))

    def nothing_leads_to(self, session: LogonSession) -> None:
        """It is gone: no handle, token, LUID or credential leads to it, though its LUID may name another by now."""
        assert (session.state, session.references) == (SessionState.GONE, 0)
        assert self.security.sessions.find(session.logon_id) is not session
        assert all(each is not session for each in self.security.sessions)
        token = self.security.tokens.of_session(session.logon_id)
        assert token is None or token.session is not session
        for process, table in self.tables.items():
            for handle in table:
                named = table.find(handle)
                assert not (isinstance(named, AccessToken) and named.session is session), (process, handle)
        if session.logon_id not in self.alive:
            for reach in (
                lambda by: self.security.tokens.create(built(logon_id=session.logon_id), self.tables["alice"], by),
                lambda by: self.security.credentials.add(session.logon_id, 0, "key", b"", by),
                lambda by: self.security.credentials.next(session.logon_id, 0, 0, None, None, by),
                lambda by: self.security.sessions.delete(session.logon_id, by),
            ):
                with pytest.raises(StatusError) as caught:
                    reach(self.world.by())
                assert caught.value.status == STATUS_NO_SUCH_LOGON_SESSION

    @rule(luid=LUIDS)
    def store(self, luid: int) -> None:
        """Something that the session had, which must not be had after it."""
        if luid in self.alive:
            self.security.credentials.add(luid, 0, "key", b"secret", self.world.by())

    @invariant()
    def everybody_agrees(self) -> None:
        if not hasattr(self, "world"):
            return
        for session in self.ended:
            self.nothing_leads_to(session)
        assert [id(each) for each in self.ended] == [id(each) for each in self.expected], "once, and in order"
        for luid, session in self.alive.items():
            assert self.security.sessions.find(luid) is session
            assert session.references == len(self.tokens_of(session))
        assert self.security.check() == []
        assert self.world.memory.check(others=self.security.due()) == []


TestLogons = Logons.TestCase
