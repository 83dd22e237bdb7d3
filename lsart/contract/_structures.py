"""Structures that cross between LSA, a package and a client, as frozen values.

Attributes are the Windows members in snake_case without their type prefix: ``fCapabilities`` is ``capabilities``.
Pages: sdk-api ns-ntsecpkg-secpkg_parameters, ns-sspi-secpkginfoa.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

__all__ = ["SECPKG_PARAMETERS", "CallPackageReply", "ClientRequest", "EntryPoint", "SecPkgInfo"]

EntryPoint = Callable[..., object | Awaitable[object]]
"""A function that a package offers to LSA: ``async def`` where it calls table slots, or plain ``def``."""

_SECPKG_ID_NONE = 0xFFFF
_SECPKG_STATE_STANDALONE = 0x10


@attrs.frozen
class SECPKG_PARAMETERS:
    """State of the machine at the moment of SpInitialize.

    Args:
        version: version of the security support provider interface in use.
        machine_state: SECPKG_STATE bits; the default is a stand-alone machine.
        setup_mode: nonzero while system setup runs.
        domain_sid: SID of the primary domain as text, empty when there is none.
        domain_name: its name. dns_domain_name: its DNS name. domain_guid: its GUID as text.
    """

    version: int = 0
    machine_state: int = _SECPKG_STATE_STANDALONE
    setup_mode: int = 0
    domain_sid: str = ""
    domain_name: str = "WORKGROUP"
    dns_domain_name: str = ""
    domain_guid: str = ""


@attrs.frozen
class SecPkgInfo:
    """What a package says of itself in SpGetInfo.

    Args:
        name: package name that clients look up, at most 127 bytes.
        comment: any text.
        capabilities: SECPKG_FLAG bits.
        max_token: largest token in bytes.
        version: version of the package protocol, must be 1.
        rpc_id: DCE RPC id; SECPKG_ID_NONE (0xFFFF) for a package that has none.
    """

    name: str
    comment: str = ""
    capabilities: int = 0
    max_token: int = 0
    version: int = 1
    rpc_id: int = _SECPKG_ID_NONE


@attrs.frozen
class ClientRequest:
    """Names the call being served; opaque, and valid only during that call (PLSA_CLIENT_REQUEST)."""

    number: int


@attrs.frozen
class CallPackageReply:
    """Out-parameters of LsaApCallPackage and of LsaCallAuthenticationPackage.

    Args:
        protocol_return_buffer: reply in the client's address space, or None for no reply.
        return_buffer_length: its length in bytes.
        protocol_status: the package's own result; it means something only because the function succeeded.
    """

    protocol_return_buffer: object | None = None
    return_buffer_length: int = 0
    protocol_status: int = 0
