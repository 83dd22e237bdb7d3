"""Events that are waited for: one signal, one wait."""

from __future__ import annotations

from lsart.security import WaitEvent


def test_each_signal_ends_the_wait_of_the_first_who_came() -> None:
    event, ended = WaitEvent(), list[str]()
    for name in ("first", "second"):
        event.wait(lambda name=name: ended.append(name))  # type: ignore[misc]
    event.set()
    assert (ended, event.is_set) == (["first"], False)
    event.set()
    assert (ended, event.is_set) == (["first", "second"], False)


def test_a_signal_that_nobody_waits_for_ends_the_next_wait_and_signals_do_not_add_up() -> None:
    event, ended = WaitEvent(), list[int]()
    event.set()
    event.set()
    for number in (1, 2):
        event.wait(lambda number=number: ended.append(number))  # type: ignore[misc]
    assert (ended, event.is_set) == ([1], False)


def test_one_that_waits_no_longer_is_passed_over() -> None:
    event, ended = WaitEvent(), list[str]()

    def gone() -> None:
        ended.append("gone")

    event.wait(gone)
    event.wait(lambda: ended.append("here"))
    event.forget(gone)
    event.forget(gone)
    event.set()
    assert ended == ["here"]
