"""Rows of SECPKG_FUNCTION_TABLE: 11 to 21.

Written by tools/generate_contract.py from lsart/contract/data/secpkg_function_table.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["SECPKG_11_TO_21"]

SECPKG_11_TO_21: tuple[Slot, ...] = (
    Slot(
        11, "AcceptCredentials", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_type", "LogonType", "SECURITY_LOGON_TYPE", "in", False, "Kind of logon."),
            Parameter("account_name", "AccountName", "PUNICODE_STRING", "in", False, "Account."),
            Parameter("primary_credentials", "PrimaryCredentials", "PSECPKG_PRIMARY_CRED", "in", True, "Primary credentials."),
            Parameter("supplemental_credentials", "SupplementalCredentials", "PSECPKG_SUPPLEMENTAL_CRED", "in", True, "Supplemental credentials of this package."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "accepted"),
        ),
        status_sets=(), rule_ids=("SAC-1", "SAC-2", "SAC-3", "SAC-4", "SAC-5"),
        summary="Give the package the credentials of a logged-on principal.",
        failure="NTSTATUS error code",
        ownership="LSA owns the buffers; the package copies what it keeps.",
        doc="sdk-api: nc-ntsecpkg-spacceptcredentialsfn",
        doc_level="full", family="credentials", entry_name="SpAcceptCredentials", interface_version=1,
        typedef="SpAcceptCredentialsFn", convention="NTAPI",
    ),
    Slot(
        12, "AcquireCredentialsHandle", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("principal_name", "PrincipalName", "PUNICODE_STRING", "in", True, "Whose credentials; NULL means the caller's."),
            Parameter("credential_use_flags", "CredentialUseFlags", "ULONG", "in", False, "SECPKG_CRED bits."),
            Parameter("logon_id", "LogonId", "PLUID", "in", True, "Session concerned."),
            Parameter("authorization_data", "AuthorizationData", "PVOID", "in", True, "Package-specific data."),
            Parameter("get_key_function", "GetKeyFunciton", "PVOID", "in", True, "Not used; the spelling is that of the header."),
            Parameter("get_key_argument", "GetKeyArgument", "PVOID", "in", True, "Not used."),
            Parameter("credential_handle", "CredentialHandle", "PLSA_SEC_HANDLE", "out", False, "Receives the handle."),
            Parameter("expiration_time", "ExpirationTime", "PTimeStamp", "out", False, "Receives the expiry time."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "handle created"),
            DocumentedStatus("SEC_E_NOT_OWNER", "caller may not use those credentials"),
            DocumentedStatus("SEC_E_NO_CREDENTIALS", "no credentials available"),
        ),
        status_sets=(), rule_ids=("SAH-1", "SAH-2", "SAH-3", "SAH-4", "SAH-5"),
        summary="Create a credential handle for a principal.",
        failure="NTSTATUS or SEC_E code",
        ownership="Package owns the credential object until FreeCredentialsHandle.",
        doc="sdk-api: nc-ntsecpkg-spacquirecredentialshandlefn",
        doc_level="full", family="credentials", entry_name="SpAcquireCredentialsHandle", interface_version=1,
        typedef="SpAcquireCredentialsHandleFn", convention="NTAPI",
    ),
    Slot(
        13, "QueryCredentialsAttributes", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("credential_attribute", "CredentialAttribute", "ULONG", "in", False, "Attribute number."),
            Parameter("buffer", "Buffer", "PVOID", "inout", False, "Client structure to fill."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
            DocumentedStatus("SEC_E_INSUFFICIENT_MEMORY", "not enough memory"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SQC-1", "SQC-2"),
        summary="Return one attribute of a credential handle.",
        failure="NTSTATUS or SEC_E code",
        ownership="Variable data is placed in the client with AllocateClientBuffer; the client frees it with FreeContextBuffer.",
        doc="sdk-api: nc-ntsecpkg-spquerycredentialsattributesfn",
        doc_level="full", family="credentials", entry_name="SpQueryCredentialsAttributes", interface_version=1,
        typedef="SpQueryCredentialsAttributesFn", convention="NTAPI",
    ),
    Slot(
        14, "FreeCredentialsHandle", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "released"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SFC-1", "SFC-2"),
        summary="Release a credential handle.",
        failure="NTSTATUS or SEC_E code",
        ownership="Takes the credential object back.",
        doc="sdk-api: nc-ntsecpkg-spfreecredentialshandlefn",
        doc_level="full", family="credentials", entry_name="SpFreeCredentialsHandle", interface_version=1,
        typedef="SpFreeCredentialsHandleFn", convention="NTAPI",
    ),
    Slot(
        15, "SaveCredentials", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("credentials", "Credentials", "PSecBuffer", "in", False, "Credential to save."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "saved"),
        ),
        status_sets=(), rule_ids=("SSV-1",),
        summary="Store a supplemental credential on the user object.",
        failure="NTSTATUS error code",
        ownership="LSA owns the buffer.",
        doc="sdk-api: nc-ntsecpkg-spsavecredentialsfn",
        doc_level="full", family="credentials", entry_name="SpSaveCredentials", interface_version=1,
        typedef="SpSaveCredentialsFn", convention="NTAPI",
    ),
    Slot(
        16, "GetCredentials", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("credentials", "Credentials", "PSecBuffer", "inout", False, "Receives the credentials."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
            DocumentedStatus("SEC_E_INSUFFICIENT_MEMORY", "not enough memory"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SGC-1", "SGC-2"),
        summary="Retrieve primary and supplemental credentials from the user object.",
        failure="NTSTATUS or SEC_E code",
        ownership="Not stated for the returned data.",
        doc="sdk-api: nc-ntsecpkg-spgetcredentialsfn",
        doc_level="full", family="credentials", entry_name="SpGetCredentials", interface_version=1,
        typedef="SpGetCredentialsFn", convention="NTAPI",
    ),
    Slot(
        17, "DeleteCredentials", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", False, "Handle."),
            Parameter("key", "Key", "PSecBuffer", "in", False, "Package-specific key."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "deleted"),
        ),
        status_sets=(), rule_ids=("SDC-1",),
        summary="Delete stored credentials by a package-specific key.",
        failure="NTSTATUS error code",
        ownership="LSA owns the buffer.",
        doc="sdk-api: nc-ntsecpkg-spdeletecredentialsfn",
        doc_level="full", family="credentials", entry_name="SpDeleteCredentials", interface_version=1,
        typedef="SpDeleteCredentialsFn", convention="NTAPI",
    ),
    Slot(
        18, "InitLsaModeContext", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", True, "Credential handle; NULL allowed when ContextHandle is given."),
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", True, "Context so far; NULL on the first leg."),
            Parameter("target_name", "TargetName", "PUNICODE_STRING", "in", True, "Target; LSA does not interpret it."),
            Parameter("context_requirements", "ContextRequirements", "ULONG", "in", False, "Requested flags."),
            Parameter("target_data_rep", "TargetDataRep", "ULONG", "in", False, "Data representation."),
            Parameter("input_buffers", "InputBuffers", "PSecBufferDesc", "in", False, "Tokens from the peer; none on the first leg."),
            Parameter("new_context_handle", "NewContextHandle", "PLSA_SEC_HANDLE", "out", False, "Receives the context."),
            Parameter("output_buffers", "OutputBuffers", "PSecBufferDesc", "inout", False, "Receives the token for the peer."),
            Parameter("context_attributes", "ContextAttributes", "PULONG", "out", False, "Flags the package granted."),
            Parameter("expiration_time", "ExpirationTime", "PTimeStamp", "out", False, "Expiry of the context."),
            Parameter("mapped_context", "MappedContext", "PBOOLEAN", "out", False, "TRUE when the context must also be set up in user mode."),
            Parameter("context_data", "ContextData", "PSecBuffer", "out", False, "Data for the user-mode half."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "context complete"),
            DocumentedStatus("SEC_I_CONTINUE_NEEDED", "another leg is needed"),
        ),
        status_sets=(), rule_ids=("SIC-1", "SIC-2", "SIC-3", "SIC-4", "SIC-5", "SIC-6", "SIC-7", "SIC-8"),
        summary="Client side of a context: process one leg of the authentication.",
        failure="NTSTATUS or SEC_E code",
        ownership="ContextData is allocated by the package with AllocateLsaHeap and freed by LSA. The context lives until DeleteContext.",
        doc="sdk-api: nc-ntsecpkg-spinitlsamodecontextfn",
        doc_level="full", family="context", entry_name="SpInitLsaModeContext", interface_version=1,
        typedef="SpInitLsaModeContextFn", convention="NTAPI",
    ),
    Slot(
        19, "AcceptLsaModeContext", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_handle", "CredentialHandle", "LSA_SEC_HANDLE", "in", True, "Credential handle."),
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", True, "Context so far; NULL on the first leg."),
            Parameter("input_buffer", "InputBuffer", "PSecBufferDesc", "in", False, "Token from the client."),
            Parameter("context_requirements", "ContextRequirements", "ULONG", "in", False, "Requested flags."),
            Parameter("target_data_rep", "TargetDataRep", "ULONG", "in", False, "Data representation."),
            Parameter("new_context_handle", "NewContextHandle", "PLSA_SEC_HANDLE", "out", False, "Receives the context."),
            Parameter("output_buffer", "OutputBuffer", "PSecBufferDesc", "inout", False, "Receives the token for the client."),
            Parameter("context_attributes", "ContextAttributes", "PULONG", "out", False, "Flags granted."),
            Parameter("expiration_time", "ExpirationTime", "PTimeStamp", "out", False, "Expiry of the context."),
            Parameter("mapped_context", "MappedContext", "PBOOLEAN", "out", False, "TRUE when the context must also be set up in user mode."),
            Parameter("context_data", "ContextData", "PSecBuffer", "out", False, "Data for the user-mode half."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "context complete"),
            DocumentedStatus("SEC_I_CONTINUE_NEEDED", "another leg is needed"),
        ),
        status_sets=(), rule_ids=("SAL-1", "SAL-2", "SAL-3", "SAL-4"),
        summary="Server side of a context: process one leg of the authentication.",
        failure="NTSTATUS or SEC_E code",
        ownership="As InitLsaModeContext.",
        doc="sdk-api: nc-ntsecpkg-spacceptlsamodecontextfn",
        doc_level="full", family="context", entry_name="SpAcceptLsaModeContext", interface_version=1,
        typedef="SpAcceptLsaModeContextFn", convention="NTAPI",
    ),
    Slot(
        20, "DeleteContext", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "deleted"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SDX-1", "SDX-2"),
        summary="Delete the LSA-mode context.",
        failure="NTSTATUS or SEC_E code",
        ownership="Takes the context back.",
        doc="sdk-api: nc-ntsecpkg-kspdeletecontextfn",
        doc_level="full", family="context", entry_name="SpDeleteContext", interface_version=1,
        typedef="SpDeleteContextFn", convention="NTAPI",
    ),
    Slot(
        21, "ApplyControlToken", "SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("control_token", "ControlToken", "PSecBufferDesc", "in", False, "Control token."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "applied"),
            DocumentedStatus("SEC_E_INVALID_TOKEN", "token not valid"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("SCT-1",),
        summary="Apply a control token to a context; not currently used.",
        failure="NTSTATUS or SEC_E code",
        ownership="LSA owns the buffer.",
        doc="sdk-api: nc-ntsecpkg-spapplycontroltokenfn",
        doc_level="full", family="context", entry_name="SpApplyControlToken", interface_version=1,
        typedef="SpApplyControlTokenFn", convention="NTAPI",
    ),
)
