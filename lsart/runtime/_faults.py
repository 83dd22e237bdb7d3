"""What an exception means that leaves an entry point: a status, or the end of the package."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_UNSUCCESSFUL,
    AccessViolation,
    PackageState,
    PackageStep,
    StatusError,
)
from lsart.engine import abandon_lock, now_ns
from lsart.events import Bus, FaultContained, LockOrphaned, Origin, PackageDisabled
from lsart.runtime._invoke import returned_status, split_fault, text_of
from lsart.runtime._orphans import orphaned_locks
from lsart.runtime._package import Package

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["Faults"]

_log = logging.getLogger("lsart.packages")


class Faults:
    """Answers for packages that raise.

    Args:
        contains: whether a package that faults stays in use, which LSASS does not do; see `LsaSettings`.
    """

    def __init__(self, bus: Bus, *, contains: bool) -> None:
        self._bus = bus
        self._contains = contains

    def answer(self, package: Package, entry: str, error: BaseException, request: Request | None) -> StatusError | None:
        """What the caller of an entry point is told of what it raised.

        Args:
            package: whose entry point it is, which may be another than the one that the request is for.
            entry: the slot. request: the client's call under way, if there is one.

        Returns:
            The status that the package raised, or that of its fault. None for what is not the package's to answer: a
            cancellation, or Ctrl-C.

        Raises:
            BaseExceptionGroup: the package failed over its being cancelled: what of it is not the package's to answer,
                and goes on alone; its cause is what a caller would be told of the rest.
        """
        own, rest = split_fault(error)
        if own is None:
            return None
        status = returned_status(own) or self.fault(package, entry, own, request)
        if rest is not None:
            raise rest from status
        return status

    def fault(self, package: Package, entry: str, error: BaseException, request: Request | None) -> StatusError:
        """What LSASS does with a package that faults: no later caller finds it; what it holds stays held. One that is
        still loading comes to that when it is up, so that its SpInitialize can see what happened and fail.

        Args:
            entry: the slot; or what a task of its own ran, by name. request: the client's call under way.
        """
        reason = text_of(error)
        call, client = (None, "") if request is None else (request.number, request.client.name)
        now = now_ns()
        if self._contains:
            _log.debug("package %r: %s raised", package.name, entry, exc_info=error)
            self._bus.emit(
                FaultContained(time_ns=now, package=package.key, entry_point=entry, reason=reason, call=call)
            )
        elif package.state is PackageState.LOADED:
            package.failure = f"{entry} raised {reason}"
            _log.debug("package %r: %s raised", package.name, entry, exc_info=error)
        elif package.state is PackageState.READY:
            _log.debug("package %r: %s raised", package.name, entry, exc_info=error)
            self._disable(package, entry, reason, call)
        # A call may fault when the package is disabled already, and leave a lock of its own.
        origin = Origin(package.key, call, client, entry, now)
        # A task of its own was in no slot; any leads to the object that has the locks.
        slot = entry if entry in package.entries else next(iter(package.entries), None)
        if slot is not None:
            for name, lock in orphaned_locks(package.entries[slot], trio.lowlevel.current_task()):
                where = f"{package.key}.{name}"
                during = "" if call is None else f" in call {call} of {client}"
                abandon_lock(lock, f"package {package.name!r}, which left {where} locked when {entry} raised{during}")
                self._bus.emit(LockOrphaned(time_ns=now, lock=where, origin=origin))
        status = STATUS_ACCESS_VIOLATION if isinstance(error, AccessViolation) else STATUS_UNSUCCESSFUL
        what = "the fault is contained" if self._contains else "the package is disabled"
        return StatusError(status, f"{entry} of {package.name} raised {reason}; {what}")

    def came_up(self, package: Package) -> None:
        """A package is ready; if a task of its own failed while it was loading, that is what becomes of it."""
        if package.failure and package.state is PackageState.READY:
            entry, _, reason = package.failure.partition(" raised ")
            self._disable(package, entry, reason, None)

    def _disable(self, package: Package, entry: str, reason: str, call: int | None) -> None:
        package.advance(PackageStep.DISABLE)
        package.failure = f"{entry} raised {reason}"
        self._bus.emit(
            PackageDisabled(time_ns=now_ns(), package=package.key, entry_point=entry, reason=reason, call=call)
        )
