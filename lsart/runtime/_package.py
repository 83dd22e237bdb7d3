"""A package as LSA knows it: its entry points, its numbers, and where it is in its life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from lsart.contract import (
    SECPKG_SLOTS,
    EntryPoint,
    PackageLoadError,
    PackageState,
    PackageStep,
    SecPkgInfo,
    Slot,
    constants,
    next_state,
)

if TYPE_CHECKING:
    from lsart.runtime._user_modules import UserHalf

__all__ = ["Package", "entry_points"]


def entry_points(
    implementation: object, *, label: str, last_slot: int, slots: Sequence[Slot] = SECPKG_SLOTS
) -> dict[str, EntryPoint]:
    """The SECPKG_FUNCTION_TABLE, or the table of other `slots`, that an object stands for: slot name to function.

    A method fills the slot whose documented name it has: ``SpInitialize`` the slot Initialize,
    ``LsaApCallPackageUntrusted`` the slot CallPackageUntrusted. A slot without a method is NULL (PFT-4); a slot
    beyond the last one of the interface version is not read (LSQ-10).

    Raises:
        PackageLoadError: an attribute has an entry point's name but is no function.
    """
    found: dict[str, EntryPoint] = {}
    for slot in slots[: last_slot + 1]:
        function = getattr(implementation, slot.entry_name, None)
        if function is None:
            continue
        if not callable(function):
            raise PackageLoadError(
                f"{label}: {slot.entry_name} is {type(function).__name__} {function!r}; expected a function "
                f"({'async def' if slot.name != 'GetInfo' else 'def'} {slot.entry_name}(self, ...))"
            )
        found[slot.name] = function
    return found


class Package:
    """One loaded package. Only the loader and, when it faults, `Faults` move it through its life.

    Args:
        key: unique name in this LSA, used by events and the ledger. module: where it came from.
        entries: its function table. user_half: how it comes into client processes, if it does.
    """

    __slots__ = (
        "_calls",
        "_idle",
        "_visits",
        "authentication_id",
        "context_thunks",
        "entries",
        "failure",
        "info",
        "is_informed",
        "key",
        "listed",
        "loaded",
        "module",
        "name",
        "package_id",
        "state",
        "successor",
        "user_half",
    )

    def __init__(
        self, key: str, module: str, entries: Mapping[str, EntryPoint], user_half: UserHalf | None = None
    ) -> None:
        self.key = self.listed = key  # the loader may make the key another one
        self.name = key  # what clients look up; the package may say otherwise
        self.module = module
        self.entries = entries
        self.user_half = user_half
        self.package_id = -1
        self.authentication_id = -1
        self.info = SecPkgInfo(key)
        self.is_informed = "GetInfo" not in entries  # whether LSA has asked it, and has a copy
        self.context_thunks: tuple[int, ...] = ()
        self.state = PackageState.LISTED
        self.failure = ""  # why it is refused or disabled
        self.loaded: object = None  # what it came from, the same for all packages of a module; the loader's business
        self.successor: Package | None = None  # who came in its place when it was loaded again
        self._calls = 0
        self._idle: trio.Event | None = None
        self._visits: list[tuple[trio.CancelScope, str]] = []  # functions of it that other packages are in

    def thunks(self, attribute: int) -> bool:
        """Whether LSA mode answers for this attribute of a context that has a half in the client's process."""
        levels = self.context_thunks
        return attribute in levels or levels[:1] == (constants.SECPKG_ATTR_THUNK_ALL,)

    def begin_call(self) -> None:
        """One more call is in flight."""
        self._calls += 1

    def end_call(self) -> None:
        """One fewer."""
        self._calls -= 1
        if not self._calls and self._idle is not None:
            self._idle.set()

    async def wait_until_idle(self) -> None:
        """Until no call of the package is in flight."""
        while self._calls:
            self._idle = trio.Event()
            await self._idle.wait()

    @contextmanager
    def visit(self, what: str) -> Iterator[trio.CancelScope]:
        """Around a call of a function of it by another package; `what` says so. The scope is cancelled by `empty`."""
        with trio.CancelScope() as scope:
            visit = scope, what
            self._visits.append(visit)
            try:
                yield scope
            finally:
                self._visits.remove(visit)

    async def empty(self, patience: float, clean_up: float) -> None:
        """Give who is in a function of it `patience` seconds to leave; then cancel those who came from other packages,
        and give them `clean_up` seconds to unwind. Calls of clients are the dispatcher's to cancel."""
        with trio.move_on_after(patience):
            await self.wait_until_idle()
        self.send_away()
        with trio.move_on_after(clean_up):
            await self.wait_until_idle()

    def send_away(self) -> None:
        """Cancel the functions of it that other packages are in."""
        for scope, _ in self._visits:
            scope.cancel()

    def inside(self) -> tuple[str, ...]:
        """Who is in a function of it, in words."""
        visits = tuple(what for _, what in self._visits)
        return (*visits, "calls of clients") if self._calls > len(visits) else visits

    def latest(self) -> Package:
        """Who serves calls for it now: itself, or the last that came in its place."""
        package = self
        while package.successor is not None:
            package = package.successor
        return package

    def advance(self, step: PackageStep) -> None:
        """Take a step of the life that lsart.contract's state table allows."""
        self.state = next_state(self.state, step)

    def __repr__(self) -> str:
        return f"<Package {self.name!r} id={self.package_id} {self.state.value}>"
