"""Packages hear of logon sessions that ended: LsaApLogonTerminated, in a task of LSA.

A session ends in the middle of anything: a client dies, somebody closes a handle. So it goes on a queue, and one task
tells every authentication package of it, in load order, before it takes the next (SES-2). The task lives while there is
something to tell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context

import trio

from lsart.contract import StatusError
from lsart.engine import exploring, now_ns, own, touch
from lsart.events import Bus, LogonTerminationTold
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._package import Package
from lsart.security import LogonSession

__all__ = ["Terminations"]

_ROW = entry("LogonTerminated")
_BEFORE = "it did not end in time before, and the LSA is closing"


class Terminations:
    """Who is still to be told of which session.

    Shielded, as packages hear of it whatever happens around the LSA; `stop` ends it when LSASS goes down.

    Args:
        packages: all that came up, in load order. patience: seconds that each gets for each session.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        entrance: Entrance,
        packages: Callable[[], Sequence[Package]],
        bus: Bus,
        patience: float,
    ) -> None:
        self._nursery = nursery
        self._entrance = entrance
        self._packages = packages
        self._bus = bus
        self._patience = patience
        # The task must not take over whose call it is, or whom somebody impersonates, where a session happens to end.
        self._context = copy_context()
        self._explores = exploring()
        self._queue: deque[int] = deque()
        self._scope = trio.CancelScope(shield=True)
        self._is_telling = self._is_closing = self._is_stopped = False
        self._late: set[str] = set()  # packages that did not end in time
        self._last: frozenset[LogonSession] | None = None  # of others nobody is told, once the LSA is closing
        self._settled = trio.Event()

    def ended(self, session: LogonSession) -> None:
        """A session of LSA has ended."""
        if self._is_stopped or (self._last is not None and session not in self._last):
            return
        self._queue.append(session.logon_id)
        if not self._is_telling:
            self._is_telling = True
            self._context.run(self._start)

    async def settle(self) -> None:
        """Wait until everybody has been told of everything."""
        while self._is_telling:
            self._settled = trio.Event()
            await self._settled.wait()

    async def close(self, sessions: Iterable[LogonSession]) -> None:
        """Likewise, before packages are unloaded: from here on nobody waits twice for a package that hangs, nor for one
        that makes another session of each that ended.

        Args:
            sessions: those that there are. Of any that is made from here on nobody is told.
        """
        self._is_closing = True
        self._last = frozenset(sessions)
        await self.settle()

    def stop(self) -> None:
        """LSASS goes down, and nobody is told any more."""
        self._is_stopped = True
        self._queue.clear()
        self._scope.cancel()

    def _start(self) -> None:
        self._scope = trio.CancelScope(shield=True)
        self._nursery.start_soon(self._tell_all, name="LSA tells of logon sessions that ended")

    async def _tell_all(self) -> None:
        own(None)  # whoever let the session end may have been a package
        try:
            with self._scope:
                while self._queue:
                    if self._explores:
                        touch("the logon sessions of LSA", "w", "take up a session that ended", is_told=False)
                    logon_id = self._queue.popleft()
                    for each in tuple(self._packages()):
                        package = each.latest()  # it may be loaded again while others are told
                        if package.state.is_available and _ROW.name in package.entries:
                            reason = await self._tell(package, logon_id)
                            self._bus.emit(
                                LogonTerminationTold(
                                    time_ns=now_ns(), logon_id=logon_id, package=package.key, reason=reason
                                )
                            )
        finally:
            self._is_telling = False
            self._settled.set()

    async def _tell(self, package: Package, logon_id: int) -> str:
        """Enter the package, for at most its time. Returns what went wrong, if something did."""
        if self._is_closing and package.key in self._late:
            return _BEFORE
        reason = ""
        with trio.move_on_after(self._patience) as scope:
            try:
                await self._entrance.enter(package, _ROW, logon_id)
            except StatusError as error:  # there is no place for it (LLT-4)
                reason = str(error)
            except BaseExceptionGroup as rest:  # it was cancelled, and failed over that
                reason = str(rest.__cause__ or "")
                raise
        if scope.cancelled_caught:
            self._late.add(package.key)
            reason = f"it did not end within {self._patience:g} s{': ' if reason else ''}{reason}"
        return reason
