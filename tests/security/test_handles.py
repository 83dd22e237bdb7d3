"""Handle tables: what a handle names, in which process, and until when."""

from __future__ import annotations

import pytest
from worlds import World

from lsart.contract import InternalError
from lsart.events import HandleLeaked, ResourceRefused
from lsart.memory import Resource
from lsart.security import HandleTable, KernelObject, WaitEvent


def lsass(world: World) -> HandleTable:
    return HandleTable(world.environment, world.machine)


def test_a_handle_names_its_object_until_it_is_closed_and_its_number_is_not_used_again() -> None:
    world = World()
    table, one, other = lsass(world), WaitEvent(), WaitEvent()
    first = table.open(one, world.by("CreateEvent"))
    assert first is not None
    assert first % 4 == 0
    assert table.find(first) is one
    assert table.close(first, world.now)
    assert table.find(first) is None
    assert not table.close(first, world.now)
    assert one.is_closed
    assert table.open(other, world.by("CreateEvent")) != first


def test_an_object_lives_as_long_as_any_process_has_a_handle_to_it() -> None:
    world = World()
    here, there, target = lsass(world), HandleTable(world.environment), KernelObject()
    mine = here.open(target, world.by("CreateToken"))
    assert mine is not None
    yours = here.duplicate(mine, there, world.by("DuplicateHandle"))
    assert yours is not None
    assert target.handles == 2
    here.close(mine, world.now)
    assert target.handles == 1
    there.close_all(world.now)
    assert target.is_closed
    with pytest.raises(InternalError, match="closed"):
        here.open(target, world.by())


def test_a_handle_of_another_process_is_no_handle_here() -> None:
    world = World()
    here, there = lsass(world), HandleTable(world.environment)
    handle = there.open(WaitEvent(), world.by())
    assert handle is not None
    assert here.find(handle) is None
    assert not here.close(handle, world.now)
    assert here.duplicate(handle, there, world.by()) is None
    assert len(there) == 1


def test_handles_of_lsass_are_charged_and_those_of_clients_are_not() -> None:
    world = World(handles=1)
    table = lsass(world)
    handle = table.open(WaitEvent(), world.by())
    assert handle is not None
    assert world.machine.in_use(Resource.HANDLES) == 1
    spare = WaitEvent()
    assert table.open(spare, world.by()) is None
    assert spare.handles == 0
    assert world.last(ResourceRefused).resource == "handles"
    assert HandleTable(world.environment).open(spare, world.by()) is not None
    table.close(handle, world.now)
    assert world.machine.in_use(Resource.HANDLES) == 0


def test_what_a_package_leaves_open_is_told_and_closed() -> None:
    world = World()
    table = lsass(world)
    left = table.open(WaitEvent(), world.by("CreateEvent"))
    kept = table.open(WaitEvent(), world.by("CreateEvent", package="other"))
    table.release_package("cache", world.now)
    told = world.told(HandleLeaked)
    assert [(each.handle, each.kind, each.opened.package) for each in told] == [(left, "event", "cache")]
    assert list(table) == [kept]
    assert table.check() == []


def test_a_reserved_number_is_charged_names_nothing_and_goes_back_by_its_own_way() -> None:
    world = World(handles=2)
    table = lsass(world)
    number, handle = table.reserve(world.by()), table.open(KernelObject(), world.by())
    assert number is not None
    assert number != handle
    assert (len(table), table.due(), world.machine.in_use(Resource.HANDLES)) == (1, 2, 2)
    assert table.find(number) is None
    assert not table.close(number, world.now)
    assert table.reserve(world.by()) is None
    table.release_package("cache", world.now)
    assert [each.handle for each in world.told(HandleLeaked)] == [handle], "who reserved a number tells of it"
    assert (table.due(), world.machine.in_use(Resource.HANDLES)) == (1, 1)
    table.give_back(number)
    assert (table.due(), world.machine.in_use(Resource.HANDLES)) == (0, 0)
    with pytest.raises(InternalError, match="reserved"):
        table.give_back(number)


def test_null_names_nothing() -> None:
    assert lsass(World()).find(None) is None
