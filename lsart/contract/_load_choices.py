"""Choices for loading packages and for the client's functions, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._memory_choices import MemoryChoices
from lsart.contract._status import NTSTATUS

__all__ = ["LoadChoices"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_UNSUCCESSFUL = NTSTATUS(0xC0000001)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)


@attrs.frozen
class LoadChoices(MemoryChoices):
    """See `Choices`."""

    authentication_package: Literal["by_entry", "by_list"] = choice(
        "by_entry",
        "by_list",
        gap="GAP-1",
        reason="Who offers LsaApInitializePackage gets it called, before SpInitialize, whichever list named it.",
    )
    module_without_tables: Literal["skip", "stop"] = choice(
        "skip", "stop", gap="GAP-2", reason="One bad module must not keep a machine from starting."
    )
    unknown_package_version: Literal["refuse", "as_newest", "as_first"] = choice(
        "refuse",
        "as_newest",
        "as_first",
        gap="GAP-3",
        reason="The version says how long the table is; a guess reads past it.",
    )
    package_ids: Literal["from_zero", "from_one", "sparse"] = choice(
        "from_zero",
        "from_one",
        "sparse",
        gap="GAP-4",
        reason="Ids count up in load order, so ids of one module are adjacent; only uniqueness is documented (LSQ-16).",
    )
    list_order: Literal["security_packages_first", "authentication_packages_first"] = choice(
        "security_packages_first",
        "authentication_packages_first",
        gap="GAP-5",
        reason="SSP/APs contain authentication packages; load the wider list first.",
    )
    name_in_both_lists: Literal["load_once", "load_twice"] = choice(
        "load_once",
        "load_twice",
        gap="GAP-5",
        reason="A module loaded into a process twice is still one module.",
    )
    duplicate_package_name: Literal["refuse_second", "first_wins"] = choice(
        "refuse_second",
        "first_wins",
        gap="GAP-6",
        reason="A name that finds two packages would hide one; say so at load time.",
    )
    shutdown_after_failed_initialize: Literal["no", "yes"] = choice(
        "no",
        "yes",
        gap=("GAP-7", "Shutdown/1"),
        reason="SpShutdown undoes what SpInitialize did; a failed SpInitialize undoes itself.",
    )
    shutdown_failure: Literal["report"] = choice(
        "report",
        gap=("GAP-7", "Shutdown/1"),
        reason="The package is unloaded whatever SpShutdown returns; the event keeps the status.",
    )
    failed_package_unloads: Literal["package", "module"] = choice(
        "package", "module", gap="GAP-8", reason="Packages of one module initialize one by one (LSQ-15)."
    )
    get_info_while_loading: Literal["yes", "no"] = choice(
        "yes",
        "no",
        gap="GAP-9",
        reason="A package's name is known before the first client asks; 'no' uses its listed name.",
    )
    package_id_everywhere: Literal["one", "separate"] = choice(
        "one",
        "separate",
        gap="GAP-10",
        reason="One number per package is what LSQ-16 says; 'separate' gives LsaAp its own.",
    )
    failed_initialize_package: Literal["refuse", "keep"] = choice(
        "refuse",
        "keep",
        gap="InitializePackage/1",
        reason="A package half of which failed is not registered.",
    )
    protocol_status: Literal["any"] = choice(
        "any",
        gap="LsaCallAuthenticationPackage/1",
        reason="LSA passes the package's own result through unread.",
    )
    return_buffer_null: NTSTATUS = choice(
        _STATUS_SUCCESS,
        _STATUS_INVALID_PARAMETER,
        gap="LsaFreeReturnBuffer/1",
        reason="Nothing to free is no failure.",
    )
    return_buffer_unknown: NTSTATUS = choice(
        _STATUS_INVALID_PARAMETER,
        _STATUS_UNSUCCESSFUL,
        gap="LsaFreeReturnBuffer/1",
        reason="The parameter is what is wrong; the client's own memory stays as it was.",
    )
