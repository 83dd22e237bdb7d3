"""How `Choices` make the heaps of LSASS differ."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from lsart.contract import Choices
from lsart.memory._heap import HeapKind

__all__ = ["credential_buffer_kind", "heap_kind", "process_heap_kind", "return_buffer_kind", "section_kind"]


def section_kind(choices: Choices) -> HeapKind:
    """How blocks of a section behave under these choices."""
    return HeapKind(
        allocates="AllocateSharedMemory",
        frees="FreeSharedMemory",
        zero_size=choices.shared_zero_size,
        alignment=choices.shared_alignment,
        fresh=choices.shared_fresh_contents,
        recycled=choices.shared_recycled_contents,
        double_free=choices.shared_double_free,
        foreign_free=choices.shared_foreign_free,
        free_null=choices.shared_free_null,
        grows=choices.section_growth == "on_demand",
    )


def heap_kind(choices: Choices, heap: Literal["lsa_heap", "private_heap"]) -> HeapKind:
    """How blocks of the LSA heap or of the private heap behave under these choices."""

    def chosen(question: str) -> Any:
        return getattr(choices, f"{heap}_{question}")

    function = "LsaHeap" if heap == "lsa_heap" else "PrivateHeap"
    return HeapKind(
        allocates=f"Allocate{function}",
        frees=f"Free{function}",
        zero_size=chosen("zero_length"),
        alignment=chosen("alignment"),
        fresh="pattern" if chosen("contents") == "pattern" else "zero",
        recycled=chosen("contents"),
        double_free=chosen("double_free"),
        foreign_free=chosen("foreign_free"),
        free_null=chosen("free_null"),
    )


def return_buffer_kind(choices: Choices) -> HeapKind:
    """How the buffers behave that LSA returns to packages: as blocks of the LSA heap, whose function type the one that
    frees them has (FRB-4), but paired with that function. A length of zero may be refused, but by the slot."""
    kind = heap_kind(choices, "lsa_heap")
    return attrs.evolve(kind, allocates="CallPackage", frees="FreeReturnBuffer", zero_size="smallest_block")


def credential_buffer_kind(choices: Choices) -> HeapKind:
    """How credentials behave that the credential manager gave out: as blocks of the LSA heap, but paired with a
    function of their own (CRD-3, CRC-3)."""
    kind = heap_kind(choices, "lsa_heap")
    return attrs.evolve(kind, allocates="CrediRead", frees="CrediFreeCredentials", zero_size="smallest_block")


def process_heap_kind(choices: Choices) -> HeapKind:
    """How blocks behave that the user-mode half of a package allocates in a client process."""
    return HeapKind(
        allocates="AllocateHeap",
        frees="FreeHeap or FreeContextBuffer",
        zero_size=choices.client_heap_zero_length,
        alignment=choices.client_heap_alignment,
        fresh="pattern" if choices.client_heap_contents == "pattern" else "zero",
        recycled=choices.client_heap_contents,
    )
