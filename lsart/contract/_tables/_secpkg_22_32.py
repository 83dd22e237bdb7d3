"""Rows of SECPKG_FUNCTION_TABLE: 22 to 32.

Written by tools/generate_contract.py from lsart/contract/data/secpkg_function_table.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["SECPKG_22_TO_32"]

SECPKG_22_TO_32: tuple[Slot, ...] = (
    Slot(
        22, "GetUserInfo", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Session."),
            Parameter("flags", "Flags", "ULONG", "in", False, "1 caller accepts long names, 2 names must be short."),
            Parameter("user_data", "UserData", "PSecurityUserData *", "out", False, "Receives SecurityUserData."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
        ),
        status_sets=(), rule_ids=("SGU-1", "SGU-2"),
        summary="Return the user's names and SID for a session.",
        failure="NTSTATUS error code",
        ownership="Data is placed in the caller's process and freed there with FreeContextBuffer.",
        doc="sdk-api: nc-ntsecpkg-spgetuserinfofn",
        doc_level="full", family="info", entry_name="SpGetUserInfo", interface_version=1,
        typedef="SpGetUserInfoFn", convention="NTAPI",
    ),
    Slot(
        23, "GetExtendedInformation", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("information_class", "Class", "SECPKG_EXTENDED_INFORMATION_CLASS", "in", False, "SECPKG_EXTENDED_INFORMATION_CLASS value."),
            Parameter("information", "ppInformation", "PSECPKG_EXTENDED_INFORMATION *", "out", False, "Receives the structure."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
        ),
        status_sets=(), rule_ids=("SGX-1", "SGX-2"),
        summary="Return one class of extended package information.",
        failure="NTSTATUS error code",
        ownership="Package allocates the structure; the allocator is not named on the page.",
        doc="sdk-api: nc-ntsecpkg-spgetextendedinformationfn",
        doc_level="full", family="info", entry_name="SpGetExtendedInformation", interface_version=1,
        typedef="SpGetExtendedInformationFn", convention="NTAPI",
    ),
    Slot(
        24, "QueryContextAttributes", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("context_attribute", "ContextAttribute", "ULONG", "in", False, "SECPKG_ATTR number."),
            Parameter("buffer", "Buffer", "PVOID", "inout", False, "Structure to fill."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SQX-1", "SQX-2", "SQX-3"),
        summary="Return one attribute of a context, answered in LSA mode.",
        failure="NTSTATUS or SEC_E code",
        ownership="Memory returned in LSA mode comes from AllocateLsaHeap; in user mode from SECPKG_DLL_FUNCTIONS.AllocateHeap.",
        doc="sdk-api: nc-ntsecpkg-spquerycontextattributesfn",
        doc_level="full", family="context", entry_name="SpQueryContextAttributes", interface_version=1,
        typedef="SpQueryContextAttributesFn", convention="NTAPI",
    ),
    Slot(
        25, "AddCredentials", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("principal_name", "PrincipalName", "PUNICODE_STRING", "in", True, "Principal."),
            Parameter("package", "Package", "PUNICODE_STRING", "in", False, "Package name."),
            Parameter("credential_use_flags", "CredentialUseFlags", "ULONG", "in", False, "SECPKG_CRED bits."),
            Parameter("authorization_data", "AuthorizationData", "PVOID", "in", False, "Package-specific data."),
            Parameter("get_key_function", "GetKeyFunciton", "PVOID", "in", False, "Not used."),
            Parameter("get_key_argument", "GetKeyArgument", "PVOID", "in", False, "Not used."),
            Parameter("expiration_time", "ExpirationTime", "PTimeStamp", "out", False, "Receives the expiry time."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "added"),
        ),
        status_sets=(), rule_ids=("SAD-1",),
        summary="Add credentials to an existing handle.",
        failure="NTSTATUS error code",
        ownership="LSA owns the buffers.",
        doc="sdk-api: nc-ntsecpkg-spaddcredentialsfn",
        doc_level="full", family="credentials", entry_name="SpAddCredentials", interface_version=1,
        typedef="SpAddCredentialsFn", convention="NTAPI",
    ),
    Slot(
        26, "SetExtendedInformation", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("information_class", "Class", "SECPKG_EXTENDED_INFORMATION_CLASS", "in", False, "Class."),
            Parameter("info", "Info", "PSECPKG_EXTENDED_INFORMATION", "in", False, "Data."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "set"),
        ),
        status_sets=(), rule_ids=("SSX-1",),
        summary="Set one class of extended package information.",
        failure="NTSTATUS error code",
        ownership="LSA owns the structure.",
        doc="sdk-api: nc-ntsecpkg-spsetextendedinformationfn",
        doc_level="full", family="info", entry_name="SpSetExtendedInformation", interface_version=1,
        typedef="SpSetExtendedInformationFn", convention="NTAPI",
    ),
    Slot(
        27, "SetContextAttributes", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("context_attribute", "ContextAttribute", "ULONG", "in", False, "Attribute number."),
            Parameter("buffer", "Buffer", "PVOID", "in", False, "Data."),
            Parameter("buffer_size", "BufferSize", "ULONG", "in", False, "Bytes."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("SSA-1",),
        summary="Set one attribute of a context; documented for Schannel only.",
        failure="NTSTATUS or SEC_E code",
        ownership="LSA owns the buffer.",
        doc="sdk-api: ns-ntsecpkg-secpkg_function_table (links only to the client function SetContextAttributes)",
        doc_level="thin", family="context", entry_name="SpSetContextAttributes", interface_version=2,
        typedef="SpSetContextAttributesFn", convention="NTAPI",
    ),
    Slot(
        28, "SetCredentialsAttributes", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("credential_attribute", "CredentialAttribute", "ULONG", "in", False, "Attribute number."),
            Parameter("buffer", "Buffer", "PVOID", "in", False, "Data."),
            Parameter("buffer_size", "BufferSize", "ULONG", "in", False, "Bytes."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("SCR-1",),
        summary="Set one attribute of a credential handle.",
        failure="NTSTATUS or SEC_E code",
        ownership="LSA owns the buffer.",
        doc="sdk-api: ns-ntsecpkg-secpkg_function_table (links only to the client function SetCredentialsAttributes)",
        doc_level="thin", family="credentials", entry_name="SpSetCredentialsAttributes", interface_version=3,
        typedef="SpSetCredentialsAttributesFn", convention="NTAPI",
    ),
    Slot(
        29, "ChangeAccountPassword", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("domain_name", "pDomainName", "PUNICODE_STRING", "in", False, "Domain."),
            Parameter("account_name", "pAccountName", "PUNICODE_STRING", "in", False, "Account."),
            Parameter("old_password", "pOldPassword", "PUNICODE_STRING", "in", False, "Old password."),
            Parameter("new_password", "pNewPassword", "PUNICODE_STRING", "in", False, "New password."),
            Parameter("impersonating", "Impersonating", "BOOLEAN", "in", False, "TRUE when acting for the caller."),
            Parameter("output", "pOutput", "PSecBufferDesc", "inout", False, "Result data."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("SCP-1",),
        summary="Change an account's password through this package.",
        failure="NTSTATUS error code",
        ownership="Caller keeps the buffers.",
        doc="sdk-api: ns-ntsecpkg-secpkg_function_table (links only to the client function ChangeAccountPassword)",
        doc_level="thin", family="credentials", entry_name="SpChangeAccountPassword", interface_version=4,
        typedef="SpChangeAccountPasswordFn", convention="NTAPI",
    ),
    Slot(
        30, "QueryMetaData", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", True, "Credential; needed when no context exists."),
            Parameter("target_name", "TargetName", "PUNICODE_STRING", "in", True, "Target."),
            Parameter("context_requirements", "ContextRequirements", "ULONG", "in", False, "Requested flags."),
            Parameter("meta_data_length", "MetaDataLength", "PULONG", "out", False, "Size returned: characters per the page, bytes per the header annotation."),
            Parameter("meta_data", "MetaData", "PUCHAR *", "out", False, "Metadata."),
            Parameter("context_handle", "ContextHandle", "PLSA_SEC_HANDLE", "inout", False, "Context; pointing at NULL creates one."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "metadata returned"),
        ),
        status_sets=(), rule_ids=("SQM-1", "SQM-2", "SQM-3"),
        summary="Get metadata that a negotiation sends to the peer.",
        failure="NTSTATUS error code",
        ownership="Package allocates the metadata.",
        doc="sdk-api: nc-ntsecpkg-spquerymetadatafn",
        doc_level="full", family="context", entry_name="SpQueryMetaData", interface_version=5,
        typedef="SpQueryMetaDataFn", convention="NTAPI",
    ),
    Slot(
        31, "ExchangeMetaData", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", True, "Credential; needed when no context exists."),
            Parameter("target_name", "TargetName", "PUNICODE_STRING", "in", True, "Target."),
            Parameter("context_requirements", "ContextRequirements", "ULONG", "in", False, "Requested flags."),
            Parameter("meta_data_length", "MetaDataLength", "ULONG", "in", False, "Bytes."),
            Parameter("meta_data", "MetaData", "PUCHAR", "in", False, "Metadata from the peer."),
            Parameter("context_handle", "ContextHandle", "PLSA_SEC_HANDLE", "inout", False, "Context; pointing at NULL creates one."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "metadata accepted"),
        ),
        status_sets=(), rule_ids=("SXM-1",),
        summary="Give the package the metadata received from the peer.",
        failure="NTSTATUS error code",
        ownership="Caller keeps the metadata.",
        doc="sdk-api: nc-ntsecpkg-spexchangemetadatafn",
        doc_level="full", family="context", entry_name="SpExchangeMetaData", interface_version=5,
        typedef="SpExchangeMetaDataFn", convention="NTAPI",
    ),
    Slot(
        32, "GetCredUIContext", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("cred_type", "CredType", "GUID *", "in", False, "Credential type GUID, see structures.toml."),
            Parameter("flat_cred_ui_context_length", "FlatCredUIContextLength", "PULONG", "out", False, "Bytes returned."),
            Parameter("flat_cred_ui_context", "FlatCredUIContext", "PUCHAR *", "out", False, "Context blob."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "context returned"),
        ),
        status_sets=(), rule_ids=("SUI-1",),
        summary="Return the context for a credential prompt.",
        failure="NTSTATUS error code",
        ownership="Package allocates the context blob.",
        doc="sdk-api: nc-ntsecpkg-spgetcreduicontextfn",
        doc_level="full", family="credentials", entry_name="SpGetCredUIContext", interface_version=5,
        typedef="SpGetCredUIContextFn", convention="NTAPI",
    ),
)
