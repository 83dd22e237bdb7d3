"""Life of a package in LSA, as a table. Nothing else decides which step may follow which.

    LISTED ──load──> LOADED ──initialize──> READY ──disable──> DISABLED
      │                │                      │                  │
      └──refuse──┐     ├──refuse──┐           └────shutdown──┬───┘
                 v     v          v                          v
                 REFUSED (unloaded, unlisted)             SHUT_DOWN ──unload──> UNLOADED

Rules: LSQ-1, LSQ-15, LSQ-19, LSQ-22, SPI-5, SPI-6, SPS-1.
"""

from __future__ import annotations

from enum import Enum

from lsart.contract._errors import InternalError

__all__ = ["PackageState", "PackageStep", "next_state"]


class PackageState(Enum):
    """Where a package is in its life."""

    LISTED = "listed"  # named in the registry lists, not loaded yet
    LOADED = "loaded"  # its module is loaded and gave its function table
    READY = "ready"  # SpInitialize succeeded; clients can find it
    DISABLED = "disabled"  # an exception left one of its entry points; what it held stays held
    REFUSED = "refused"  # failed before it was ready; unloaded, in no list
    SHUT_DOWN = "shut down"  # SpShutdown has run
    UNLOADED = "unloaded"  # gone

    @property
    def is_available(self) -> bool:
        """Whether clients can find and call the package."""
        return self is PackageState.READY


class PackageStep(Enum):
    """What can happen to a package."""

    LOAD = "load"
    INITIALIZE = "initialize"
    REFUSE = "refuse"
    DISABLE = "disable"
    SHUT_DOWN = "shutdown"
    UNLOAD = "unload"


_NEXT = {
    (PackageState.LISTED, PackageStep.LOAD): PackageState.LOADED,
    (PackageState.LISTED, PackageStep.REFUSE): PackageState.REFUSED,
    (PackageState.LOADED, PackageStep.INITIALIZE): PackageState.READY,
    (PackageState.LOADED, PackageStep.REFUSE): PackageState.REFUSED,
    (PackageState.READY, PackageStep.DISABLE): PackageState.DISABLED,
    (PackageState.READY, PackageStep.SHUT_DOWN): PackageState.SHUT_DOWN,
    (PackageState.DISABLED, PackageStep.SHUT_DOWN): PackageState.SHUT_DOWN,
    (PackageState.SHUT_DOWN, PackageStep.UNLOAD): PackageState.UNLOADED,
}


def next_state(state: PackageState, step: PackageStep) -> PackageState:
    """The state after `step`.

    Raises:
        InternalError: the table has no such step from this state.
    """
    try:
        return _NEXT[state, step]
    except KeyError:
        raise InternalError(
            f"a package that is {state.value!r} cannot take the step {step.value!r}; see lsart.contract._lifecycle"
        ) from None
