"""Choices for the NDIS shared-memory provider, where its pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._load_choices import LoadChoices
from lsart.contract._status import NDIS_STATUS

__all__ = ["NdisChoices"]

_RESOURCES = NDIS_STATUS(0xC000009A, "NDIS_STATUS_RESOURCES")
_INVALID_PARAMETER = NDIS_STATUS(0xC000000D, "NDIS_STATUS_INVALID_PARAMETER")
_FAILURE = NDIS_STATUS(0xC0000001, "NDIS_STATUS_FAILURE")

DriverMisuse = Literal["ignore", "bug_check"]

_WRONG_PARAMETER = "The parameter is what is wrong; 'FAILURE' gives no reason."
_IGNORED = "A free that cannot be honoured changes nothing and becomes an event; 'bug_check' stops the machine."


@attrs.frozen
class NdisChoices(LoadChoices):
    """See `Choices`."""

    # ------------------------------------------------------------------ NetAllocateSharedMemory
    ndis_provider_handle_on_failure: Literal["unset"] = choice(
        "unset", gap="NetAllocateSharedMemory/1", reason="A raised status carries no out-parameter."
    )
    ndis_null_provider_handle: Literal["fail", "accept"] = choice(
        "fail",
        "accept",
        gap="NetAllocateSharedMemory/1",
        reason="NULL identifies no memory, and NASM-6 asks for a handle that does.",
    )
    ndis_handle_passed_in: Literal["null", "leftover"] = choice(
        "null",
        "leftover",
        gap="NetAllocateSharedMemory/2",
        reason="No meaning is stated, so NDIS clears the place; 'leftover' is what a stack slot holds.",
    )
    ndis_bad_header: NDIS_STATUS = choice(
        _INVALID_PARAMETER, _FAILURE, gap="NetAllocateSharedMemory/3", reason=_WRONG_PARAMETER
    )
    ndis_bad_queue: NDIS_STATUS = choice(
        _INVALID_PARAMETER, _FAILURE, gap="NetAllocateSharedMemory/3", reason=_WRONG_PARAMETER
    )
    ndis_bad_vport: NDIS_STATUS = choice(
        _INVALID_PARAMETER, _FAILURE, gap="NetAllocateSharedMemory/3", reason=_WRONG_PARAMETER
    )
    ndis_bad_node: Literal["invalid_parameter", "any_node"] = choice(
        "invalid_parameter",
        "any_node",
        gap="NetAllocateSharedMemory/3",
        reason="A node that the machine lacks is a mistake; yet it is only preferred, so any node would do.",
    )
    ndis_miniport_without_dma: NDIS_STATUS = choice(
        _FAILURE,
        _INVALID_PARAMETER,
        gap="NetAllocateSharedMemory/3",
        reason="No parameter is wrong: the miniport skipped an earlier step (NDAS-5).",
    )
    # ------------------------------------------------------------------ NetFreeSharedMemory
    ndis_provider_double_free: DriverMisuse = choice(
        "ignore", "bug_check", gap="NetFreeSharedMemory/1", reason=_IGNORED
    )
    # ------------------------------------------------------------------ NdisAllocateSharedMemory
    ndis_provider_asked: Literal["first_registered", "last_registered", "each_in_turn"] = choice(
        "first_registered",
        "last_registered",
        "each_in_turn",
        gap="NdisAllocateSharedMemory/1",
        reason="A provider that comes later changes nothing for drivers that run already; 'each_in_turn' asks the next "
        "one when resources do not suffice.",
    )
    ndis_pf_vports: Literal["any_provider", "by_flag"] = choice(
        "any_provider",
        "by_flag",
        gap="NdisAllocateSharedMemory/1",
        reason="The page calls the flags reserved (NSPC-4); 'by_flag' asks for memory of nondefault virtual ports only "
        "whom the header's flag says to support them.",
    )
    ndis_no_provider: NDIS_STATUS = choice(
        _FAILURE,
        _RESOURCES,
        _INVALID_PARAMETER,
        gap="NdisAllocateSharedMemory/1",
        reason="No parameter is wrong and nothing has run out; what remains is the status without a reason.",
    )
    ndis_undocumented_status: Literal["failure", "pass_on"] = choice(
        "failure",
        "pass_on",
        gap="NdisAllocateSharedMemory/2",
        reason="Drivers are promised four statuses (NDAS-8); 'pass_on' hands the provider's own to them.",
    )
    ndis_sg_list_room: Literal["with_header", "elements_only"] = choice(
        "with_header",
        "elements_only",
        gap="NdisAllocateSharedMemory/3",
        reason="The buffer holds a SCATTER_GATHER_LIST: 16 bytes, then 24 per element on x64.",
    )
    ndis_sg_list_too_small: NDIS_STATUS = choice(
        _INVALID_PARAMETER,
        _RESOURCES,
        gap="NdisAllocateSharedMemory/3",
        reason="The caller chose the size, and a larger one would have worked.",
    )
    ndis_filter_allocates: Literal["refuse", "allow"] = choice(
        "refuse",
        "allow",
        gap="NdisAllocateSharedMemory/4",
        reason="The page lists the handles that may be used (NDAS-4), and a filter's is not among them.",
    )
    # ------------------------------------------------------------------ NdisFreeSharedMemory
    ndis_free_by_other_handle: Literal["ignore", "free", "bug_check"] = choice(
        "ignore", "free", "bug_check", gap="NdisFreeSharedMemory/1", reason=_IGNORED
    )
    ndis_free_unknown: DriverMisuse = choice("ignore", "bug_check", gap="NdisFreeSharedMemory/1", reason=_IGNORED)
    ndis_double_free: DriverMisuse = choice("ignore", "bug_check", gap="NdisFreeSharedMemory/1", reason=_IGNORED)
    # ------------------------------------------------------------------ NdisSetOptionalHandlers
    ndis_unregister: Literal["with_driver", "null_handlers"] = choice(
        "with_driver",
        "null_handlers",
        gap="NdisSetOptionalHandlers/1",
        reason="A provider goes when its driver does; 'null_handlers' lets it go earlier by naming two NULL handlers.",
    )
    ndis_provider_gone: Literal["free_first", "strand"] = choice(
        "free_first",
        "strand",
        gap="NdisSetOptionalHandlers/1",
        reason="NDIS gives all blocks back while it still can; 'strand' leaves them with nobody to free them.",
    )
    ndis_second_provider: Literal["replace", "add", "refuse"] = choice(
        "replace",
        "add",
        "refuse",
        gap="NdisSetOptionalHandlers/2",
        reason="The function sets or changes entry points (NSOH-1), so the second call changes what the first set.",
    )
    # ------------------------------------------------------------------ NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS
    ndis_null_handler: Literal["refuse", "accept"] = choice(
        "refuse",
        "accept",
        gap="NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS/1",
        reason="A provider without both entry points cannot serve; 'accept' finds out at the first call.",
    )
    ndis_null_provider_context: Literal["accept", "refuse"] = choice(
        "accept",
        "refuse",
        gap="NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS/1",
        reason="NDIS passes the context on unread (NSPC-2), so it cannot tell a good one from a bad one.",
    )
    # ------------------------------------------------------------------ NDIS_SHARED_MEMORY_PARAMETERS
    ndis_zero_length: Literal["invalid_parameter", "one_page"] = choice(
        "invalid_parameter",
        "one_page",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/1",
        reason="No device can use a block of no bytes; a page allocator would round it up.",
    )
    ndis_unknown_usage: Literal["invalid_parameter", "accept"] = choice(
        "invalid_parameter",
        "accept",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/1",
        reason="The list ends with a marker; 'accept' is a provider that never looks at the purpose.",
    )
    ndis_unknown_flags: Literal["invalid_parameter", "ignore"] = choice(
        "invalid_parameter",
        "ignore",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/1",
        reason="A bit that asks for something unknown cannot be honoured.",
    )
    ndis_sg_list_length_after: Literal["unchanged", "used"] = choice(
        "unchanged",
        "used",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/2",
        reason="The caller fills the member in; only two members are named as outputs (NSMP-5).",
    )
    ndis_sg_list_elements: Literal["one_per_run", "one_per_page"] = choice(
        "one_per_run",
        "one_per_page",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/2",
        reason="A device wants few elements; 'one_per_page' needs the largest buffer that could be asked for.",
    )
    ndis_sg_list_absent: Literal["no_list", "too_small"] = choice(
        "no_list",
        "too_small",
        gap="NDIS_SHARED_MEMORY_PARAMETERS/2",
        reason="A NULL buffer of length 0 asks for no list; 'too_small' insists on room for it.",
    )
