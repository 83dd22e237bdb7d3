"""Every alternative that Choices offers for the LSA heap and the private heap changes what somebody can see."""

from __future__ import annotations

from typing import Any

import pytest
from scenes import (
    CONTENTS,
    FOREIGN,
    TWICE,
    alignment,
    contents,
    double_free,
    foreign_free,
    lsa_heap,
    null_free,
    outcomes,
    private_heap,
    values_of,
    zero_length,
)

import lsart
from lsart.contract import (
    Choices,
    FunctionTable,
    Pointer,
)
from lsart.events import (
    Event,
    OutputNotFromHeap,
)


@pytest.mark.choice("lsa_heap_zero_length", "null")
def test_no_bytes_of_the_lsa_heap_are_the_smallest_block_or_null() -> None:
    assert outcomes("lsa_heap_zero_length", zero_length(lsa_heap)) == {"smallest_block": True, "null": False}


@pytest.mark.choice("lsa_heap_alignment", "8")
def test_neighbours_in_the_lsa_heap_are_as_far_apart_as_the_alignment() -> None:
    assert outcomes("lsa_heap_alignment", alignment(lsa_heap)) == {16: 16, 8: 8}


@pytest.mark.choice("lsa_heap_contents", "zero")
@pytest.mark.choice("lsa_heap_contents", "pattern")
def test_a_block_of_the_lsa_heap_shows_what_was_left_or_zeros_or_a_fill() -> None:
    assert outcomes("lsa_heap_contents", contents(lsa_heap)) == CONTENTS


@pytest.mark.choice("lsa_heap_double_free", "terminate")
def test_a_second_free_of_an_lsa_heap_block_is_told_or_ends_lsass() -> None:
    assert outcomes("lsa_heap_double_free", double_free(lsa_heap)) == TWICE


@pytest.mark.choice("lsa_heap_foreign_free", "terminate")
def test_a_foreign_pointer_freed_into_the_lsa_heap_is_told_or_ends_lsass() -> None:
    assert outcomes("lsa_heap_foreign_free", foreign_free(lsa_heap)) == FOREIGN


@pytest.mark.choice("lsa_heap_free_null", "report")
def test_null_freed_into_the_lsa_heap_is_nothing_or_told() -> None:
    assert outcomes("lsa_heap_free_null", null_free(lsa_heap)) == {"ignore": (0, 0), "report": (1, 0)}


class Named:
    """An authentication package whose name does not lie in the heap that LSA frees it from."""

    async def LsaApInitializePackage(
        self, package_id: int, table: FunctionTable, database: None, confidentiality: None
    ) -> Pointer:
        block = await table.AllocateLsaHeap(100)
        assert block is not None
        return block + 16

    async def LsaApCallPackageUntrusted(self, *call: object) -> None:
        return None


@pytest.mark.choice("lsa_heap_outputs", "unchecked")
def test_an_output_that_is_no_heap_block_is_refused_or_let_pass() -> None:
    def scenario(outputs: Any) -> tuple[list[str], int]:
        events: list[Event] = []

        async def main() -> list[str]:
            bus = lsart.Bus()
            bus.subscribe(events.append)
            settings = lsart.LsaSettings(choices=Choices(lsa_heap_outputs=outputs))
            async with lsart.open_lsa(Named(), settings=settings, bus=bus) as lsa:
                return [each.key for each in lsa.packages]

        packages = lsart.run(main, seed=0)
        return packages, len([each for each in events if isinstance(each, OutputNotFromHeap)])

    assert {value: scenario(value) for value in values_of("lsa_heap_outputs")} == {
        "checked": ([], 1),
        "unchecked": (["named"], 0),
    }


@pytest.mark.choice("private_heap_zero_length", "null")
def test_no_bytes_of_the_private_heap_are_the_smallest_block_or_null() -> None:
    assert outcomes("private_heap_zero_length", zero_length(private_heap)) == {"smallest_block": True, "null": False}


@pytest.mark.choice("private_heap_alignment", "8")
def test_neighbours_in_the_private_heap_are_as_far_apart_as_the_alignment() -> None:
    assert outcomes("private_heap_alignment", alignment(private_heap)) == {16: 16, 8: 8}


@pytest.mark.choice("private_heap_contents", "zero")
@pytest.mark.choice("private_heap_contents", "pattern")
def test_a_block_of_the_private_heap_shows_what_was_left_or_zeros_or_a_fill() -> None:
    assert outcomes("private_heap_contents", contents(private_heap)) == CONTENTS


@pytest.mark.choice("private_heap_double_free", "terminate")
def test_a_second_free_of_a_private_heap_block_is_told_or_ends_lsass() -> None:
    assert outcomes("private_heap_double_free", double_free(private_heap)) == TWICE


@pytest.mark.choice("private_heap_foreign_free", "terminate")
def test_a_foreign_pointer_freed_into_the_private_heap_is_told_or_ends_lsass() -> None:
    assert outcomes("private_heap_foreign_free", foreign_free(private_heap)) == FOREIGN


@pytest.mark.choice("private_heap_free_null", "report")
def test_null_freed_into_the_private_heap_is_nothing_or_told() -> None:
    assert outcomes("private_heap_free_null", null_free(private_heap)) == {"ignore": (0, 0), "report": (1, 0)}
