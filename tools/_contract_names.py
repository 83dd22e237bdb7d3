"""How names and types of the C declarations become Python names and types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = [
    "ENUMS",
    "NULL_TOLERATED",
    "SECRETS",
    "VALUES_TAKEN",
    "Record",
    "entry_name",
    "is_declared_only",
    "parameter_type",
    "python_name",
    "result_type",
]

Record = dict[str, Any]

HUNGARIAN = re.compile(r"^(?:psz|ppv|pcb|pts|ph|pp|pv|pf|pc|ul|p|f)(?=[A-Z])")
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
PYTHON_NAMES = {  # where the rule gives a keyword, a misspelling of the header, or something unreadable
    "Class": "information_class",
    "DestionationHandle": "destination_handle",
    "GetKeyFunciton": "get_key_function",
    "fQOP": "quality_of_protection",
    "pcPackages": "package_count",
    "pcbTargetInfo": "target_info_size",
    "pfQOP": "quality_of_protection",
    "PackgeId": "package_id",
}


def python_name(windows_name: str) -> str:
    """MaxSize -> max_size, pSharedMemoryProviderContext -> shared_memory_provider_context."""
    if windows_name in PYTHON_NAMES:
        return PYTHON_NAMES[windows_name]
    return WORD_START.sub("_", HUNGARIAN.sub("", windows_name)).lower()


def entry_name(slot: Record, table: str) -> str:
    """The function a package offers for a slot: the export, or what the type's name or the pages call it."""
    if table == "SECPKG_USER_FUNCTION_TABLE":
        # The type of DeleteUserModeContext is that of the LSA-mode slot, so its name would say too little.
        name = str(slot["typedef"]).removesuffix("Fn")
        return name if name != "SpDeleteContext" else f"Sp{slot['name']}"
    if table != "SECPKG_FUNCTION_TABLE":
        return str(slot["name"])
    if "export_name" in slot:
        return str(slot["export_name"])
    typedef = str(slot["typedef"])
    return typedef.removesuffix("Fn") if typedef.endswith("Fn") else f"LsaAp{slot['name']}"


def is_declared_only(slot: Record) -> bool:
    """Whether a slot is known from its declaration alone, so that nobody can say what it should do."""
    rules = slot.get("rules", [])
    told = any(each["basis"] in ("doc", "seed") and each["kind"] != "advice" for each in rules)
    return slot.get("doc_level", "full") != "full" and not told


NUMBERS = [
    "ULONG",
    "SIZE_T",
    "ULONG_PTR",
    "LONG",
    "HANDLE",
    "LUID",
    "PLUID",
    "PULONG",
    "PULONG_PTR",
    "PHANDLE",
]
STRINGS = ["PLSA_STRING", "PUNICODE_STRING", "PSECURITY_STRING", "LPWSTR"]
ENUMS = [
    "SECURITY_LOGON_TYPE",
    "SECURITY_IMPERSONATION_LEVEL",
    "LSA_TOKEN_INFORMATION_TYPE",
    "SECPKG_NAME_TYPE",
    "SECPKG_SESSIONINFO_TYPE",
    "CRED_FETCH",
]
PYTHON_TYPES = {
    **dict.fromkeys(NUMBERS, "int"),
    **dict.fromkeys(STRINGS, "str"),
    **{name: name for name in ENUMS},
    **{"BOOLEAN": "bool", "PBOOLEAN": "bool", "NTSTATUS": "NTSTATUS", "PNTSTATUS": "NTSTATUS"},
    **{"PVOID": "Pointer", "PUCHAR": "Pointer", "PVOID *": "Pointer | None", "PUCHAR *": "Pointer | None"},
    **{"PLSA_CLIENT_REQUEST": "ClientRequest", "PSecBuffer": "SecBuffer", "PSecBufferDesc": "SecBufferDesc"},
    **{"PENCRYPTED_CREDENTIALW": "ENCRYPTED_CREDENTIALW", "PENCRYPTED_CREDENTIALW *": "ENCRYPTED_CREDENTIALW"},
    "PENCRYPTED_CREDENTIALW **": "tuple[ENCRYPTED_CREDENTIALW, ...]",
    "PCREDENTIAL_TARGET_INFORMATIONW": "CREDENTIAL_TARGET_INFORMATIONW",
    **{"PSECPKG_PRIMARY_CRED": "SECPKG_PRIMARY_CRED", "PSECPKG_CLIENT_INFO": "SECPKG_CLIENT_INFO"},
    "PSECPKG_SUPPLEMENTAL_CRED_ARRAY": "tuple[SECPKG_SUPPLEMENTAL_CRED, ...]",
    **{"PTOKEN_GROUPS": "tuple[SID_AND_ATTRIBUTES, ...]", "PTOKEN_SOURCE": "TOKEN_SOURCE"},
}
# Where the C type alone would say too little: LSA's own side of a copy may be bytes at hand, credentials are opaque
# bytes although they travel in a string structure (ADC-5), and NULL is documented for one function that frees (FCB-3)
# and annotated in a header for another (FreeSharedMemory's gap).
SPECIAL_TYPES = {
    ("AuditLogon", "LogonId"): "int | None",
    ("MapBuffer", "InputBuffer"): "SecBuffer",
    ("MapBuffer", "OutputBuffer"): "SecBuffer",
    ("FreeClientBuffer", "ClientBaseAddress"): "Pointer | None",
    ("FreeSharedMemory", "Memory"): "Pointer | None",
    ("AllocateClientBuffer", "ClientBaseAddress"): "Pointer",
    ("AllocateClientBuffer", "ClientRequest"): "ClientRequest | None",
    ("FreeClientBuffer", "ClientRequest"): "ClientRequest | None",
    ("CopyToClientBuffer", "ClientRequest"): "ClientRequest | None",
    ("CopyFromClientBuffer", "ClientRequest"): "ClientRequest | None",
    ("CopyToClientBuffer", "BufferToCopy"): "Pointer | bytes",
    ("CopyFromClientBuffer", "BufferToCopy"): "bytes",
    ("AddCredential", "Credentials"): "bytes",
    ("AddCredential", "PrimaryKeyValue"): "str | LSA_STRING",
    ("DeleteCredential", "PrimaryKeyValue"): "str | LSA_STRING",
    ("GetCredentials", "Credentials"): "LSA_STRING",
    ("ConvertAuthDataToToken", "UserAuthData"): "Pointer | bytes",
    ("CreateToken", "TokenInformation"): "LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 | Pointer",
    ("CreateTokenEx", "TokenInformation"): "LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 | Pointer",
    ("OpenTokenByLogonId", "RetTokenHandle"): "int",
    ("GetCredentials", "PrimaryKeyValue"): "str | LSA_STRING",
    ("ClientCallback", "Callback"): "int | str",
    ("CloseSamUser", "UserHandle"): "Pointer | None",
    ("CrediFreeCredentials", "Credentials"): "tuple[ENCRYPTED_CREDENTIALW, ...] | None",
    ("CrediUnmarshalandDecodeString", "Blob"): "Pointer",
    ("ExpandAuthDataForDomain", "Reserved"): "None",
    ("CallPackage", "ProtocolSubmitBuffer"): "Pointer | bytes",
    ("CallPackageUntrusted", "ProtocolSubmitBuffer"): "Pointer | bytes",
    ("CallPackageEx", "ProtocolSubmitBuffer"): "Pointer | bytes",
    ("CallPackageEx", "ClientBufferBase"): "Pointer | None",
    ("CallPackagePassthrough", "ProtocolSubmitBuffer"): "Pointer | bytes | None",
    ("CallPackagePassthrough", "ClientBufferBase"): "Pointer | None",
}
# What a PVOID points to is a structure that another parameter names, or concerns only whoever passed it.
VALUES_TAKEN = {
    ("CreateThread", "ThreadParameter"),
    ("CreateToken", "TokenInformation"),
    ("CreateTokenEx", "SessionInformation"),
    ("CreateTokenEx", "TokenInformation"),
    ("LogonUser", "TokenInformation"),
    ("LogonUserEx", "TokenInformation"),
    ("LogonUserEx2", "TokenInformation"),
    ("LogonUserEx3", "TokenInformation"),
    ("RegisterNotification", "Parameter"),
}
# Text from which anybody can have a secret back.
SECRETS = {("CrediUnmarshalandDecodeString", "MarshaledString")}
# What comes back of a parameter that goes in and out, where that is less than what may go in.
SPECIAL_RESULTS = {("GetCredentials", "PrimaryKeyValue"): "str"}
# Functions that free decide about NULL themselves: what it does there is one of the gaps. An address in the client is
# passed on to a package as it is, and so is everything that LSA does not inspect (CPP-2). The entry points of SSPI get
# no ClientRequest that they could pass on.
NULL_TOLERATED = {
    ("AuditLogon", "LogonId"),  # looked at only where the logon succeeded (AUL-3)
    ("AllocateClientBuffer", "ClientRequest"),
    ("CopyFromClientBuffer", "ClientRequest"),
    ("CopyToClientBuffer", "ClientRequest"),
    ("FreeClientBuffer", "ClientRequest"),
    ("CloseSamUser", "UserHandle"),  # CSU-2 says what NULL gives
    ("ExpandAuthDataForDomain", "Reserved"),  # EAD-2: NULL is what it must be
    ("CallPackageEx", "ClientBufferBase"),
    ("CallPackagePassthrough", "ClientBufferBase"),
    ("CallPackagePassthrough", "ProtocolSubmitBuffer"),
    ("CrediFreeCredentials", "Credentials"),  # NULL according to the header
    ("FreeClientBuffer", "ClientBaseAddress"),
    ("FreeLsaHeap", "Base"),
    ("FreePrivateHeap", "Base"),
    ("FreeReturnBuffer", "Base"),
    ("FreeSharedMemory", "Memory"),
}


def canonical(c_type: str) -> str:
    """`ULONG *` and `PULONG` are one type."""
    if c_type.endswith(" *") and f"P{c_type[:-2]}" in PYTHON_TYPES:
        return f"P{c_type[:-2]}"
    return c_type


def parameter_type(slot: Record, parameter: Record) -> str:
    special = SPECIAL_TYPES.get((slot["name"], parameter["name"]))
    if special is not None:
        return special
    if (slot["name"], parameter["name"]) in VALUES_TAKEN:
        return "object"
    found = PYTHON_TYPES.get(canonical(parameter["type"]), "object")
    optional = parameter["optional"] and found != "object" and not found.endswith("None")
    return f"{found} | None" if optional else found


def result_type(slot: Record) -> str:
    outs = [each for each in slot["parameters"] if each["direction"] != "in"]
    types = [SPECIAL_RESULTS.get((slot["name"], each["name"])) or parameter_type(slot, each) for each in outs]
    match slot["returns"]:
        case "VOID":
            return "None"
        case "PVOID":
            return "Pointer | None"
        case "HANDLE":
            types = ["int", *types]
            return f"{tuple_type(types)} | None"
        case "BOOLEAN":
            return "bool" if not outs else "object"
        case _:
            return tuple_type(types)


def tuple_type(types: Sequence[str]) -> str:
    if not types:
        return "None"
    return types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
