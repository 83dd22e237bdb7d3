"""The structures that a driver, NDIS and a provider hand each other.

Attributes are the Windows members in snake_case. Pages: windows-driver-docs
ns-ndis-_ndis_shared_memory_parameters, ns-ndis-_ndis_shared_memory_provider_characteristics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from lsart.contract import Pointer
from lsart.ndis._constants import (
    MM_ANY_NODE_OK,
    NDIS_DEFAULT_RECEIVE_QUEUE_ID,
    NDIS_DEFAULT_VPORT_ID,
    NDIS_OBJECT_TYPE_DEFAULT,
    NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
    NDIS_SHARED_MEMORY_USAGE,
    NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2,
    NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
)

__all__ = [
    "ALLOCATE_SHARED_MEMORY_HANDLER",
    "FREE_SHARED_MEMORY_HANDLER",
    "NDIS_HANDLE",
    "NDIS_OBJECT_HEADER",
    "NDIS_SHARED_MEMORY_PARAMETERS",
    "NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS",
    "SCATTER_GATHER_ELEMENT",
    "SCATTER_GATHER_LIST",
]

_number = attrs.validators.instance_of(int)  # a wrong type is a mistake that a C compiler would refuse: TypeError

NDIS_HANDLE: TypeAlias = object
"""Opaque: only who made it knows what it is. NDIS and `SharedMemoryProvider` make numbers; NULL is None."""


@attrs.frozen
class NDIS_OBJECT_HEADER:
    """What every structure begins with: its type, its revision, and its size in bytes on x64."""

    type: int = attrs.field(validator=_number)
    revision: int = attrs.field(validator=_number)
    size: int = attrs.field(validator=_number)


@attrs.frozen
class SCATTER_GATHER_ELEMENT:
    """`length` bytes of physical memory from `address` on. The address is a number: nothing is mapped there."""

    address: int
    length: int


@attrs.define
class SCATTER_GATHER_LIST:
    """Where a block lies in physical memory; the caller hands an empty one in."""

    elements: tuple[SCATTER_GATHER_ELEMENT, ...] = ()

    @property
    def number_of_elements(self) -> int:
        """NumberOfElements."""
        return len(self.elements)


@attrs.define(kw_only=True)
class NDIS_SHARED_MEMORY_PARAMETERS:
    """What a driver asks for, and where NDIS puts what it got (NSMP-5).

    One structure goes from the driver to NDIS and on to the provider (NSMP-7), so it can be changed.

    Args:
        length: bytes wanted, at most a ULONG.
        usage: purpose of the memory.
        flags: NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS for one physical run, else 0.
        queue_id: receive queue, 0 to the adapter's queue count; 0 is the default queue.
        preferred_node: memory node, or MM_ANY_NODE_OK when the driver has no preference.
        vport_id: virtual port; revision 2 only.
        sg_list_buffer_length: bytes of the caller's scatter/gather list buffer. sg_list_buffer: the buffer.
        header: the default is revision 2, which needs NDIS 6.30.
        shared_memory_handle, virtual_address: filled in when NdisAllocateSharedMemory succeeds. The address is one
            of the kernel's space. That the handle is the provider's own is our assumption.

    Raises:
        TypeError: a member is not of its type. Values that the type can hold are for the functions to judge.
    """

    length: int = attrs.field(validator=_number)
    usage: int = attrs.field(default=int(NDIS_SHARED_MEMORY_USAGE.NdisSharedMemoryUsageUndefined), validator=_number)
    flags: int = attrs.field(default=0, validator=_number)
    queue_id: int = attrs.field(default=NDIS_DEFAULT_RECEIVE_QUEUE_ID, validator=_number)
    preferred_node: int = attrs.field(default=MM_ANY_NODE_OK, validator=_number)
    vport_id: int = attrs.field(default=NDIS_DEFAULT_VPORT_ID, validator=_number)
    sg_list_buffer_length: int = attrs.field(default=0, validator=_number)
    sg_list_buffer: SCATTER_GATHER_LIST | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(SCATTER_GATHER_LIST))
    )
    header: NDIS_OBJECT_HEADER = attrs.field(
        default=NDIS_OBJECT_HEADER(
            NDIS_OBJECT_TYPE_DEFAULT,
            NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2,
            NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2,
        ),
        validator=attrs.validators.instance_of(NDIS_OBJECT_HEADER),
    )
    shared_memory_handle: NDIS_HANDLE = None
    virtual_address: Pointer | None = None


ALLOCATE_SHARED_MEMORY_HANDLER: TypeAlias = Callable[
    [NDIS_HANDLE, NDIS_SHARED_MEMORY_PARAMETERS, NDIS_HANDLE], NDIS_HANDLE
]
"""NetAllocateSharedMemory(provider_context, shared_memory_parameters, shared_memory_provider_context).

It returns the handle of the memory, having put its address into ``shared_memory_parameters.virtual_address``, or
raises StatusError with one of NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_FAILURE.
"""

FREE_SHARED_MEMORY_HANDLER: TypeAlias = Callable[[NDIS_HANDLE, NDIS_HANDLE], None]
"""NetFreeSharedMemory(provider_context, shared_memory_provider_context). There is no way for it to fail."""


@attrs.frozen(kw_only=True)
class NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS:
    """What a driver registers to offer shared memory (NSPC-3).

    Args:
        provider_context: the provider's own; NDIS hands it unchanged to both handlers (NSPC-2).
        allocate_shared_memory_handler, free_shared_memory_handler: the entry points, None for NULL.
        flags: documented as reserved; a header defines NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS (NSPC-4).
    """

    provider_context: NDIS_HANDLE
    allocate_shared_memory_handler: ALLOCATE_SHARED_MEMORY_HANDLER | None
    free_shared_memory_handler: FREE_SHARED_MEMORY_HANDLER | None
    flags: int = attrs.field(default=0, validator=_number)
    header: NDIS_OBJECT_HEADER = attrs.field(
        default=NDIS_OBJECT_HEADER(
            NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
            NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
            NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
        ),
        validator=attrs.validators.instance_of(NDIS_OBJECT_HEADER),
    )
