"""Choices for packages that call packages, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._account_choices import AccountChoices
from lsart.contract._choice import choice
from lsart.contract._status import NTSTATUS

__all__ = ["CallChoices"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)


@attrs.frozen
class CallChoices(AccountChoices):
    """See `Choices`."""

    call_package_entry: Literal["CallPackage", "CallPackageUntrusted"] = choice(
        "CallPackage",
        "CallPackageUntrusted",
        gap="CallPackage/1",
        reason="A package is part of LSA, so it is no less trusted than a logon process.",
    )
    call_package_self: NTSTATUS = choice(
        _STATUS_SUCCESS,
        _STATUS_INVALID_PARAMETER,
        gap="CallPackage/1",
        reason="No page forbids a package to name itself; how deep it goes is its own affair.",
    )
    call_package_worker: Literal["same", "another"] = choice(
        "same",
        "another",
        gap="CallPackage/1",
        reason="The worker that serves the caller calls on, as a function call does. With 'another' the call needs a "
        "worker of its own, so all workers can come to wait for one.",
    )
    return_buffer_free: Literal["own_function", "lsa_heap_too"] = choice(
        "own_function",
        "lsa_heap_too",
        gap="FreeReturnBuffer/1",
        reason="Two functions have a point only if their blocks differ; 'lsa_heap_too' has one heap behind both.",
    )
