"""Exhaustion: each cause is told apart, once, with who used it up when it ran out."""

from __future__ import annotations

import pytest
from stories import Story, in_call

from lsart.events import Cause, Origin, SectionDeleted, SectionGrew
from lsart.watch import RefusalCount


def by_client(client: str, call: int = 1, package: str = "cache") -> Origin:
    return in_call(call, client, package=package)


SOMEBODY = by_client("alice")


@pytest.mark.parametrize("cause", ["maximum size reached", "fragmented", "growth switched off"])
def test_a_heap_that_is_out_of_room_is_told_once_under_its_cause(cause: Cause) -> None:
    story = Story()
    story.now = 5000
    story.refuse(cause, SOMEBODY)
    story.now = 9000
    story.refuse(cause, by_client("bob"))
    warning = story.warnings[cause, "section-1"]
    assert (warning.category, warning.first_ns, warning.count) == ("exhaustion", 5000, 2)
    assert "1.95 KiB refused to alice (call 1)" in warning.message
    assert len(story.raised) == 1
    assert story.raised[0].message.endswith(f"Remedy: {warning.remedy}.")
    assert story.summary.exhaustions == 2


def test_causes_and_heaps_are_told_apart() -> None:
    story = Story()
    story.refuse("fragmented", SOMEBODY)
    story.refuse("maximum size reached", SOMEBODY)
    story.refuse("fragmented", SOMEBODY, heap="section-2")
    assert list(story.warnings) == [
        ("fragmented", "section-1"),
        ("maximum size reached", "section-1"),
        ("fragmented", "section-2"),
    ]


@pytest.mark.parametrize("cause", ["bad section", "bad size"])
def test_a_request_that_was_wrong_is_counted_and_exhausts_nothing(cause: Cause) -> None:
    story = Story()
    story.refuse(cause, SOMEBODY, heap="section-1")
    assert story.warnings == {}
    assert story.summary.refusals_total == 1


def test_the_worst_offender_holds_most_live_bytes_at_the_first_refusal() -> None:
    story = Story()
    alice, bob = by_client("alice", 1), by_client("bob", 2)
    story.block(0x1000, 9000, alice)
    story.block(0x4000, 3000, bob)
    story.block(0x5000, 3000, bob)
    story.block(0x9000, 50_000, alice, heap="section-2")  # another section is another matter
    story.free(0x1000, 9000, bob)  # whoever frees it, it was alice's
    story.block(0x6000, 2000, alice)
    story.refuse("maximum size reached", by_client("carol", 3))
    story.block(0x7000, 90_000, alice)  # too late to be to blame
    story.refuse("maximum size reached", by_client("carol", 4))
    worst = story.warnings["maximum size reached", "section-1"].worst_offender
    assert worst == "bob of cache: 5.86 KiB in 2 of 3 live blocks, 75.0 %"


def test_blocks_that_a_package_made_by_itself_are_its_own() -> None:
    story = Story()
    story.block(0x1000, 9000, Origin("cache", None, "", "AllocateSharedMemory", 0))
    story.refuse("fragmented", SOMEBODY)
    assert story.warnings["fragmented", "section-1"].worst_offender == "cache: 8.79 KiB in 1 of 1 live block, 100 %"


def test_without_a_live_block_the_asking_package_is_named() -> None:
    story = Story()
    story.refuse("maximum size reached", SOMEBODY)
    assert story.warnings["maximum size reached", "section-1"].worst_offender == "cache"


def test_a_deleted_section_takes_its_blocks_along() -> None:
    story = Story()
    story.section("section-1", SOMEBODY)
    story.block(0x1000, 9000, SOMEBODY)
    story.tell(SectionDeleted(time_ns=1, section="section-1", live_blocks=1, views=0, origin=SOMEBODY))
    story.refuse("maximum size reached", SOMEBODY)
    assert story.warnings["maximum size reached", "section-1"].worst_offender == "cache"
    assert (story.summary.section_totals.created, story.summary.section_totals.deleted) == (1, 1)


def test_client_quotas_are_one_warning_however_many_clients_reach_theirs() -> None:
    story = Story()
    for number in range(1, 4):
        origin = in_call(number, function="AllocateClientBuffer")
        story.block(0x1000, 100, origin, heap=f"buffers of client-{number}")
        story.refuse("maximum size reached", origin, heap=f"buffers of client-{number}")
    assert list(story.warnings) == [("client quota", "reply buffers")]
    warning = story.warnings["client quota", "reply buffers"]
    assert (warning.count, warning.worst_offender) == (3, "client-1")
    assert "client_quota" in warning.remedy


def test_what_a_client_allocates_for_itself_is_its_own_affair() -> None:
    story = Story()
    origin = Origin("", None, "alice", "memory.allocate", 1)
    story.block(0x1000, 100, origin, heap="memory of alice")
    story.refuse("maximum size reached", origin, heap="memory of alice")
    assert list(story.warnings) == []


@pytest.mark.parametrize(
    ("resource", "cause", "advice"),
    [
        ("commit limit", "machine commit limit", "[machine] commit"),
        ("paged pool", "paged pool", "[machine] paged_pool"),
        ("handles", "handles", "[machine] handles"),
        ("address space", "address space", "[machine] address_space"),
    ],
)
def test_a_resource_of_the_machine_is_told_with_who_has_most_of_it(resource: str, cause: str, advice: str) -> None:
    story = Story()
    story.section("section-1", by_client("alice"), max_size=1 << 20, committed=1 << 20)
    story.section("section-2", by_client("alice"), max_size=1 << 20, committed=1 << 20)
    story.section("section-3", by_client("bob", package="other"), max_size=4096, committed=4096)
    story.now = 7000
    story.refuse_resource(resource, "other")
    story.refuse_section(resource, by_client("bob", 9, package="other"))
    warning = story.warnings[cause, "machine"]
    assert (warning.first_ns, warning.count) == (7000, 1)
    assert warning.message.endswith("more wanted; first NULL for bob (call 9)")
    assert warning.worst_offender == ("cache holds 2 sections made for 1 client, 2.00 MiB committed, 2.00 MiB reserved")
    assert advice in warning.remedy
    assert story.summary.refusals == (RefusalCount("CreateSharedMemory", cause, 1),)


def test_handles_are_counted_and_not_measured_in_bytes() -> None:
    story = Story()
    story.refuse_resource("handles", in_use=2048, limit=2048)
    assert story.warnings["handles", "machine"].message.startswith("2,048 of 2,048 in use")


def test_growth_and_deletion_change_who_has_most() -> None:
    story = Story()
    story.section("section-1", by_client("alice", package="early"), committed=8192)
    story.section("section-2", by_client("bob", package="late"), committed=4096)
    grown = SectionGrew(time_ns=1, heap="section-2", committed=65536, max_size=65536, origin=SOMEBODY)
    story.tell(grown)
    story.refuse_resource("commit limit")
    assert story.warnings["machine commit limit", "machine"].worst_offender.startswith("late holds 1 section")
    story = Story()
    story.section("section-1", by_client("alice", package="early"), committed=8192)
    story.section("section-2", by_client("bob", package="late"), committed=65536)
    story.tell(SectionDeleted(time_ns=1, section="section-2", live_blocks=0, views=0, origin=SOMEBODY))
    story.refuse_resource("commit limit")
    assert story.warnings["machine commit limit", "machine"].worst_offender.startswith("early holds 1 section")


def test_a_heap_that_cannot_grow_for_lack_of_commit_is_the_machines_exhaustion() -> None:
    story = Story()
    story.refuse_resource("commit limit")
    story.refuse("machine commit limit", SOMEBODY)
    assert list(story.warnings) == [("machine commit limit", "machine")]
    assert story.summary.refusals == (RefusalCount("section-1", "machine commit limit", 1),)
    assert story.warnings["machine commit limit", "machine"].message.endswith("first NULL for alice (call 1)")


def test_the_first_null_is_not_blamed_on_a_refusal_that_came_later() -> None:
    story = Story()
    story.refuse_resource("address space", "LSA")  # a heap that could not be made: nobody's NULL follows
    story.now = 10
    story.refuse_resource("commit limit")
    story.refuse_section("commit limit", SOMEBODY)
    assert "first NULL" not in story.warnings["address space", "machine"].message
    assert story.warnings["address space", "machine"].worst_offender == "LSA"


def with_sections(count: int, clients: int) -> Story:
    story = Story()
    for number in range(count):
        story.section(f"section-{number + 1}", by_client(f"client-{number % clients}"))
    story.refuse_resource("commit limit")
    return story


@pytest.mark.parametrize(
    ("count", "clients", "is_one_each"), [(16, 16, True), (16, 8, True), (15, 15, False), (64, 31, False)]
)
def test_a_section_for_each_client_is_advised_against_in_the_words_of_the_rule(
    count: int, clients: int, is_one_each: bool
) -> None:
    warning = with_sections(count, clients).warnings["machine commit limit", "machine"]
    assert ("one section for all clients" in warning.remedy and "CSM-6" in warning.remedy) is is_one_each
    assert f"holds {count} sections made for {clients} clients" in warning.worst_offender


def test_a_limit_of_this_computer_is_not_blamed_on_the_machine() -> None:
    story = Story()
    story.refuse_section("this computer", SOMEBODY, reason="the mapping failed: too many open files")
    warning = story.warnings["this computer", "machine"]
    assert warning.message == "the mapping failed: too many open files; first NULL for alice (call 1)"
    assert "not the model's" in warning.remedy


def test_sizes_that_make_no_section_exhaust_nothing() -> None:
    story = Story()
    story.refuse_section("", SOMEBODY, reason="a section of no bytes holds nothing")
    assert story.warnings == {}
    assert story.summary.refusals == (RefusalCount("CreateSharedMemory", "bad sizes", 1),)


def test_the_budget_of_a_heap_of_lsa_is_raised_elsewhere_than_the_size_of_a_section() -> None:
    story = Story()
    story.refuse("maximum size reached", SOMEBODY, heap="lsa-heap")
    story.refuse("maximum size reached", SOMEBODY, heap="section-1")
    assert "[machine] lsa_heap" in story.warnings["maximum size reached", "lsa-heap"].remedy
    assert "MaxSize above 64.0 KiB" in story.warnings["maximum size reached", "section-1"].remedy


def test_long_lists_keep_one_warning_of_each_cause_and_say_how_many_there_were() -> None:
    story = Story()
    for number in range(40):
        story.now += 1
        story.refuse("maximum size reached", SOMEBODY, heap=f"section-{number}")
    story.now += 1
    story.refuse("fragmented", SOMEBODY)
    summary = story.summary
    assert (len(summary.warnings), summary.warnings_total, summary.exhaustions) == (16, 41, 41)
    assert summary.warnings[-1].cause == "fragmented"
    assert (len(summary.refusals), summary.refusals_total) == (16, 41)
