"""What is wrong with the structures a driver hands in: one sentence, or nothing.

Who can tell what decides who checks. NDIS knows the caller's adapter, hence queue and virtual port; the provider knows
its memory, hence flags, length, usage and node. Both check the header first: it says what the rest means.
"""

from __future__ import annotations

from lsart.contract import Choices
from lsart.ndis._constants import (
    MM_ANY_NODE_OK,
    NDIS_DEFAULT_RECEIVE_QUEUE_ID,
    NDIS_DEFAULT_VPORT_ID,
    NDIS_OBJECT_TYPE_DEFAULT,
    NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS,
    NDIS_SHARED_MEMORY_PARAMETERS_REVISION_1,
    NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
    NDIS_SHARED_MEMORY_USAGE,
    NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_1,
    NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2,
    NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
)
from lsart.ndis._drivers import Endpoint, Version
from lsart.ndis._structures import (
    NDIS_OBJECT_HEADER,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
)

__all__ = [
    "characteristics_fault",
    "flags_fault",
    "header_fault",
    "length_fault",
    "list_fault",
    "node_fault",
    "queue_fault",
    "usage_fault",
    "vport_fault",
    "vport_of",
]

_ULONG_MAX = 0xFFFF_FFFF

_PARAMETERS = {
    NDIS_SHARED_MEMORY_PARAMETERS_REVISION_1: (NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_1, (6, 20)),
    NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2: (NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2, (6, 30)),
}
_CHARACTERISTICS = {
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1: (
        NDIS_SIZEOF_SHARED_MEMORY_PROVIDER_CHARACTERISTICS_REVISION_1,
        (6, 20),
    ),
}


def header_fault(parameters: object, version: Version | None = None) -> str:
    """NSMP-1 and, when the caller's NDIS version is known, NSMP-2."""
    if not isinstance(parameters, NDIS_SHARED_MEMORY_PARAMETERS):
        return f"expected NDIS_SHARED_MEMORY_PARAMETERS, got {type(parameters).__name__}"
    return _header_fault(parameters.header, NDIS_OBJECT_TYPE_DEFAULT, _PARAMETERS, version)


def characteristics_fault(characteristics: object, version: Version, choices: Choices) -> str:
    """NSPC-1, and handlers and context that Choices do not take."""
    if not isinstance(characteristics, NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS):
        return (
            "expected NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS, the one optional handler structure that lsart "
            f"models, got {type(characteristics).__name__}"
        )
    object_type = NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS
    fault = _header_fault(characteristics.header, object_type, _CHARACTERISTICS, version)
    handlers = (characteristics.allocate_shared_memory_handler, characteristics.free_shared_memory_handler)
    if not fault and None in handlers and choices.ndis_null_handler == "refuse":
        fault = "a handler is NULL"
    if not fault and characteristics.provider_context is None and choices.ndis_null_provider_context == "refuse":
        fault = "provider_context is NULL"
    return fault


def queue_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, endpoint: Endpoint) -> str:
    """NSMP-3."""
    adapter = endpoint.adapter
    queue = parameters.queue_id
    if adapter is None:
        top, why = NDIS_DEFAULT_RECEIVE_QUEUE_ID, f"{endpoint.name} is a driver's handle, which names no adapter"
    elif adapter.virtualization == "sr_iov":
        top, why = NDIS_DEFAULT_RECEIVE_QUEUE_ID, f"{adapter.name} uses single root I/O virtualization"
    else:
        top, why = adapter.queue_count, f"{adapter.name} has queues up to {adapter.queue_count}"
    return "" if _fits(queue, top) else f"queue_id is {queue}, but {why}"


def vport_of(parameters: NDIS_SHARED_MEMORY_PARAMETERS) -> int:
    """The virtual port meant. A structure of revision 1 has none and stands for port zero."""
    has_port = parameters.header.revision >= NDIS_SHARED_MEMORY_PARAMETERS_REVISION_2
    return parameters.vport_id if has_port else NDIS_DEFAULT_VPORT_ID


def vport_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, endpoint: Endpoint, ports: tuple[int, ...]) -> str:
    """NSMP-6: zero, or one of the nondefault `ports` that the caller's adapter has now."""
    port = vport_of(parameters)
    if not _fits(port, _ULONG_MAX):
        return f"vport_id is {port}, which is no ULONG"
    adapter = endpoint.adapter
    if adapter is not None and adapter.virtualization == "sr_iov":
        if port == NDIS_DEFAULT_VPORT_ID:
            return f"vport_id must name a nondefault virtual port, for {adapter.name} is an SR-IOV adapter"
        if port not in ports:
            return f"vport_id is {port}, but {adapter.name} has no such virtual port now"
    elif port != NDIS_DEFAULT_VPORT_ID:
        return f"vport_id is {port}, which must be zero for {endpoint.name}"
    return ""


def flags_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, choices: Choices) -> str:
    """NSMP-8: a ULONG, of which one bit has a meaning."""
    flags = parameters.flags
    if not _fits(flags, _ULONG_MAX):
        return f"flags is {flags}, which is no ULONG"
    unknown = flags & ~NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS
    return f"flags has unknown bits {unknown:#x}" if unknown and choices.ndis_unknown_flags != "ignore" else ""


def length_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, choices: Choices) -> str:
    """A ULONG, and not zero unless Choices say what that means."""
    length = parameters.length
    if not _fits(length, _ULONG_MAX):
        return f"length is {length}, which is no ULONG"
    return "length is zero" if length == 0 and choices.ndis_zero_length == "invalid_parameter" else ""


def usage_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, choices: Choices) -> str:
    """A value before the end marker."""
    usage = parameters.usage
    if not _fits(usage, _ULONG_MAX):
        return f"usage is {usage}, which is no ULONG"
    known = usage < NDIS_SHARED_MEMORY_USAGE.NdisSharedMemoryUsageMax
    return "" if known or choices.ndis_unknown_usage == "accept" else f"usage {int(usage)} is unknown"


def node_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS, nodes: int, choices: Choices) -> str:
    """NSMP-4."""
    node = parameters.preferred_node
    if not _fits(node, _ULONG_MAX):
        return f"preferred_node is {node}, which is no ULONG"
    if node == MM_ANY_NODE_OK or node < nodes or choices.ndis_bad_node == "any_node":
        return ""
    return f"preferred_node is {node}, but the nodes are 0 to {nodes - 1}; MM_ANY_NODE_OK states no preference"


def list_fault(parameters: NDIS_SHARED_MEMORY_PARAMETERS) -> str:
    """A buffer and its length belong together."""
    length, buffer = parameters.sg_list_buffer_length, parameters.sg_list_buffer
    if not _fits(length, _ULONG_MAX):
        return f"sg_list_buffer_length is {length}, which is no ULONG"
    return "sg_list_buffer is NULL but has a length" if buffer is None and length else ""


def _header_fault(
    header: NDIS_OBJECT_HEADER, object_type: int, known: dict[int, tuple[int, Version]], version: Version | None
) -> str:
    if header.type != object_type:
        return f"header.type is {header.type:#x}, expected {object_type:#x}"
    if header.revision not in known:
        return f"header.revision is {header.revision}, known are {', '.join(map(str, known))}"
    size, since = known[header.revision]
    if header.size != size:
        return f"header.size is {header.size}, but revision {header.revision} has {size} bytes"
    if version is not None and version < since:
        return (
            f"revision {header.revision} needs NDIS {since[0]}.{since[1]}, but the driver declared "
            f"{version[0]}.{version[1]}"
        )
    return ""


def _fits(value: int, top: int) -> bool:
    return 0 <= value <= top
