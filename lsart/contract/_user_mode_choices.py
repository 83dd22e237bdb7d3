"""Choices for the user-mode halves of packages, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._memory_choices import Contents, ZeroSize
from lsart.contract._sspi_lsa_choices import SspiLsaChoices
from lsart.contract._status import NTSTATUS

__all__ = ["UserModeChoices"]

_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)
_STATUS_OBJECT_NAME_NOT_FOUND = NTSTATUS(0xC0000034)
_HEAP = "It is a heap of the client process, which behaves as the heaps of LSASS do."


@attrs.frozen
class UserModeChoices(SspiLsaChoices):
    """See `Choices`."""

    client_heap_zero_length: ZeroSize = choice("smallest_block", "null", gap="AllocateHeap/1", reason=_HEAP)
    client_heap_alignment: Literal[16, 8] = choice(16, 8, gap="AllocateHeap/1", reason=_HEAP)
    client_heap_contents: Contents = choice("previous", "zero", "pattern", gap="AllocateHeap/1", reason=_HEAP)
    callback_key: Literal["id", "name"] = choice(
        "id",
        "name",
        gap=("ClientCallback/1", "RegisterCallback/1"),
        reason="What is registered under a number is found by it; 'name' looks for a registered function of that name.",
    )
    client_callback_unknown: NTSTATUS = choice(
        _STATUS_OBJECT_NAME_NOT_FOUND,
        _STATUS_INVALID_PARAMETER,
        gap="ClientCallback/2",
        reason="The page calls what is looked for a name, and it is not found.",
    )
    callback_again: Literal["replace", "refuse"] = choice(
        "replace",
        "refuse",
        gap="RegisterCallback/2",
        reason="Nothing unregisters, so replacing is the only way to change a callback.",
    )
    context_deleted_first: Literal["user_mode", "lsa_mode"] = choice(
        "user_mode",
        "lsa_mode",
        gap="DeleteUserModeContext/1",
        reason="The half that was made last goes first, as nothing of it may need what it was made from.",
    )
    unseal_errors: Literal["as_given"] = choice(
        "as_given",
        gap="UnsealMessage/1",
        reason="The package decides what is wrong with a message, and its status reaches the client as it is.",
    )
    export_allocator: Literal["client_buffer", "client_heap"] = choice(
        "client_buffer",
        "client_heap",
        gap="ExportContext/1",
        reason="The page names AllocateClientBuffer, so what it allocates is a buffer of that kind, had in the client.",
    )
