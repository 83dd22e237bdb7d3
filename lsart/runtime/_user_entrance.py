"""Into the user-mode half of a package and out again, in the client's task.

What fails there is that client process's own code: the process ends, LSASS and everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsart.contract import SEC_E_UNSUPPORTED_FUNCTION, SECPKG_USER_SLOTS, InternalError, Slot, StatusError
from lsart.engine import Label, announce, own, owner
from lsart.runtime._invoke import invoke, is_fault, returned_status, text_of
from lsart.runtime._results import Returned, read

if TYPE_CHECKING:
    from lsart.runtime._client import Client
    from lsart.runtime._user_mode import UserTable

__all__ = ["enter_user", "function_of", "run_in_client", "state_in", "status_or_crash", "user_entered", "user_entry"]

_entered: dict[str, Slot] = {}


def user_entry(name: str) -> Slot:
    """The row of a slot of the user-mode table that the security provider DLL enters; said when a module is imported,
    so that `implemented` knows.

    Raises:
        InternalError: no page says when it would be entered.
    """
    row = next(each for each in SECPKG_USER_SLOTS if each.name == name)
    if row.declared_only:
        raise InternalError(f"{name} is known from its declaration only, so nobody enters it")
    return _entered.setdefault(name, row)


def user_entered() -> frozenset[str]:
    """Names of the slots of a user-mode table that are entered."""
    return frozenset(_entered)


def function_of(table: UserTable, slot: Slot) -> Callable[..., Any]:
    """A function of the table.

    Raises:
        StatusError: SEC_E_UNSUPPORTED_FUNCTION when the slot is NULL.
    """
    function = table.entries.get(slot.name)
    if function is None:
        raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{table.package.name} has no {slot.entry_name}")
    return function


async def enter_user(table: UserTable, slot: Slot, *arguments: object) -> Returned:
    """Call a function of a user-mode table and read what it gives back by its row.

    Raises:
        StatusError: the status that it gave; SEC_E_UNSUPPORTED_FUNCTION when the slot is NULL.
        ProcessTerminated: it faulted, which ended the process, or the process ended meanwhile.
    """
    function = function_of(table, slot)

    async def call() -> Returned:
        try:
            return read(slot, await invoke(function, *arguments))
        except StatusError as error:
            if not error.status.is_success:
                raise
            return Returned(error.status, read(slot, None).outs)  # informational: nothing was given back beside it

    found: Returned = await run_in_client(table.client, table.package.key, slot.entry_name, call)
    return found


def state_in(package: str, client: str) -> str:
    """What the code of a package in a client's process touches at every step, as schedules are explored."""
    return f"{package} in {client}"


async def run_in_client(client: Client, package: str, name: str, function: Callable[..., Any], *args: object) -> Any:
    """Run code of a package in a client's process, in the current task.

    Args:
        package: its key. name: what of it runs.

    Raises:
        StatusError: the status that it gave. ProcessTerminated: as `enter_user` says.
    """
    client.must_live(name)
    explores = client.explores
    before: Label | None = None
    if explores:
        before = owner()
        if before is not None:
            own(None)
        state = Label(state_in(package, client.name), "w", f"enter {name} of {package} in {client.name}", is_told=False)
        own(state)
        await announce(state)
    failure: StatusError | None = None
    try:
        result = await invoke(function, *args)
    except BaseException as error:
        failure = status_or_crash(client, package, name, error)
    finally:
        if explores:
            own(None)
            if before is not None:
                own(before)
    if failure is not None:
        raise failure  # here, so that it does not drag the package's own error along
    client.must_live(name)
    return result


def status_or_crash(client: Client, package: str, name: str, error: BaseException) -> StatusError:
    """What becomes of an exception that leaves package code in a client process: the status that it says, if any.

    Raises:
        ProcessTerminated: it is a fault, so the process ended; or the process had ended before.
        BaseException: a cancellation or Ctrl-C, as it is.
    """
    status = returned_status(error)
    if status is not None:
        client.must_live(name)
        return status
    if not is_fault(error):
        raise error
    client.must_live(name)  # what it raises in a process that has ended is no crash
    client.crash(package, name, text_of(error))
    client.must_live(name)
    raise InternalError(f"{client.name} goes on after a crash")
