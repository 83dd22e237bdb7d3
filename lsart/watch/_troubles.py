"""Packages that failed, memory that leaked, and what was misused: rare events, counted by kind."""

from __future__ import annotations

from lsart.contract import NTSTATUS
from lsart.events import (
    AccessViolated,
    AccountHandleLeaked,
    AccountNameMissing,
    BlockLeaked,
    Bus,
    ClientCrashed,
    ContextShared,
    CredentialLeaked,
    DispatchTableExceeded,
    EntryPointMissing,
    EntryPointUnused,
    Event,
    ExpiryMissing,
    FaultContained,
    HandleLeaked,
    ImpersonationLeft,
    InnerCallCancelled,
    LockOrphaned,
    LogonSessionLeaked,
    LogonSessionLeft,
    MisuseEvent,
    ObjectRefused,
    Origin,
    OutputNotFromHeap,
    PackageDisabled,
    PackageInitialized,
    PackageOutlived,
    PackageRefused,
    SectionLeaked,
    SlotMisused,
    SlotOutOfPlace,
    SlotUnavailable,
    Subscription,
    SubStatusMisplaced,
    TokenSourceForeign,
    describe,
)
from lsart.security import LOGON_SESSION_SIZE
from lsart.watch._summary import KindCount, LeakSummary, PackageSummary

__all__ = ["TroubleWatch"]


class TroubleWatch:
    """Keeps the first of each kind in words, and counts the rest."""

    def __init__(self, bus: Bus) -> None:
        self._packages: dict[str, PackageSummary] = {}
        self._leaks: dict[tuple[str, str], tuple[int, int, Origin]] = {}
        self._misuse: dict[str, tuple[int, str]] = {}
        self._notices: dict[str, tuple[int, str]] = {}
        self.access_violations = 0
        self.client_access_violations = 0
        self.last_ns = 0
        self.subscriptions: tuple[Subscription, ...] = (
            bus.subscribe(self._on_initialized, PackageInitialized),
            bus.subscribe(self._on_disabled, PackageDisabled),
            bus.subscribe(self._on_refused, PackageRefused),
            bus.subscribe(self._on_block_leaked, BlockLeaked),
            bus.subscribe(self._on_section_leaked, SectionLeaked),
            bus.subscribe(self._on_account_leaked, AccountHandleLeaked),
            bus.subscribe(self._on_session_leaked, LogonSessionLeaked),
            bus.subscribe(self._on_handle_leaked, HandleLeaked),
            bus.subscribe(self._on_credential_leaked, CredentialLeaked),
            bus.subscribe(self._on_violation, AccessViolated),
            bus.subscribe(
                self._on_misuse,
                ClientCrashed,
                FaultContained,
                ImpersonationLeft,
                LockOrphaned,
                LogonSessionLeft,
                MisuseEvent,
                OutputNotFromHeap,
            ),
            bus.subscribe(
                self._on_notice,
                AccountNameMissing,
                ContextShared,
                DispatchTableExceeded,
                EntryPointMissing,
                EntryPointUnused,
                InnerCallCancelled,
                ExpiryMissing,
                ObjectRefused,
                PackageOutlived,
                SlotMisused,
                SlotOutOfPlace,
                SlotUnavailable,
                SubStatusMisplaced,
                TokenSourceForeign,
            ),
        )

    def packages(self) -> tuple[PackageSummary, ...]:
        """In load order."""
        return tuple(self._packages.values())

    def leaks(self) -> tuple[LeakSummary, ...]:
        """By package and place."""
        return tuple(
            LeakSummary(package=package, where=where, count=count, bytes=size, example=str(first))
            for (package, where), (count, size, first) in sorted(self._leaks.items(), key=lambda item: item[0])
        )

    def misuse(self) -> tuple[KindCount, ...]:
        """Faults of packages, by kind."""
        return _counts(self._misuse)

    def notices(self) -> tuple[KindCount, ...]:
        """What works or fails as documented and deserves a look, by kind."""
        return _counts(self._notices)

    def _on_initialized(self, event: PackageInitialized) -> None:
        self._packages[event.package] = PackageSummary(event.package, "loaded", "")
        self.last_ns = event.time_ns

    def _on_disabled(self, event: PackageDisabled) -> None:
        during = f" (call {event.call})" if event.call is not None else ""
        reason = f"{event.entry_point} raised {event.reason}{during}"
        self._packages[event.package] = PackageSummary(event.package, "disabled", reason)
        self.last_ns = event.time_ns

    def _on_refused(self, event: PackageRefused) -> None:
        reason = f"{event.stage}: {NTSTATUS(event.status).name}: {event.reason}"
        self._packages[event.package] = PackageSummary(event.package, "refused", reason)
        self.last_ns = event.time_ns

    def _on_block_leaked(self, event: BlockLeaked) -> None:
        self._leak(event.allocated, event.heap, event.size)

    def _on_section_leaked(self, event: SectionLeaked) -> None:
        self._leak(event.created, "sections", event.max_size)

    def _on_account_leaked(self, event: AccountHandleLeaked) -> None:
        self._leak(event.opened, "handles", 0)

    def _on_session_leaked(self, event: LogonSessionLeaked) -> None:
        self._leak(event.created, "logon sessions", LOGON_SESSION_SIZE)

    def _on_handle_leaked(self, event: HandleLeaked) -> None:
        self._leak(event.opened, "handles", 0)

    def _on_credential_leaked(self, event: CredentialLeaked) -> None:
        self._leak(event.stored, "credentials", 0)

    def _leak(self, made: Origin, where: str, size: int) -> None:
        count, total, first = self._leaks.get((made.package, where), (0, 0, made))
        self._leaks[made.package, where] = (count + 1, total + size, first)

    def _on_violation(self, event: AccessViolated) -> None:
        if event.origin.package:
            self.access_violations += 1
        else:
            self.client_access_violations += 1

    def _on_misuse(self, event: Event) -> None:
        _count(self._misuse, event)

    def _on_notice(self, event: Event) -> None:
        _count(self._notices, event)


def _count(counts: dict[str, tuple[int, str]], event: Event) -> None:
    kind = type(event).__name__
    count, example = counts.get(kind) or (0, describe(event).strip())
    counts[kind] = (count + 1, example)


def _counts(counts: dict[str, tuple[int, str]]) -> tuple[KindCount, ...]:
    return tuple(KindCount(kind, count, example) for kind, (count, example) in sorted(counts.items()))
