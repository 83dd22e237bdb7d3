"""As whom tasks in LSASS act: as LSASS, unless they impersonate a client. Tasks are the threads here."""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

import attrs
import trio

from lsart.contract import STATUS_INSUFFICIENT_RESOURCES, StatusError
from lsart.engine import exploring, now_ns, touch
from lsart.events import SYSTEM, Bus, ImpersonationLeft, Origin
from lsart.runtime._current import current_request
from lsart.runtime._handles import touch_handles
from lsart.security import AccessToken, HandleTable

__all__ = ["Identities"]


@attrs.frozen(eq=False)
class _Acting:
    """How a task acts: by this token, which a handle of LSA's own keeps; None for a client whose token is not modelled
    because it is of the system's session. `origin`: who began it."""

    token: AccessToken | None
    handle: int | None
    origin: Origin


class Identities:
    """Whom each task impersonates. A task that another one starts acts as LSASS, as threads do.

    Args:
        handles: those of LSASS.
    """

    def __init__(self, handles: HandleTable, bus: Bus) -> None:
        self._handles = handles
        self._bus = bus
        self._explores = exploring()
        self._acting: WeakKeyDictionary[trio.lowlevel.Task, _Acting] = WeakKeyDictionary()

    def token(self) -> AccessToken | None:
        """The token by which this task acts that is not LSASS's."""
        acting = self._acting.get(trio.lowlevel.current_task())
        return None if acting is None else acting.token

    def impersonate(self, token: AccessToken | None, origin: Origin) -> None:
        """Let this task act by the token until `revert`, or until the call that it serves ends.

        Raises:
            StatusError: STATUS_INSUFFICIENT_RESOURCES when LSASS can have no more handles; nothing changes then.
        """
        handle = None
        if token is not None:
            touch_handles("w", "take a handle")
            handle = self._handles.open(token, attrs.evolve(origin, package=SYSTEM))
            if handle is None:
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES, f"{origin.function}: no handle is left")
        self.revert()
        task = trio.lowlevel.current_task()
        self._acting[task] = acting = _Acting(token, handle, origin)
        request = current_request.get()
        # A task may have outlived the inner call in which it was started; then it ends with the one around that.
        while request is not None and request.is_finished:
            request = request.outer
        assert request is not None  # whose client it is
        request.before_end(partial(self._end_of_call, task, acting))

    def revert(self) -> None:
        """Let this task act as LSASS."""
        self._drop(trio.lowlevel.current_task())

    def _end_of_call(self, task: trio.lowlevel.Task, acting: _Acting) -> None:
        """The task goes on to serve others, who must not be served as this client."""
        if self._acting.get(task) is acting:
            now = now_ns()
            self._bus.emit(ImpersonationLeft(time_ns=now, origin=acting.origin))
            self._drop(task)

    def _drop(self, task: trio.lowlevel.Task) -> None:
        acting = self._acting.pop(task, None)
        if acting is None or acting.handle is None:
            return
        if self._explores:
            touch_handles("w", "close a handle")
            touch("the tokens of LSA", "w", is_told=False)
            touch("the logon sessions of LSA", "w", is_told=False)  # the last token may end its session
        self._handles.close(acting.handle, now_ns())
