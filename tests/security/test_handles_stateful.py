"""Handle tables of three processes against plain dictionaries."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from worlds import World

from lsart.contract import InternalError
from lsart.memory import Resource
from lsart.security import HandleTable, KernelObject


class Counted(KernelObject):
    """An object that knows how often it went."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = 0

    def last_handle_closed(self, time_ns: int) -> None:
        self.gone += 1


PROCESSES = st.sampled_from(["lsass", "alice", "bob"])
LIMIT = 5
NUMBERS = st.integers(1, 5)  # few, so that most name something


class Handles(RuleBasedStateMachine):
    """The model: which number names which object in which process. An object goes once, with its last handle, and no
    handle ever leads to it again."""

    @initialize()
    def start(self) -> None:
        self.world = World(handles=LIMIT)
        self.tables = {
            "lsass": HandleTable(self.world.environment, self.world.machine),
            "alice": HandleTable(self.world.environment),
            "bob": HandleTable(self.world.environment),
        }
        self.model: dict[tuple[str, int], KernelObject] = {}
        self.objects: list[Counted] = []
        self.opened: list[Counted] = []  # those that somebody had a handle to
        self.numbers: set[tuple[str, int]] = set()
        self.reserved: list[tuple[str, int]] = []

    def took(self, process: str, handle: int | None, target: KernelObject) -> None:
        if handle is None:
            assert process == "lsass"
            assert self.charged("lsass") == LIMIT
            return
        assert (process, handle) not in self.numbers, "a number is used once"
        self.numbers.add((process, handle))
        self.model[process, handle] = target
        if isinstance(target, Counted) and target not in self.opened:
            self.opened.append(target)

    def count(self, process: str) -> int:
        return sum(each == process for each, _ in self.model)

    def charged(self, process: str) -> int:
        return self.count(process) + sum(each == process for each, _ in self.reserved)

    @rule(process=PROCESSES)
    def reserve(self, process: str) -> None:
        number = self.tables[process].reserve(self.world.by())
        if number is None:
            assert process == "lsass"
            assert self.charged("lsass") == LIMIT
            return
        assert (process, number) not in self.numbers, "a number is used once"
        self.numbers.add((process, number))
        self.reserved.append((process, number))

    @rule(index=st.integers(0, 20))
    def give_back(self, index: int) -> None:
        if self.reserved:
            process, number = self.reserved.pop(index % len(self.reserved))
            self.tables[process].give_back(number)

    @rule(process=PROCESSES)
    def open(self, process: str) -> None:
        target = Counted()
        self.objects.append(target)
        self.took(process, self.tables[process].open(target, self.world.by()), target)

    @rule(source=PROCESSES, into=PROCESSES, number=NUMBERS)
    def duplicate(self, source: str, into: str, number: int) -> None:
        handle = self.tables[source].duplicate(4 * number, self.tables[into], self.world.by())
        target = self.model.get((source, 4 * number))
        if target is None:
            assert handle is None
        else:
            self.took(into, handle, target)

    @rule(process=PROCESSES, number=NUMBERS)
    def close(self, process: str, number: int) -> None:
        expected = self.model.pop((process, 4 * number), None) is not None
        assert self.tables[process].close(4 * number, self.world.now) is expected

    @rule(process=PROCESSES)
    def die(self, process: str) -> None:
        self.tables[process].close_all(self.world.now)
        self.model = {key: target for key, target in self.model.items() if key[0] != process}
        self.reserved = [each for each in self.reserved if each[0] != process]

    @rule(process=PROCESSES, index=st.integers(0, 20))
    def reopen(self, process: str, index: int) -> None:
        """What has gone stays gone, whoever still knows it."""
        gone = [each for each in self.opened if each.is_closed]
        full = process == "lsass" and self.charged("lsass") == LIMIT
        if gone and not full:
            before = self.charged(process)
            with pytest.raises(InternalError, match="is closed"):
                self.tables[process].open(gone[index % len(gone)], self.world.by())
            assert self.tables[process].due() in (0, before), "nothing is charged for it"

    @rule(package=st.sampled_from(["cache", "other"]))
    def unload(self, package: str) -> None:
        """Everything was opened for "cache"."""
        self.tables["lsass"].release_package(package, self.world.now)
        if package == "cache":
            self.model = {key: target for key, target in self.model.items() if key[0] != "lsass"}

    @invariant()
    def counts_are_those_of_the_model(self) -> None:
        if not hasattr(self, "world"):
            return
        for target in self.objects:
            named = sum(each is target for each in self.model.values())
            assert target.handles == named
            assert target.gone == (target in self.opened and not named), "once, with the last handle"
            assert target.is_closed is bool(target.gone)
        assert self.world.machine.in_use(Resource.HANDLES) == self.charged("lsass") == self.tables["lsass"].due()
        for process, table in self.tables.items():
            assert {each: table.find(each) for each in table} == {
                number: target for (owner, number), target in self.model.items() if owner == process
            }
            assert table.check() == []


TestHandles = Handles.TestCase
