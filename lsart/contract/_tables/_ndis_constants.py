"""Numbers of the NDIS shared-memory structures.

Written by tools/generate_contract.py from lsart/contract/data/ndis_shared_memory.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from enum import IntEnum
from typing import Final

__all__ = [
    "MM_ANY_NODE_OK", "NDIS_DEFAULT_RECEIVE_QUEUE_ID", "NDIS_DEFAULT_VPORT_ID",
    "NDIS_OBJECT_TYPE_DEFAULT",
    "NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS",
    "NDIS_SHARED_MEMORY_PARAMETERS_REVISION_1",
    "NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2",
    "NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1",
    "NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS", "NDIS_SHARED_MEMORY_USAGE",
    "NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS",
    "NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_1",
    "NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2",
    "NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1"
]

NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS: Final = 176  # Type in the header of NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS.
NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1: Final = 1  # Since NDIS 6.20.
NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1: Final = 32  # Size in bytes on x64 (derived).

NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS: Final = 0x1  # Header only: the provider supports virtual ports of the physical function.

NDIS_OBJECT_TYPE_DEFAULT: Final = 128  # Type in the header of NDIS_SHARED_MEMORY_PARAMETERS.
NDIS_SHARED_MEMORY_PARAMETERS_REVISION_1: Final = 1  # Since NDIS 6.20.
NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_1: Final = 64  # Size in bytes on x64 (derived).
NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2: Final = 2  # Since NDIS 6.30.
NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2: Final = 68  # Size in bytes on x64 (derived).

NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS: Final = 0x1  # Memory is one contiguous block. The structure page drops a U; the function page writes NDIS_SHARED_MEM_PARAMETERS_CONTIGUOUS. Both names stand for the same value.

NDIS_DEFAULT_RECEIVE_QUEUE_ID: Final = 0  # Default receive queue.
NDIS_DEFAULT_VPORT_ID: Final = 0  # Default virtual port.
MM_ANY_NODE_OK: Final = 0x80000000  # No preferred node.

class NDIS_SHARED_MEMORY_USAGE(IntEnum):
    """What the memory is for (windows-driver-docs: ne-ndis-_ndis_shared_memory_usage)."""

    NdisSharedMemoryUsageUndefined = 0  # Use not defined.
    NdisSharedMemoryUsageXmit = 1  # Transmit data buffers.
    NdisSharedMemoryUsageXmitHeader = 2  # Transmit header buffers.
    NdisSharedMemoryUsageXmitData = 3  # Transmit data.
    NdisSharedMemoryUsageReceive = 4  # Receive data buffers.
    NdisSharedMemoryUsageReceiveLookahead = 5  # Receive lookahead buffers.
    NdisSharedMemoryUsageReceivePostLookahead = 6  # Receive data after the lookahead part.
    NdisSharedMemoryUsageReceiveHeader = 7  # Receive headers.
    NdisSharedMemoryUsageReceiveData = 8  # Receive data.
    NdisSharedMemoryUsageOther = 9  # Use not stated.
    NdisSharedMemoryUsageMax = 10  # End marker; the number may grow in later headers.
