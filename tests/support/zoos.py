"""What the tests of the zoo stand on: how each defect is made to strike, and what is told when it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from lsart_packages.zoo._manifest import ZOO
from lsas import Log

import lsart
from lsart.events import (
    AccessViolated,
    BlockLeaked,
    CredentialLeaked,
    Event,
    FaultContained,
    ForeignFree,
    HandleLeaked,
    ImpersonationLeft,
    LockOrphaned,
    LogonSessionLeaked,
    MisuseEvent,
    Origin,
    OutputNotFromHeap,
    PackageDisabled,
    SectionLeaked,
    SlotCalled,
    SlotMisused,
    WrongPair,
)

__all__ = ["HARM", "Drive", "assert_harmless", "assert_harms", "class_of", "driven", "ends_of", "source_of"]

HARM: tuple[type[Event], ...] = (
    AccessViolated,
    BlockLeaked,
    CredentialLeaked,
    FaultContained,
    HandleLeaked,
    ImpersonationLeft,
    LockOrphaned,
    LogonSessionLeaked,
    MisuseEvent,
    OutputNotFromHeap,
    PackageDisabled,
    SectionLeaked,
    SlotMisused,
)
"""What a package without a defect is never the cause of."""

CONSEQUENCES: dict[type[Event], tuple[type[Event], ...]] = {
    ForeignFree: (BlockLeaked,),
    HandleLeaked: (LogonSessionLeaked,),
    OutputNotFromHeap: (BlockLeaked,),
    PackageDisabled: (BlockLeaked, SectionLeaked),
    SectionLeaked: (BlockLeaked,),
    WrongPair: (BlockLeaked,),
}
"""What follows, and is no other defect: what was not freed is left, and so is what a package holds that is out."""

Drive = Callable[[lsart.Lsa, str], Awaitable[Any]]
"""Does with a running LSA, and the name of the package, what makes the defect strike."""


def source_of(name: str, is_twin: bool) -> str:
    """The package, or its twin, as `open_lsa` takes it."""
    return f"lsart_packages.zoo.{name}{'.fixed' if is_twin else ''}:{class_of(name)}"


def class_of(name: str) -> str:
    """The name of the package's class, which its twin's has too."""
    return "".join(each.capitalize() for each in name.split("_"))


def driven(
    name: str, drive: Drive, *, is_twin: bool, settings: lsart.LsaSettings | None = None
) -> tuple[list[Event], Any]:
    """Everything that is told of a package under a driver, its unloading included, and what the driver returned."""
    log = Log()
    settings = settings or lsart.LsaSettings(watchdog=None)

    async def main() -> Any:
        async with lsart.open_lsa(source_of(name, is_twin), settings=settings, bus=log.bus) as lsa:
            result = await drive(lsa, name)
            assert lsa.check() == []
            return result

    result = lsart.run(main, seed=0)
    return log.events, result


def assert_harms(name: str, drive: Drive, event: type[Event], settings: lsart.LsaSettings | None = None) -> None:
    """The defect makes itself known by one kind of event alone, which names the functions that the manifest does"""
    events, _ = driven(name, drive, is_twin=False, settings=settings)
    harm = [each for each in events if isinstance(each, HARM)]
    assert {type(each) for each in harm} <= {event, *CONSEQUENCES.get(event, ())}
    first = next(each for each in harm if isinstance(each, event))
    entry = next(each for each in ZOO if each.name == name)
    assert entry.shows == event.__name__
    slots = [each.slot for each in events[: events.index(first)] if isinstance(each, SlotCalled)]
    assert (ends_of(first) or {slots[-1]}) == set(entry.functions)


def assert_harmless(name: str, drive: Drive, settings: lsart.LsaSettings | None = None) -> None:
    """The twin does nothing that is told as harm."""
    events, _ = driven(name, drive, is_twin=True, settings=settings)
    assert [each for each in events if isinstance(each, HARM)] == []


def ends_of(event: Event) -> set[str]:
    """The functions that an event names."""
    values = [getattr(event, each.name) for each in attrs.fields(type(event))]
    return {each.function for each in values if isinstance(each, Origin)}
