"""The bus: order, base classes, and listeners that break without breaking anything."""

from __future__ import annotations

import logging

import pytest

from lsart.events import BlockFreed, Bus, DoubleFree, Event, ForeignFree, MisuseEvent, Origin, PackageUnloaded

ORIGIN = Origin("cache")
UNLOADED = PackageUnloaded(time_ns=1, package="cache")
FREED = BlockFreed(time_ns=2, heap="section-1", address=16, size=16, origin=ORIGIN)
TWICE = DoubleFree(time_ns=3, heap="section-1", address=16, freed=ORIGIN, allocated=ORIGIN, freed_before=ORIGIN)
FOREIGN = ForeignFree(time_ns=4, heap="section-1", address=16, freed=ORIGIN, inside="nothing")


def test_subscribers_are_told_in_the_order_they_subscribed_whatever_they_subscribed_to() -> None:
    bus = Bus()
    told: list[str] = []
    bus.subscribe(lambda event: told.append("misuse"), MisuseEvent)
    bus.subscribe(lambda event: told.append("everything"))
    bus.subscribe(lambda event: told.append("double"), DoubleFree)
    bus.subscribe(lambda event: told.append("everything again"))
    bus.emit(TWICE)
    assert told == ["misuse", "everything", "double", "everything again"]


def test_a_base_class_stands_for_all_below_it_and_nothing_beside() -> None:
    bus = Bus()
    told: list[Event] = []
    bus.subscribe(told.append, MisuseEvent)
    for event in (UNLOADED, FREED, TWICE, FOREIGN):
        bus.emit(event)
    assert told == [TWICE, FOREIGN]


def test_several_types_are_one_subscription_and_an_event_comes_once() -> None:
    bus = Bus()
    told: list[Event] = []
    bus.subscribe(told.append, MisuseEvent, DoubleFree, PackageUnloaded, DoubleFree)
    for event in (UNLOADED, FREED, TWICE):
        bus.emit(event)
    assert told == [UNLOADED, TWICE]


def test_whoever_subscribes_later_hears_what_comes_later() -> None:
    bus = Bus()
    first: list[Event] = []
    second: list[Event] = []
    bus.subscribe(first.append)
    bus.emit(UNLOADED)
    bus.subscribe(second.append)
    bus.emit(FREED)
    assert (first, second) == ([UNLOADED, FREED], [FREED])


def test_a_cancelled_subscription_hears_nothing_more_and_may_be_cancelled_again() -> None:
    bus = Bus()
    told: list[Event] = []
    subscription = bus.subscribe(told.append, BlockFreed, MisuseEvent)
    bus.emit(FREED)
    subscription.cancel()
    subscription.cancel()
    bus.emit(FREED)
    bus.emit(TWICE)
    assert told == [FREED]
    assert not bus.wants(BlockFreed)


def test_wants_is_true_exactly_for_what_somebody_would_receive() -> None:
    bus = Bus()
    assert not bus.wants(BlockFreed)
    misuse = bus.subscribe(lambda event: None, MisuseEvent)
    assert bus.wants(DoubleFree)
    assert bus.wants(ForeignFree)
    assert not bus.wants(BlockFreed)
    everything = bus.subscribe(lambda event: None)
    assert bus.wants(BlockFreed)
    everything.cancel()
    misuse.cancel()
    assert not bus.wants(DoubleFree)


def test_a_broken_subscriber_is_logged_and_dropped_and_the_others_are_told(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    told: list[Event] = []
    calls: list[Event] = []

    def broken(event: Event) -> None:
        calls.append(event)
        raise RuntimeError("no room for this")

    bus.subscribe(broken, MisuseEvent, BlockFreed)
    bus.subscribe(told.append)
    with caplog.at_level(logging.ERROR, "lsart.events"):
        for event in (FREED, TWICE, UNLOADED):
            bus.emit(event)
    assert told == [FREED, TWICE, UNLOADED]
    assert calls == [FREED], "dropped from all its types at once"
    (record,) = caplog.records
    assert "broken" in record.getMessage()
    assert "failed on BlockFreed and is dropped" in record.getMessage()
    assert record.exc_info is not None
    assert "no room for this" in str(record.exc_info[1])


def test_what_is_no_exception_of_the_subscriber_is_not_swallowed() -> None:
    bus = Bus()

    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    bus.subscribe(interrupted)
    with pytest.raises(KeyboardInterrupt):
        bus.emit(FREED)
    assert bus.wants(BlockFreed), "it did nothing wrong"


def test_a_subscriber_may_emit_subscribe_and_cancel_while_it_is_told() -> None:
    bus = Bus()
    told: list[Event] = []

    def once(event: Event) -> None:
        subscription.cancel()
        bus.subscribe(told.append, PackageUnloaded)
        bus.emit(UNLOADED)

    subscription = bus.subscribe(once, BlockFreed)
    bus.emit(FREED)
    bus.emit(FREED)
    assert told == [UNLOADED]
