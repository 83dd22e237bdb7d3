"""Who a client is: its threads, its token, whom its threads impersonate, and the handles that it has to objects."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import trio

from lsart.contract import InternalError
from lsart.engine import exploring, now_ns, touch
from lsart.events import Origin
from lsart.memory import Environment
from lsart.runtime._caller import handles_of
from lsart.security import AccessToken, HandleTable

__all__ = ["ClientIdentity"]

_THREAD_IDS = 4096  # from one process id to the next, so that a thread of one process is never one of another


class ClientIdentity:
    """What of a client process packages can learn by asking LSA. Its tasks are its threads.

    Its functions do not wait, so they are plain functions.

    Attributes:
        handles: to objects; connections have numbers of their own. token: the process's; None for a process of the
            system's session, whose token is not modelled.
    """

    __slots__ = (
        "_explores",
        "_held",
        "_impersonated",
        "_next_thread",
        "_threads",
        "handles",
        "name",
        "process_id",
        "token",
    )

    def __init__(self, name: str, process_id: int, environment: Environment) -> None:
        self.name = name
        self.process_id = process_id
        self.handles = HandleTable(environment)
        self.token: AccessToken | None = None
        self._explores = exploring()
        # By what tokens the process and its threads act is no number of the process, so CloseHandle does not reach it.
        self._held = HandleTable(environment)
        self._next_thread = process_id * _THREAD_IDS
        # Most clients are never asked, so both come with their first entry.
        self._threads: WeakKeyDictionary[trio.lowlevel.Task, int] | None = None
        self._impersonated: WeakKeyDictionary[trio.lowlevel.Task, tuple[AccessToken, int]] | None = None

    def CloseHandle(self, handle: int) -> bool:
        """Close a handle to an object, as LSA puts into this process; False when it is none (nf-handleapi-closehandle).
        A thread that acts by the token which it names goes on."""
        self._touch("close a handle")
        return self.handles.close(handle, now_ns())

    def ImpersonateLoggedOnUser(self, token_handle: int) -> bool:
        """Let this task act by a token of this process until `RevertToSelf`; False when the handle names none
        (nf-securitybaseapi-impersonateloggedonuser). Tasks that it starts act as the process."""
        self._touch("act by a token")
        token = self.handles.find(token_handle)
        if not isinstance(token, AccessToken):
            return False
        own = self._hold(token)  # so that it stays when the given handle is closed
        self.RevertToSelf()
        if self._impersonated is None:
            self._impersonated = WeakKeyDictionary()
        self._impersonated[trio.lowlevel.current_task()] = (token, own)
        return True

    def RevertToSelf(self) -> bool:
        """Let this task act as its process again (nf-securitybaseapi-reverttoself)."""
        self._touch("act by a token no longer")
        if self._impersonated is not None:
            _, handle = self._impersonated.pop(trio.lowlevel.current_task(), (None, 0))
            self._held.close(handle, now_ns())
        return True

    def run_by(self, token: AccessToken) -> None:
        """The process runs by this token, to which it gets a handle as well."""
        self.token = token
        self._hold(token)
        self.handles.open(token, self._opener())

    @property
    def holds_objects(self) -> bool:
        """Whether anything ends, or may end, with the process."""
        return bool(len(self.handles) or len(self._held))

    def close_handles(self) -> None:
        """The process ends, and with it all that it has to objects."""
        self.handles.close_all(now_ns())
        self._held.close_all(now_ns())

    def check_handles(self) -> list[str]:
        """Every invariant of its handles to objects; [] when sound."""
        return [*self.handles.check(), *self._held.check()]

    def impersonated_by(self, task: trio.lowlevel.Task) -> AccessToken | None:
        """The token by which a thread acts that is not its process's."""
        return None if self._impersonated is None else self._impersonated.get(task, (None, 0))[0]

    def thread_id_of(self, task: trio.lowlevel.Task) -> int:
        """The id of the thread that a task of this process stands for, numbered as LSA first asks."""
        if self._threads is None:
            self._threads = WeakKeyDictionary()
        known = self._threads.get(task)
        if known is None:
            if self._explores:
                touch(f"the threads of {self.name}", "w", "number a thread", is_told=False)
            self._threads[task] = known = self._next_thread
            self._next_thread += 4
        return known

    def _hold(self, token: AccessToken) -> int:
        own = self._held.open(token, self._opener())
        if own is None:
            raise InternalError(f"the handles of {self.name} are not limited")
        return own

    def _opener(self) -> Origin:
        return Origin("", None, self.name, "", now_ns())

    def _touch(self, what: str) -> None:
        if self._explores:
            touch(handles_of(self.name), "w", what, is_told=False)
            touch("the tokens of LSA", "w", is_told=False)
            touch("the logon sessions of LSA", "w", is_told=False)  # the last token may end its session
