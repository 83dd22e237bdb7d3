"""What the loader keeps of a package that comes up, and how it says that one does not."""

from __future__ import annotations

import attrs

from lsart.contract import NTSTATUS, SECPKG_CONTEXT_THUNKS, SECPKG_EXTENDED_INFORMATION, STATUS_UNSUCCESSFUL
from lsart.runtime._resolve import Resolved

__all__ = ["Loaded", "RefusedError", "thunks_of"]


class RefusedError(Exception):
    """A package does not come up: at which entry point, with which status, and why."""

    def __init__(self, stage: str, status: NTSTATUS, reason: str) -> None:
        self.stage = stage
        self.status = status
        self.reason = reason
        super().__init__(f"{stage}: {reason}")


@attrs.frozen(eq=False)
class Loaded:
    """What the packages of one module came from, and whether the list of authentication packages names it."""

    resolved: Resolved
    by_list: bool


def thunks_of(information: object) -> tuple[int, ...]:
    """The attributes of contexts that a package's SpGetExtendedInformation says LSA mode answers for.

    Raises:
        RefusedError: it gave something else.
    """
    if information is None:
        return ()
    found = getattr(information, "info", None)
    if not isinstance(information, SECPKG_EXTENDED_INFORMATION) or not isinstance(found, SECPKG_CONTEXT_THUNKS):
        expected = "a SECPKG_EXTENDED_INFORMATION of SECPKG_CONTEXT_THUNKS"
        reason = f"it returned {type(information).__name__}; expected {expected}"
        raise RefusedError("SpGetExtendedInformation", STATUS_UNSUCCESSFUL, reason)
    return tuple(found.levels)
