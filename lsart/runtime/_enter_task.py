"""Into a function of a package in a task of its own: a thread, a notification. No client waits for what comes out."""

from __future__ import annotations

import trio

from lsart.contract import ThreadStart
from lsart.engine import announce, exploring, own
from lsart.runtime._current import current_request
from lsart.runtime._enter import own_state
from lsart.runtime._faults import Faults
from lsart.runtime._inner_call import current_inner_call
from lsart.runtime._invoke import invoke, returned_status, split_fault, text_of
from lsart.runtime._package import Package

__all__ = ["enter_task", "name_of"]


def name_of(function: object) -> str:
    """What reports call a function: the same in every run."""
    return str(getattr(function, "__name__", type(function).__name__))


async def enter_task(
    package: Package, name: str, function: ThreadStart, argument: object, faults: Faults
) -> tuple[int | None, str]:
    """Run it. Returns the number that it returned, if it did, and its fault in words, if it had one.

    A fault disables the package or is contained, as in a call, and goes no further. Cancellation and Ctrl-C pass.
    """
    await trio.lowlevel.checkpoint_if_cancelled()  # it may have ended before it began
    current_request.set(None)  # a task that was started during a call does not serve it
    current_inner_call.set(None)
    if exploring():
        state = own_state(package, next(iter(package.entries), ""))
        await announce(state._replace(what=f"enter {name} of {package.name}"))
    try:
        return _number(await invoke(function, argument)), ""
    except BaseException as error:
        fault, rest = split_fault(error)
        status = None if fault is None else returned_status(fault)
        reason = ""
        if fault is not None and status is None:
            reason = text_of(fault)
            faults.fault(package, name, fault, None)
        if rest is not None:
            raise rest from None
        return None if status is None else int(status.status), reason
    finally:
        own(None)


def _number(result: object) -> int | None:
    return int(result) if isinstance(result, int) else None
