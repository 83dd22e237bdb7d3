"""Information that LSA and a package exchange besides calls, as frozen values.

Pages: sdk-api ns-ntsecpkg-secpkg_extended_information, ns-ntsecpkg-secpkg_targetinfo.
"""

from __future__ import annotations

import attrs

from lsart.contract._tables import _enumerations as enumerations

__all__ = ["SECPKG_CONTEXT_THUNKS", "SECPKG_EXTENDED_INFORMATION", "SECPKG_TARGETINFO"]


@attrs.frozen
class SECPKG_CONTEXT_THUNKS:
    """Which context attributes LSA mode answers for a context that has a half in the client's process.

    Args:
        levels: SECPKG_ATTR numbers; the first may be SECPKG_ATTR_THUNK_ALL, for all of them.
    """

    levels: tuple[int, ...]


@attrs.frozen
class SECPKG_EXTENDED_INFORMATION:
    """One class of information on a package.

    Args:
        information_class: which. info: the member of the union that it makes valid: SECPKG_CONTEXT_THUNKS for
            SecpkgContextThunks; for the other classes, of which LSA reads none, whatever the package likes.
    """

    information_class: enumerations.SECPKG_EXTENDED_INFORMATION_CLASS
    info: object


@attrs.frozen
class SECPKG_TARGETINFO:
    """Where something is to take effect.

    Args:
        domain_sid: of the domain, as text; None for none. computer_name: of the machine in it; None for none.
    """

    domain_sid: str | None = None
    computer_name: str | None = None
