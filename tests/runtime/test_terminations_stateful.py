"""Sessions, tokens and clients of a running LSA, at random: each session ends when its last token goes, and each
package hears of that once, in order, and finds nothing of it afterwards."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lsas import Scripted, in_use, status_of
from tokens import create

import lsart
from lsart.contract import STATUS_NO_SUCH_LOGON_SESSION, FunctionTable
from lsart.runtime import LsaSettings
from lsart.security import LogonSession, SessionState

LUIDS = st.sampled_from([0x1000, 0x1001])
WHO = st.sampled_from(["lsass", "alice", "bob"])
STEPS = st.lists(
    st.one_of(
        # First what leads somewhere: few steps at random make a session that can end.
        st.tuples(st.just("log on"), LUIDS, st.lists(WHO, min_size=1, max_size=3)),
        st.tuples(st.just("close"), st.integers(0, 9)),
        st.tuples(st.just("create"), LUIDS),
        st.tuples(st.just("token"), LUIDS, WHO),
        st.tuples(st.just("hand over"), LUIDS),
        st.tuples(st.just("delete"), LUIDS),
        st.tuples(st.just("die"), st.sampled_from(["alice", "bob"])),
        st.tuples(st.just("settle")),
        st.tuples(st.just("unload")),
    ),
    min_size=4,
    max_size=30,
)


class Hears(Scripted):
    """Notes what it hears, and looks for what it must not find any more."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.heard: list[int] = []

    async def LsaApLogonTerminated(self, logon_id: int) -> None:
        self.heard.append(logon_id)


class Running:
    """An LSA with two packages and two clients, beside the model: who holds which tokens of which session."""

    def __init__(self, lsa: lsart.Lsa, stays: Hears, goes: Hears) -> None:
        self.lsa = lsa
        self.stays, self.goes = stays, goes
        self.clients = {name: lsa.start_client(name) for name in ("alice", "bob")}
        self.held: list[tuple[str, int, LogonSession]] = []
        self.ended: list[int] = []
        self.ended_while_loaded: list[int] | None = None

    @property
    def table(self) -> FunctionTable:
        return self.stays.table

    def session(self, luid: int) -> LogonSession | None:
        return self.lsa.security.sessions.find(luid)

    async def log_on(self, luid: int, whom: list[str]) -> None:
        await self.create(luid)
        for who in whom:
            await self.token(luid, who)
        await self.hand_over(luid)

    async def create(self, luid: int) -> None:
        if self.session(luid) is None:
            await self.table.CreateLogonSession(luid)
            await self.table.AddCredential(luid, self.stays.package_id, "key", b"secret")

    async def token(self, luid: int, who: str) -> None:
        session = self.session(luid)
        if session is None or (who != "lsass" and not self.clients[who].is_alive):
            return
        handle, _ = await create(self.table, logon_id=luid)
        if who != "lsass":
            source, handle = handle, self.into(who, handle)
            self.table.win32.CloseHandle(source)
        self.held.append((who, handle, session))

    def into(self, who: str, handle: int) -> int:
        security, origin = self.lsa.security, self.lsa._host.origin("stays", "DuplicateHandle")
        copy = security.handles.duplicate(handle, self.clients[who].handles, origin)
        assert copy is not None
        return copy

    async def hand_over(self, luid: int) -> None:
        session = self.session(luid)
        if session is not None and session.state is SessionState.CREATED and self.tokens_of(session):
            self.lsa.security.sessions.hand_over(session, lsart.now_ns())

    async def delete(self, luid: int) -> None:
        session = self.session(luid)
        if session is not None and session.state is SessionState.CREATED and not self.tokens_of(session):
            await self.table.DeleteLogonSession(luid)

    async def close(self, index: int) -> None:
        if self.held:
            who, handle, _ = held = self.held[index % len(self.held)]
            process: Any = self.table.win32 if who == "lsass" else self.clients[who]
            assert process.CloseHandle(handle) is True
            self.lost([held])
            assert process.CloseHandle(handle) is False

    async def die(self, who: str) -> None:
        self.clients[who].terminate()
        self.lost([each for each in self.held if each[0] == who])

    async def settle(self) -> None:
        await self.lsa.terminations.settle()

    async def unload(self) -> None:
        if self.ended_while_loaded is None:
            await self.settle()
            self.ended_while_loaded = list(self.ended)
            await self.goes.table.UnloadPackage()

    def tokens_of(self, session: LogonSession) -> int:
        return sum(each[2] is session for each in self.held)

    def lost(self, gone: list[tuple[str, int, LogonSession]]) -> None:
        """Tokens went, one after another."""
        for held in gone:
            self.held.remove(held)
            session = held[2]
            if not self.tokens_of(session) and self.lsa_owned(session):
                self.ended.append(session.logon_id)

    def lsa_owned(self, session: LogonSession) -> bool:
        # It is gone by now if LSA owned it; a package's own outlives its tokens.
        assert (session.state is SessionState.GONE) is (self.session(session.logon_id) is not session)
        return session.state is SessionState.GONE

    def end_with_the_lsa(self) -> list[int]:
        """Sessions that end when the clients that are left end, alice first. What packages hold goes too late."""
        found = []
        for held in [each for name in self.clients for each in self.held if each[0] == name]:
            self.held.remove(held)
            if not self.tokens_of(held[2]) and held[2].state is SessionState.OWNED:
                found.append(held[2].logon_id)
        return found

    async def look(self) -> None:
        """What is true after every step."""
        assert self.lsa.check() == []
        for session in self.lsa.security.sessions:
            assert session.references == self.tokens_of(session) >= 0
            if session.state is SessionState.OWNED:
                assert session.references > 0, "it would have ended"
        for luid in {*self.ended} - {each.logon_id for each in self.lsa.security.sessions}:
            for reaches in (
                self.table.OpenTokenByLogonId(luid),
                self.table.DeleteLogonSession(luid),
                self.table.GetCredentials(luid, self.stays.package_id, 0, True, ""),
                self.table.AddCredential(luid, self.stays.package_id, "key", b"more"),
                create(self.table, logon_id=luid),
            ):
                assert await status_of(reaches) == STATUS_NO_SUCH_LOGON_SESSION


@given(steps=STEPS)
def test_sessions_end_when_their_last_token_goes_and_every_package_hears_of_it_once(steps: list[Any]) -> None:
    async def main() -> None:
        kinds: list[Any] = [type(name, (Hears,), {}) for name in ("stays", "goes")]
        stays, goes = (kind(kind.__name__) for kind in kinds)
        settings = LsaSettings(watchdog=None)
        async with lsart.open_lsa(stays, goes, settings=settings) as lsa:
            running = Running(lsa, stays, goes)
            for name, *arguments in steps:
                await getattr(running, name.replace(" ", "_"))(*arguments)
                await running.look()
            await running.settle()
            assert stays.heard == running.ended
            every = running.ended + running.end_with_the_lsa()
        assert stays.heard == every
        assert goes.heard == (every if running.ended_while_loaded is None else running.ended_while_loaded)
        assert in_use(lsa) == {}

    lsart.run(main, seed=0)
