"""What clients do in a run: when they call, how long they wait, which package and operation they choose."""

from __future__ import annotations

from typing import Any

import pytest
from runs import MILLISECOND, Package, Shared, Slow, calls_of, scenario

import lsart
from lsart import Scenario
from lsart.stress import ClientGroup, LsaSetup, Operation

pytestmark = [
    pytest.mark.filterwarnings("ignore::lsart.ContentionWarning"),
    pytest.mark.filterwarnings("ignore::lsart.ExhaustionWarning"),
]


def test_a_closed_loop_thinks_after_each_reply() -> None:
    _, started, _ = calls_of(scenario(Slow, think_time="2ms", calls=4))
    assert [each.time_ns // MILLISECOND for each in started] == [0, 5, 10, 15]


def test_an_open_loop_does_not_wait_for_replies() -> None:
    _, started, finished = calls_of(scenario(Slow, arrivals="1000/s", calls=5, count=2))
    assert [each.time_ns for each in started] == [number * MILLISECOND for number in range(5)]
    assert [each.time_ns for each in finished] == [(number + 3) * MILLISECOND for number in range(5)]
    assert [each.client for each in started] == ["client-1", "client-2", "client-1", "client-2", "client-1"]


def test_a_burst_arrives_at_one_instant() -> None:
    _, started, _ = calls_of(scenario(Package, arrivals="burst(10 every 7ms)", duration="15ms", calls=None))
    assert [each.time_ns for each in started] == [0] * 10 + [7 * MILLISECOND] * 10 + [14 * MILLISECOND] * 10


def test_duration_ends_new_calls_but_not_running_ones() -> None:
    result, started, finished = calls_of(scenario(Slow, think_time="1ms", duration="9ms", calls=None))
    assert [each.time_ns // MILLISECOND for each in started] == [0, 4, 8]
    assert finished[-1].time_ns == 11 * MILLISECOND
    assert result.summary.calls_lost == 0


def test_clients_can_begin_apart() -> None:
    _, started, _ = calls_of(scenario(Package, count=3, calls=1, start="2ms apart"))
    assert [(each.client, each.time_ns // MILLISECOND) for each in started] == [
        ("client-1", 0),
        ("client-2", 2),
        ("client-3", 4),
    ]


def test_a_client_without_patience_leaves_its_call_to_the_worker() -> None:
    result, started, finished = calls_of(scenario(Slow, patience="1ms", think_time="10ms"))
    # Gone after 1 ms, thinking for 10 ms: yet each call runs its 3 ms and is counted, delivered to nobody.
    assert [each.time_ns // MILLISECOND for each in started] == [0, 11, 22]
    assert [each.latency_ns for each in finished] == [3 * MILLISECOND] * 3
    assert [each.delivered for each in finished] == [False] * 3
    summary = result.summary
    assert (summary.calls_finished, summary.calls_delivered, summary.calls_lost) == (3, 0, 0)
    assert (result.exit_code, result.problems) == (0, ())


def test_patience_that_suffices_changes_nothing() -> None:
    _, _, finished = calls_of(scenario(Slow, patience="4ms"))
    assert [each.delivered for each in finished] == [True] * 3


def test_operations_come_in_proportion_to_their_weights() -> None:
    operations = tuple(
        Operation(name=name, weight=weight, size="16B") for name, weight in (("put", 6), ("get", 3), ("drop", 1))
    )
    setup = LsaSetup(packages=("ticketcache",))
    groups = (ClientGroup(count=20, calls=100, think_time="1ms", start="within 1ms", operations=operations),)
    summary = lsart.stress(Scenario(lsa=setup, clients=groups)).summary
    shares = {
        name: sum(each.count for each in summary.by_status if each.operation == name) / 2000
        for name in ("put", "get", "drop")
    }
    assert shares == pytest.approx({"put": 0.6, "get": 0.3, "drop": 0.1}, abs=0.03)


def test_trusted_clients_call_the_other_entry_point() -> None:
    class Trusting(Package):
        async def LsaApCallPackage(self, *args: Any) -> None:
            raise lsart.StatusError(lsart.STATUS_NOT_SUPPORTED)

    (count,) = lsart.stress(scenario(Trusting, trusted=True)).summary.by_status
    assert count.status == "STATUS_NOT_SUPPORTED"


def test_clients_can_have_the_section_mapped() -> None:
    bus = lsart.Bus()
    seen: list[tuple[str, str]] = []
    bus.subscribe(lambda event: seen.append((event.section, event.space)), lsart.events.SectionMapped)
    lsart.stress(scenario(Shared, count=2, map_section=True), bus=bus)
    assert sorted(seen) == [("section-1", "client-1"), ("section-1", "client-2")]


def test_groups_can_call_different_packages() -> None:
    whole = Scenario(
        lsa=LsaSetup(packages=("minimal", "ticketcache")),
        clients=(
            ClientGroup(name="a", calls=2, operations=(Operation(name="echo"),)),
            ClientGroup(name="b", package="ticketcache", calls=2, operations=(Operation(name="get"),)),
        ),
    )
    _, started, _ = calls_of(whole)
    assert {(each.client, each.package) for each in started} == {("a-1", "minimal"), ("b-1", "ticketcache")}


def test_a_group_that_calls_a_package_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(lsart.ScenarioError, match=r"\$\.clients\[0\]\.package: .*did you mean 'minimal'\?"):
        lsart.stress(Scenario(lsa=LsaSetup(packages=("minimal",)), clients=(ClientGroup(calls=1, package="minimall"),)))
