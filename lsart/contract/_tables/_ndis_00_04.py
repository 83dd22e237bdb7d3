"""Rows of NDIS: 0 to 4.

Written by tools/generate_contract.py from lsart/contract/data/ndis_shared_memory.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["NDIS_0_TO_4"]

NDIS_0_TO_4: tuple[Slot, ...] = (
    Slot(
        0, "NetAllocateSharedMemory", "NDIS", "NDIS_STATUS",
        parameters=(
            Parameter("provider_context", "ProviderContext", "NDIS_HANDLE", "in", False, "Context the provider supplied at registration; identifies the provider."),
            Parameter("shared_memory_parameters", "SharedMemoryParameters", "PNDIS_SHARED_MEMORY_PARAMETERS", "in", False, "Requested attributes."),
            Parameter("shared_memory_provider_context", "pSharedMemoryProviderContext", "PNDIS_HANDLE", "inout", False, "Place for the handle of the allocated memory."),
        ),
        statuses=(
            DocumentedStatus("NDIS_STATUS_SUCCESS", "memory allocated"),
            DocumentedStatus("NDIS_STATUS_RESOURCES", "not enough resources"),
            DocumentedStatus("NDIS_STATUS_INVALID_PARAMETER", "an input parameter is not valid"),
            DocumentedStatus("NDIS_STATUS_FAILURE", "any unstated reason"),
        ),
        status_sets=(), rule_ids=("NASM-1", "NASM-2", "NASM-3", "NASM-4", "NASM-5", "NASM-6", "NASM-7", "NASM-8", "NASM-9", "NASM-10", "NASM-11", "NASM-12", "NASM-13", "NASM-14", "NASM-15"),
        summary="Provider allocates shared memory with the requested attributes and names it with a handle.",
        failure="status other than NDIS_STATUS_SUCCESS",
        ownership="The provider owns the memory and its context area until NetFreeSharedMemory gets the handle back.",
        doc="seed 004; windows-driver-docs: nc-ndis-allocate_shared_memory_handler",
        doc_level="full", family="ndis-shared-memory", entry_name="NetAllocateSharedMemory", interface_version=0,
        typedef="ALLOCATE_SHARED_MEMORY_HANDLER",
    ),
    Slot(
        1, "NetFreeSharedMemory", "NDIS", "VOID",
        parameters=(
            Parameter("provider_context", "ProviderContext", "NDIS_HANDLE", "in", False, "Context the provider supplied at registration."),
            Parameter("shared_memory_provider_context", "SharedMemoryProviderContext", "NDIS_HANDLE", "in", False, "Handle the provider returned when it allocated."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("NFSM-1", "NFSM-2", "NFSM-3", "NFSM-4", "NFSM-5", "NFSM-6"),
        summary="Provider frees the shared memory that a handle names.",
        failure="no return value",
        ownership="Ends the provider's allocation.",
        doc="windows-driver-docs: nc-ndis-free_shared_memory_handler",
        doc_level="full", family="ndis-shared-memory", entry_name="NetFreeSharedMemory", interface_version=0,
        typedef="FREE_SHARED_MEMORY_HANDLER",
    ),
    Slot(
        2, "NdisAllocateSharedMemory", "NDIS", "NDIS_STATUS",
        parameters=(
            Parameter("ndis_handle", "NdisHandle", "NDIS_HANDLE", "in", False, "Driver or instance handle from the caller's initialization."),
            Parameter("shared_memory_parameters", "SharedMemoryParameters", "PNDIS_SHARED_MEMORY_PARAMETERS", "in", False, "Requested attributes; NDIS fills some members before returning."),
            Parameter("allocation_handle", "pAllocationHandle", "PNDIS_HANDLE", "inout", False, "Receives the handle that identifies the allocation."),
        ),
        statuses=(
            DocumentedStatus("NDIS_STATUS_SUCCESS", "memory allocated"),
            DocumentedStatus("NDIS_STATUS_RESOURCES", "not enough resources"),
            DocumentedStatus("NDIS_STATUS_INVALID_PARAMETER", "an input parameter is not valid"),
            DocumentedStatus("NDIS_STATUS_FAILURE", "any unstated reason"),
        ),
        status_sets=(), rule_ids=("NDAS-1", "NDAS-2", "NDAS-3", "NDAS-4", "NDAS-5", "NDAS-6", "NDAS-7", "NDAS-8", "NDAS-9"),
        summary="Driver asks NDIS for shared memory; NDIS asks the provider and returns an allocation handle.",
        failure="status other than NDIS_STATUS_SUCCESS, and a NULL allocation handle",
        ownership="The caller owns the allocation until NdisFreeSharedMemory.",
        doc="windows-driver-docs: nf-ndis-ndisallocatesharedmemory",
        doc_level="full", family="ndis-shared-memory", entry_name="NdisAllocateSharedMemory", interface_version=0,
    ),
    Slot(
        3, "NdisFreeSharedMemory", "NDIS", "VOID",
        parameters=(
            Parameter("ndis_handle", "NdisHandle", "NDIS_HANDLE", "in", False, "Same handle as used for the allocation."),
            Parameter("allocation_handle", "AllocationHandle", "NDIS_HANDLE", "in", False, "Handle from NdisAllocateSharedMemory."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("NDFS-1", "NDFS-2", "NDFS-3", "NDFS-4", "NDFS-5"),
        summary="Driver gives shared memory back; NDIS calls the provider's free handler.",
        failure="no return value",
        ownership="Ends the caller's allocation.",
        doc="windows-driver-docs: nf-ndis-ndisfreesharedmemory",
        doc_level="full", family="ndis-shared-memory", entry_name="NdisFreeSharedMemory", interface_version=0,
    ),
    Slot(
        4, "NdisSetOptionalHandlers", "NDIS", "NDIS_STATUS",
        parameters=(
            Parameter("ndis_handle", "NdisHandle", "NDIS_HANDLE", "in", False, "Handle of the driver or driver instance."),
            Parameter("optional_handlers", "OptionalHandlers", "PNDIS_DRIVER_OPTIONAL_HANDLERS", "in", False, "Pointer to one of the characteristics structures, here NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS."),
        ),
        statuses=(
            DocumentedStatus("NDIS_STATUS_SUCCESS", "entry points set"),
            DocumentedStatus("NDIS_STATUS_RESOURCES", "not enough resources"),
            DocumentedStatus("NDIS_STATUS_NOT_SUPPORTED", "the miniport did not declare NDIS 6.0 or later"),
            DocumentedStatus("NDIS_STATUS_FAILURE", "none of the other statuses applies"),
        ),
        status_sets=(), rule_ids=("NSOH-1", "NSOH-2", "NSOH-3", "NSOH-4", "NSOH-5"),
        summary="Registers a driver's optional handlers, among them a shared memory provider.",
        failure="status other than NDIS_STATUS_SUCCESS",
        ownership="The characteristics structure stays with the caller (derived: NDIS copies it).",
        doc="windows-driver-docs: nf-ndis-ndissetoptionalhandlers",
        doc_level="full", family="ndis-shared-memory", entry_name="NdisSetOptionalHandlers", interface_version=0,
    ),
)
