"""Rows of SECPKG_DLL_FUNCTIONS: 0 to 3.

Written by tools/generate_contract.py from lsart/contract/data/secpkg_dll_functions.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["DLL_0_TO_3"]

DLL_0_TO_3: tuple[Slot, ...] = (
    Slot(
        0, "AllocateHeap", "SECPKG_DLL_FUNCTIONS", "PVOID",
        parameters=(
            Parameter("length", "Length", "ULONG", "in", False, "Bytes wanted."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("DAH-1", "DAH-2", "DAH-3", "DAH-4", "DAH-5"),
        summary="Allocate memory in the client process for the package.",
        failure="NULL pointer",
        ownership="Caller frees with FreeHeap, or returns the block to the provider interface, which frees it.",
        doc="legacy page: AllocateHeap function (security, previous versions); sdk-api: ns-ntsecpkg-secpkg_dll_functions",
        doc_level="full", family="lsa-heap", entry_name="AllocateHeap", interface_version=0,
        typedef="LSA_ALLOCATE_LSA_HEAP", convention="NTAPI",
    ),
    Slot(
        1, "FreeHeap", "SECPKG_DLL_FUNCTIONS", "VOID",
        parameters=(
            Parameter("base", "Base", "PVOID", "in", False, "Block to free."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("DFH-1", "DFH-2", "DFH-3"),
        summary="Return a block from AllocateHeap.",
        failure="no return value",
        ownership="Takes the block back.",
        doc="legacy page: FreeHeap function (security, previous versions); sdk-api: ns-ntsecpkg-secpkg_dll_functions",
        doc_level="full", family="lsa-heap", entry_name="FreeHeap", interface_version=0,
        typedef="LSA_FREE_LSA_HEAP", convention="NTAPI",
    ),
    Slot(
        2, "RegisterCallback", "SECPKG_DLL_FUNCTIONS", "NTSTATUS",
        parameters=(
            Parameter("callback_id", "CallbackId", "ULONG", "in", False, "Number the package chose."),
            Parameter("callback", "Callback", "PLSA_CALLBACK_FUNCTION", "in", False, "Function of type LSA_CALLBACK_FUNCTION."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "registered"),
        ),
        status_sets=(), rule_ids=("DRC-1", "DRC-2", "DRC-3"),
        summary="Register a function that the LSA-mode half can call back.",
        failure="NTSTATUS error code",
        ownership="Function belongs to the package.",
        doc="legacy page: RegisterCallback function (security, previous versions); sdk-api: ns-ntsecpkg-secpkg_dll_functions",
        doc_level="full", family="callback", entry_name="RegisterCallback", interface_version=0,
        typedef="LSA_REGISTER_CALLBACK", convention="NTAPI",
    ),
    Slot(
        3, "LocatePackageById", "SECPKG_DLL_FUNCTIONS", "PVOID",
        parameters=(
            Parameter("package_id", "PackgeId", "ULONG", "in", False, "Package id; the spelling is that of the header."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("DLP-1",),
        summary="Undocumented: find a package by its id.",
        failure="not documented",
        ownership="Not stated.",
        doc="sdk-api: ns-ntsecpkg-secpkg_dll_functions (member line, empty)",
        doc_level="thin", family="info", entry_name="LocatePackageById", interface_version=0,
        typedef="LSA_LOCATE_PKG_BY_ID", convention="NTAPI", declared_only=True,
    ),
)
