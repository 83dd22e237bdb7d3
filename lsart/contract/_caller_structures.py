"""Structures that say who makes a call, as frozen values.

Attributes are the Windows members in snake_case: ``CallCount`` is ``call_count``.
Pages: sdk-api ns-ntsecpkg-secpkg_call_info.
"""

from __future__ import annotations

import attrs

from lsart.contract._pointer import Pointer

__all__ = ["SECPKG_CALL_INFO"]


@attrs.frozen
class SECPKG_CALL_INFO:
    """The call that is being served, as GetCallInfo describes it.

    Args:
        process_id, thread_id: who made it. attributes: SECPKG_CALL bits.
        call_count: how many calls LSA had been asked for when it came, itself included.
        mech_oid: the mechanism that was negotiated; None where none was.
    """

    process_id: int
    thread_id: int
    attributes: int
    call_count: int
    mech_oid: Pointer | None = None
