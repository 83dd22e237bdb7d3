"""How an LSA is set up, and what its work costs in virtual time."""

from __future__ import annotations

import os

import attrs

from lsart.contract import QUOTA_LIMITS, SECPKG_PARAMETERS, Choices
from lsart.memory import MachineLimits
from lsart.security import PRIVILEGES, Accounts, read_accounts

__all__ = ["Costs", "LsaSettings"]


@attrs.frozen(kw_only=True)
class Costs:
    """What things cost, in nanoseconds of virtual time. On the real clock things cost what they cost.

    No page states a cost. The defaults are our assumption, of the order that is measured on desktop machines:

    Args:
        heap_lock: how long one allocation or free holds the section's heap lock. A heap operation under a lock is a
            few hundred nanoseconds.
        commit_page: backing one 4 KiB page for the first time, a demand-zero fault: about half a microsecond.
        create_section: creating and mapping a section object: tens of microseconds.
    """

    heap_lock: int = 300
    commit_page: int = 500
    create_section: int = 30_000

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Costs):
            if getattr(self, field.name) < 0:
                raise ValueError(f"Costs({field.name}={getattr(self, field.name)}): a cost cannot be negative")


_QUOTAS = QUOTA_LIMITS(
    paged_pool_limit=32 << 20,
    non_paged_pool_limit=1 << 20,
    minimum_working_set_size=50 << 12,
    maximum_working_set_size=345 << 12,
    pagefile_limit=1 << 30,
)


def _accounts(given: Accounts | str | os.PathLike[str]) -> Accounts:
    return given if isinstance(given, Accounts) else read_accounts(given)


@attrs.frozen(kw_only=True)
class LsaSettings:
    """Everything that decides how an LSA behaves, besides the seed.

    Args:
        machine: how much there is of everything. choices: what happens where no page says.
        costs: virtual time that work takes. parameters: what SpInitialize is told of the machine.
        workers: calls served at once; None for no limit. LSASS's own limit is not public, 64 is our assumption.
        grace: nanoseconds that calls in flight, and each SpShutdown, get at shutdown before they are cancelled.
        watchdog: real seconds a package may hold the event loop before it is named in the log; None for never.
        contain_faults: whether a package that raises an exception stays in use, so that one bad call need not end a
            long run. LSASS disables it.
        torn_writes: whether a write to shared bytes of more than 8 is two, with others in between.
        quotas: what a process may use that runs by the token of a logon; no page states a value, so that is assumed.
        lsass_privileges: names of the privileges that LSASS holds; all of them unless given.
        accounts: who may log on, or the file that says so (see `lsart.security.read_accounts`); nobody unless given.
    """

    machine: MachineLimits = attrs.field(factory=MachineLimits)
    choices: Choices = attrs.field(factory=Choices)
    costs: Costs = attrs.field(factory=Costs)
    parameters: SECPKG_PARAMETERS = attrs.field(factory=SECPKG_PARAMETERS)
    workers: int | None = 64
    grace: int = 5_000_000_000
    watchdog: float | None = 5.0
    contain_faults: bool = False
    torn_writes: bool = False
    quotas: QUOTA_LIMITS = _QUOTAS
    lsass_privileges: frozenset[str] = frozenset(PRIVILEGES)
    accounts: Accounts = attrs.field(factory=Accounts, converter=_accounts)

    def __attrs_post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"LsaSettings(workers={self.workers}): at least one worker, or None for no limit")
        unknown = sorted(self.lsass_privileges - PRIVILEGES.keys())
        if unknown:
            raise ValueError(f"LsaSettings(lsass_privileges): {', '.join(unknown)}: no privilege has that name")
        if self.grace < 0:
            raise ValueError(f"LsaSettings(grace={self.grace}): nanoseconds cannot be negative")
