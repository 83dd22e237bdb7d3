"""What the pages demand of a package that comes up: entry points it must have, and what it may say of itself.

A missing entry point is told and nothing more, since the header lets every slot be NULL (PFT-5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from lsart.contract import SECPKG_SLOTS, PackageState, SecPkgInfo, constants
from lsart.runtime._package import Package
from lsart.runtime._results import shape_of

__all__ = ["information_fault", "missing_entries"]


@attrs.frozen
class _Duty:
    """One of these slots must be filled, says this rule."""

    slots: tuple[str, ...]
    rule: str


_OF_AUTHENTICATION_PACKAGES = (
    _Duty(("InitializePackage",), "LIP-5"),
    _Duty(("LogonUser", "LogonUserEx", "LogonUserEx2"), "LLU-2"),
    _Duty(("CallPackage",), "LCP-6"),
    _Duty(("CallPackagePassthrough",), "LCT-2"),
)
_OF_SSP_APS = (
    _Duty(("Initialize",), "SPI-7"),
    _Duty(("Shutdown",), "SPS-3"),
    _Duty(("GetInfo",), "SPG-4"),
    _Duty(("AcceptCredentials",), "SAC-5"),
)

# A package that only answers untrusted messages, as most programs for a test do, claims to be neither kind.
_CLAIMS_NOTHING = {"Initialize", "Shutdown", "GetInfo", "CallPackageUntrusted"}
_EXPORTED = {each.name for each in SECPKG_SLOTS if each.entry_name.startswith("LsaAp")} - _CLAIMS_NOTHING
_SECURITY_SUPPORT = {each.name for each in SECPKG_SLOTS} - _EXPORTED - _CLAIMS_NOTHING

_NUMBERS = (("capabilities", 32), ("max_token", 32), ("rpc_id", 16))
_INFORMATION_VERSION = 1
_LONGEST_NAME = 127  # bytes that LsaLookupAuthenticationPackage takes (LLA-2)


def missing_entries(package: Package) -> Iterator[tuple[str, str]]:
    """Each duty that the package's table leaves unfulfilled: the slots of which it needs one, and the rule's id.

    An authentication package is who offers a function of one. An SSP/AP is who offers another entry point of the
    security support provider's, or reports capabilities. A package can be both (PFT-6), and then has both duties.
    """
    offered = set(package.entries)
    if offered & _EXPORTED:
        yield from _unfulfilled(_OF_AUTHENTICATION_PACKAGES, offered)
    if offered & _SECURITY_SUPPORT or package.info.capabilities:
        yield from _unfulfilled(_OF_SSP_APS, offered)


def information_fault(info: SecPkgInfo, loaded: Iterable[Package]) -> str:
    """Why a package that says this of itself cannot come up beside those that are loaded; empty if it can.

    SPK-1: the version must be 1. CAP-1: one package at most extends the negotiation. The name must be one that clients
    can look up.
    """
    # Nothing has checked what the package wrote there.
    name: object = info.name
    version: object = info.version
    capabilities: object = info.capabilities
    comment: object = info.comment
    if not isinstance(version, int):
        return f"its SecPkgInfo has {shape_of(version)} as version; it must be {_INFORMATION_VERSION}"
    if version != _INFORMATION_VERSION:
        return f"its SecPkgInfo has version {version}; it must be {_INFORMATION_VERSION}"
    if not isinstance(name, str):
        return f"its SecPkgInfo has {shape_of(name)} as name; expected text"
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME or "\0" in name:
        return f"its SecPkgInfo has a name that no client can look up; expected 1 to {_LONGEST_NAME} bytes without NUL"
    if not isinstance(capabilities, int):
        return f"its SecPkgInfo has {shape_of(capabilities)} as capabilities; expected SECPKG_FLAG bits"
    if not isinstance(comment, str):
        return f"its SecPkgInfo has {shape_of(comment)} as comment; expected text"
    for member, bits in _NUMBERS:
        number: object = getattr(info, member)
        if not isinstance(number, int) or number >> bits:
            shown = number if isinstance(number, int) else shape_of(number)
            return f"its SecPkgInfo has {shown} as {member}; expected a number of {bits} bits"
    if capabilities & constants.SECPKG_FLAG_NEGO_EXTENDER:
        for other in loaded:
            extends = other.info.capabilities & constants.SECPKG_FLAG_NEGO_EXTENDER
            if extends and other.state in (PackageState.READY, PackageState.DISABLED):
                return f"SECPKG_FLAG_NEGO_EXTENDER is for one package, and {other.name!r} carries it already"
    return ""


def _unfulfilled(duties: Iterable[_Duty], offered: set[str]) -> Iterator[tuple[str, str]]:
    for each in duties:
        if offered.isdisjoint(each.slots):
            yield " or ".join(each.slots), each.rule
