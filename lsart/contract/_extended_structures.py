"""Extended information on a package, as frozen values (sdk-api ns-ntsecpkg-secpkg_extended_information)."""

from __future__ import annotations

import attrs

from lsart.contract._tables import _enumerations as enumerations

__all__ = ["SECPKG_CONTEXT_THUNKS", "SECPKG_EXTENDED_INFORMATION"]


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
