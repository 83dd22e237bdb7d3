"""Choices for the shared-memory, heap and client-buffer functions, where their pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._status import NTSTATUS

__all__ = ["Contents", "MemoryChoices", "Misuse", "ZeroSize"]

Misuse = Literal["ignore", "terminate"]
ZeroSize = Literal["smallest_block", "null"]
Contents = Literal["previous", "zero", "pattern"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_UNSUCCESSFUL = NTSTATUS(0xC0000001)
_STATUS_ACCESS_VIOLATION = NTSTATUS(0xC0000005)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)

_IGNORED = (
    "A free that cannot be honoured changes nothing and becomes an event; 'terminate' ends LSASS as corruption does."
)
_NULL_IGNORED = "The C library's free accepts NULL and so does the Windows heap; 'report' makes an event of it."
_ZERO = "The Windows heap gives a block of the smallest size; code that takes NULL for failure must not meet it here."
_ALIGNED = "Heap blocks are 16-byte aligned on 64-bit Windows, 8-byte aligned on 32-bit Windows."
_STALE = "Without HEAP_ZERO_MEMORY a heap returns what the last owner left; 'pattern' is a debugging heap's fill."


@attrs.frozen
class MemoryChoices:
    """See `Choices`."""

    # ------------------------------------------------------------------ CreateSharedMemory
    create_size_unit: Literal["bytes"] = choice(
        "bytes",
        gap="CreateSharedMemory/1",
        reason="AllocateSharedMemory counts bytes; no system is known to differ.",
    )
    initial_size_above_max: Literal["fail", "clamp"] = choice(
        "fail",
        "clamp",
        gap="CreateSharedMemory/2",
        reason="A start beyond the cap contradicts CSM-2 and CSM-3.",
    )
    zero_max_size: Literal["fail", "one_page"] = choice(
        "fail",
        "one_page",
        gap="CreateSharedMemory/2",
        reason="A section of no bytes can hold no block; NULL says so.",
    )
    zero_initial_size: Literal["nothing", "one_page"] = choice(
        "nothing",
        "one_page",
        gap="CreateSharedMemory/2",
        reason="Reserve now, commit on demand; the section still grows.",
    )
    size_rounding: Literal["page", "allocation_granularity"] = choice(
        "page",
        "allocation_granularity",
        gap="CreateSharedMemory/2",
        reason="Section sizes are rounded to 4 KiB pages; a reservation may be rounded to 64 KiB.",
    )
    usable_size: Literal["exact", "rounded"] = choice(
        "exact",
        "rounded",
        gap="CreateSharedMemory/2",
        reason="MaxSize is the cap (CSM-2) to the byte; 'rounded' lets blocks use the rest of the last page, too.",
    )
    section_growth: Literal["on_demand", "never"] = choice(
        "on_demand",
        "never",
        gap=("CreateSharedMemory/2", "AllocateSharedMemory/2"),
        reason="Two sizes have a point only if the section grows from one to the other.",
    )
    client_mapping_address: Literal["different", "same_as_lsa"] = choice(
        "different",
        "same_as_lsa",
        gap="CreateSharedMemory/3",
        reason="No page promises one address, so a pointer stored in the section must not work elsewhere.",
    )
    # ------------------------------------------------------------------ AllocateSharedMemory
    shared_zero_size: ZeroSize = choice("smallest_block", "null", gap="AllocateSharedMemory/1", reason=_ZERO)
    shared_alignment: Literal[16, 8] = choice(16, 8, gap="AllocateSharedMemory/1", reason=_ALIGNED)
    shared_fresh_contents: Literal["zero", "pattern"] = choice(
        "zero",
        "pattern",
        gap="AllocateSharedMemory/1",
        reason="Pages never used before come zeroed from the system.",
    )
    shared_recycled_contents: Contents = choice(
        "previous", "zero", "pattern", gap="AllocateSharedMemory/1", reason=_STALE
    )
    heap_lock_order: Literal["fifo", "lifo"] = choice(
        "fifo",
        "lifo",
        gap="AllocateSharedMemory/1",
        reason="One lock serialises allocation and serves the oldest waiter first. 'lifo' is the unfair extreme.",
    )
    # ------------------------------------------------------------------ FreeSharedMemory
    shared_double_free: Misuse = choice("ignore", "terminate", gap="FreeSharedMemory/1", reason=_IGNORED)
    shared_foreign_free: Misuse = choice("ignore", "terminate", gap="FreeSharedMemory/1", reason=_IGNORED)
    shared_free_null: Literal["ignore", "report"] = choice(
        "ignore", "report", gap="FreeSharedMemory/1", reason=_NULL_IGNORED
    )
    # ------------------------------------------------------------------ DeleteSharedMemory
    delete_with_live_blocks: Literal["release", "refuse"] = choice(
        "release",
        "refuse",
        gap="DeleteSharedMemory/1",
        reason="What is released is the reservation (DSM-5), blocks and all.",
    )
    delete_twice: Literal["fail", "terminate"] = choice(
        "fail", "terminate", gap="DeleteSharedMemory/1", reason="FALSE is documented for failure (DSM-4)."
    )
    delete_client_mappings: Literal["survive", "unmap"] = choice(
        "survive",
        "unmap",
        gap="DeleteSharedMemory/1",
        reason="The kernel keeps a section's pages while any process has a view of it.",
    )
    # ------------------------------------------------------------------ AllocateLsaHeap, FreeLsaHeap
    lsa_heap_zero_length: ZeroSize = choice("smallest_block", "null", gap="AllocateLsaHeap/1", reason=_ZERO)
    lsa_heap_alignment: Literal[16, 8] = choice(16, 8, gap="AllocateLsaHeap/1", reason=_ALIGNED)
    lsa_heap_contents: Contents = choice("previous", "zero", "pattern", gap="AllocateLsaHeap/1", reason=_STALE)
    lsa_heap_outputs: Literal["checked", "unchecked"] = choice(
        "checked",
        "unchecked",
        gap=("AllocateLsaHeap/2", "LogonUser/1"),
        reason="LSA frees an output only if it is a live block of its heap; anything else it reports and leaves alone.",
    )
    lsa_heap_double_free: Misuse = choice("ignore", "terminate", gap="FreeLsaHeap/1", reason=_IGNORED)
    lsa_heap_foreign_free: Misuse = choice("ignore", "terminate", gap="FreeLsaHeap/1", reason=_IGNORED)
    lsa_heap_free_null: Literal["ignore", "report"] = choice(
        "ignore", "report", gap="FreeLsaHeap/1", reason=_NULL_IGNORED
    )
    # ------------------------------------------------------------------ AllocatePrivateHeap, FreePrivateHeap
    private_heap_zero_length: ZeroSize = choice("smallest_block", "null", gap="AllocatePrivateHeap/1", reason=_ZERO)
    private_heap_alignment: Literal[16, 8] = choice(16, 8, gap="AllocatePrivateHeap/1", reason=_ALIGNED)
    private_heap_contents: Contents = choice("previous", "zero", "pattern", gap="AllocatePrivateHeap/1", reason=_STALE)
    private_heap_double_free: Misuse = choice("ignore", "terminate", gap="FreePrivateHeap/1", reason=_IGNORED)
    private_heap_foreign_free: Misuse = choice("ignore", "terminate", gap="FreePrivateHeap/1", reason=_IGNORED)
    private_heap_free_null: Literal["ignore", "report"] = choice(
        "ignore", "report", gap="FreePrivateHeap/1", reason=_NULL_IGNORED
    )
    # ------------------------------------------------------------------ client buffers
    client_buffer_zero_length: Literal["smallest_block", "invalid_parameter"] = choice(
        "smallest_block", "invalid_parameter", gap="AllocateClientBuffer/1", reason=_ZERO
    )
    client_buffer_address_on_failure: Literal["unset"] = choice(
        "unset",
        gap="AllocateClientBuffer/1",
        reason="A raised status carries no out-parameter.",
    )
    free_client_buffer_unknown: NTSTATUS = choice(
        _STATUS_INVALID_PARAMETER,
        _STATUS_UNSUCCESSFUL,
        _STATUS_SUCCESS,
        gap="FreeClientBuffer/1",
        reason="The parameter is what is wrong; the client is left alone although FCB-4 lets it crash.",
    )
    free_client_buffer_null: NTSTATUS = choice(
        _STATUS_SUCCESS,
        _STATUS_INVALID_PARAMETER,
        gap="FreeClientBuffer/1",
        reason="Nothing to free is no failure (FCB-3).",
    )
    copy_to_client_invalid: NTSTATUS = choice(
        _STATUS_ACCESS_VIOLATION,
        _STATUS_INVALID_PARAMETER,
        _STATUS_UNSUCCESSFUL,
        gap="CopyToClientBuffer/1",
        reason="The status of an invalid access; the others give less of a reason.",
    )
    copy_to_client_partial: Literal["nothing", "up_to_fault"] = choice(
        "nothing",
        "up_to_fault",
        gap="CopyToClientBuffer/1",
        reason="A range is checked before it is written; 'up_to_fault' is a copy that starts and faults midway.",
    )
    copy_from_client_invalid: NTSTATUS = choice(
        _STATUS_ACCESS_VIOLATION,
        _STATUS_INVALID_PARAMETER,
        _STATUS_UNSUCCESSFUL,
        gap="CopyFromClientBuffer/1",
        reason="The status of an invalid access; the others give less of a reason.",
    )
    copy_from_client_partial: Literal["unset"] = choice(
        "unset",
        gap="CopyFromClientBuffer/1",
        reason="A raised status carries no bytes, so what came before the fault is not seen.",
    )
