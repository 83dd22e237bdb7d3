"""Handles of credentials and contexts of two processes: nobody reaches what is another's, whatever words are tried."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lsart.contract import SecHandle
from lsart.security import SecureHandles

PROCESSES = ("alice", "bob")
KINDS = ("credential", "context")
TABLES = st.sampled_from([(process, kind) for process in PROCESSES for kind in KINDS])
WORDS = st.integers(0, 2**64 - 1)


class Handles(RuleBasedStateMachine):
    """The model: what each handle names, in which table; and every handle that was ever given there."""

    @initialize(seed=st.integers(0, 1000))
    def start(self, seed: int) -> None:
        self.tables: dict[tuple[str, str], SecureHandles[int]] = {
            (process, kind): SecureHandles(kind, random.Random(f"{seed}{process}{kind}").randbytes(16))
            for process in PROCESSES
            for kind in KINDS
        }
        self.live: dict[tuple[str, str], dict[SecHandle, int]] = {each: {} for each in self.tables}
        self.given: dict[tuple[str, str], set[SecHandle]] = {each: set() for each in self.tables}
        self.count = 0

    def pick(self, number: int) -> SecHandle | None:
        """One of all handles that anybody was ever given."""
        everything = sorted((each for table in self.given.values() for each in table), key=lambda each: each.upper)
        return everything[number % len(everything)] if everything else None

    @rule(table=TABLES)
    def open(self, table: tuple[str, str]) -> None:
        self.count += 1
        handle = self.tables[table].open(self.count)
        assert all(handle not in each for each in self.given.values())
        self.live[table][handle] = self.count
        self.given[table].add(handle)

    @rule(table=TABLES, number=st.integers(0, 50))
    def close(self, table: tuple[str, str], number: int) -> None:
        handle = self.pick(number)
        assert self.tables[table].close(handle) == self.live[table].pop(handle, None)  # type: ignore[arg-type]  # None is none

    @rule(table=TABLES, number=st.integers(0, 50), swap=st.booleans(), lower=st.integers(-4, 4), bit=st.integers(0, 64))
    def replay(self, table: tuple[str, str], number: int, swap: bool, lower: int, bit: int) -> None:
        handle = self.pick(number)
        if handle is None:
            return
        words = (handle.upper, handle.lower) if swap else (handle.lower, handle.upper)
        tried = SecHandle((words[0] + lower) % 2**64, words[1] ^ (1 << bit if bit < 64 else 0))
        assert self.tables[table].find(tried) == self.live[table].get(tried)
        assert self.tables[table].was_given(tried) is (tried in self.given[table])

    @rule(table=TABLES, lower=WORDS, upper=WORDS)
    def guess(self, table: tuple[str, str], lower: int, upper: int) -> None:
        tried = SecHandle(lower, upper)
        assert self.tables[table].find(tried) is None
        assert not self.tables[table].was_given(tried)

    @rule(process=st.sampled_from(PROCESSES))
    def end(self, process: str) -> None:
        for kind in KINDS:
            table = self.tables[process, kind]
            assert table.close_all() == tuple(self.live[process, kind].values())
            self.live[process, kind].clear()
            assert len(table) == 0

    @invariant()
    def sound(self) -> None:
        for each, table in self.tables.items():
            assert table.check() == []
            assert list(table) == list(self.live[each])
            assert table.targets() == tuple(self.live[each].values())


TestHandles = Handles.TestCase


@pytest.mark.parametrize("bad", [None, 4, (4, 4), "handle"])
def test_what_is_no_handle_names_nothing(bad: object) -> None:
    table: SecureHandles[int] = SecureHandles("context", b"key")
    assert table.find(bad) is None
    assert table.close(bad) is None
    assert not table.was_given(bad)


@given(st.integers(1, 200))
def test_the_words_of_a_handle_say_nothing_of_the_next(count: int) -> None:
    table: SecureHandles[int] = SecureHandles("context", b"key")
    handles = [table.open(each) for each in range(count)]
    assert len({each.upper for each in handles}) == count


def test_a_table_says_what_is_wrong_with_it() -> None:
    table: SecureHandles[int] = SecureHandles("context", b"key")
    table._entries[SecHandle(4, 4)] = 1
    assert table.check() == ["context handle SecHandle(lower=4, upper=4) is open, but was never given"]
