"""Rows of SECPKG_USER_FUNCTION_TABLE: 0 to 14.

Written by tools/generate_contract.py from lsart/contract/data/secpkg_user_function_table.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["USER_0_TO_14"]

USER_0_TO_14: tuple[Slot, ...] = (
    Slot(
        0, "InstanceInit", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("version", "Version", "ULONG", "in", False, "Version of the LSA."),
            Parameter("function_table", "FunctionTable", "PSECPKG_DLL_FUNCTIONS", "in", False, "SECPKG_DLL_FUNCTIONS table."),
            Parameter("user_functions", "UserFunctions", "PVOID *", "out", False, "Not used."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "ready"),
        ),
        status_sets=(), rule_ids=("UII-1", "UII-2", "UII-3", "UII-4"),
        summary="First user-mode call of a package: version and support functions.",
        failure="NTSTATUS error code",
        ownership="Table belongs to the caller; the package saves the pointer.",
        doc="sdk-api: nc-ntsecpkg-spinstanceinitfn",
        doc_level="full", family="lifecycle", entry_name="SpInstanceInit", interface_version=1,
        typedef="SpInstanceInitFn", convention="NTAPI",
    ),
    Slot(
        1, "InitUserModeContext", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "LSA-mode context handle."),
            Parameter("packed_context", "PackedContext", "PSecBuffer", "in", False, "ContextData made by the LSA-mode half."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "context ready"),
            DocumentedStatus("STATUS_INSUFFICIENT_RESOURCES", "not enough memory"),
        ),
        status_sets=(), rule_ids=("UIC-1", "UIC-2", "UIC-3", "UIC-4"),
        summary="Build the user-mode context from data packed by the LSA-mode half.",
        failure="NTSTATUS or SEC_E code",
        ownership="PackedContext is freed with FreeContextBuffer.",
        doc="sdk-api: nc-ntsecpkg-spinitusermodecontextfn",
        doc_level="full", family="context", entry_name="SpInitUserModeContext", interface_version=1,
        typedef="SpInitUserModeContextFn", convention="NTAPI",
    ),
    Slot(
        2, "MakeSignature", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("quality_of_protection", "QualityOfProtection", "ULONG", "in", False, "Package-specific quality."),
            Parameter("message_buffers", "MessageBuffers", "PSecBufferDesc", "inout", False, "Data buffers and one token buffer for the signature."),
            Parameter("message_sequence_number", "MessageSequenceNumber", "ULONG", "in", False, "Sequence number, 0 when sequences are not used."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "signed"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UMS-1", "UMS-2", "UMS-3", "UMS-4", "UMS-5"),
        summary="Sign a message of a context.",
        failure="SEC_E code",
        ownership="Caller owns every buffer; the signature goes into the caller's token buffer.",
        doc="sdk-api: nc-ntsecpkg-kspmakesignaturefn",
        doc_level="full", family="message", entry_name="SpMakeSignature", interface_version=1,
        typedef="SpMakeSignatureFn", convention="NTAPI",
    ),
    Slot(
        3, "VerifySignature", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("message_buffers", "MessageBuffers", "PSecBufferDesc", "in", False, "Data buffers and the token buffer with the signature."),
            Parameter("message_sequence_number", "MessageSequenceNumber", "ULONG", "in", False, "Sequence number."),
            Parameter("quality_of_protection", "QualityOfProtection", "PULONG", "out", True, "Receives the quality."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "signature valid"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UVS-1", "UVS-2"),
        summary="Verify the signature of a message of a context.",
        failure="SEC_E code",
        ownership="Caller owns every buffer.",
        doc="sdk-api: nc-ntsecpkg-kspverifysignaturefn",
        doc_level="full", family="message", entry_name="SpVerifySignature", interface_version=1,
        typedef="SpVerifySignatureFn", convention="NTAPI",
    ),
    Slot(
        4, "SealMessage", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("quality_of_protection", "QualityOfProtection", "ULONG", "in", False, "Package-specific quality."),
            Parameter("message_buffers", "MessageBuffers", "PSecBufferDesc", "inout", False, "One data buffer and a signature buffer."),
            Parameter("message_sequence_number", "MessageSequenceNumber", "ULONG", "in", False, "Sequence number to assign, 0 when sequences are not used."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "encrypted"),
            DocumentedStatus("STATUS_INVALID_HANDLE", "context not found or not set up for integrity"),
            DocumentedStatus("STATUS_INVALID_PARAMETER", "signature buffer missing or too small"),
        ),
        status_sets=(), rule_ids=("USM-1", "USM-2", "USM-3", "USM-4", "USM-5", "USM-6"),
        summary="Encrypt a message of a context in place.",
        failure="NTSTATUS error code",
        ownership="Caller owns every buffer; the data is changed in place.",
        doc="sdk-api: nc-ntsecpkg-spsealmessagefn",
        doc_level="full", family="message", entry_name="SpSealMessage", interface_version=1,
        typedef="SpSealMessageFn", convention="NTAPI",
    ),
    Slot(
        5, "UnsealMessage", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("message_buffers", "MessageBuffers", "PSecBufferDesc", "in", False, "Message buffers and a signature buffer."),
            Parameter("message_sequence_number", "MessageSequenceNumber", "ULONG", "in", False, "Sequence number, 0 when sequences are not used."),
            Parameter("quality_of_protection", "QualityOfProtection", "PULONG", "out", True, "Not used."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "decrypted"),
        ),
        status_sets=(), rule_ids=("UUM-1", "UUM-2"),
        summary="Decrypt a message of a context in place.",
        failure="NTSTATUS error code",
        ownership="Caller owns every buffer.",
        doc="sdk-api: nc-ntsecpkg-spunsealmessagefn",
        doc_level="full", family="message", entry_name="SpUnsealMessage", interface_version=1,
        typedef="SpUnsealMessageFn", convention="NTAPI",
    ),
    Slot(
        6, "GetContextToken", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("impersonation_token", "ImpersonationToken", "PHANDLE", "out", False, "Receives the token handle."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UGT-1", "UGT-2"),
        summary="Return the impersonation token of a context.",
        failure="SEC_E code",
        ownership="Package keeps the token; the caller duplicates it itself.",
        doc="sdk-api: nc-ntsecpkg-spgetcontexttokenfn",
        doc_level="full", family="context", entry_name="SpGetContextToken", interface_version=1,
        typedef="SpGetContextTokenFn", convention="NTAPI",
    ),
    Slot(
        7, "QueryContextAttributes", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("context_attribute", "ContextAttribute", "ULONG", "in", False, "SECPKG_ATTR number."),
            Parameter("buffer", "Buffer", "PVOID", "inout", False, "Structure to fill."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "returned"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UQC-1", "UQC-2"),
        summary="Answer a context attribute in the client process.",
        failure="NTSTATUS or SEC_E code",
        ownership="Memory returned comes from SECPKG_DLL_FUNCTIONS.AllocateHeap; the client frees it with FreeContextBuffer.",
        doc="sdk-api: nc-ntsecpkg-spquerycontextattributesfn",
        doc_level="full", family="context", entry_name="SpQueryContextAttributes", interface_version=1,
        typedef="SpQueryContextAttributesFn", convention="NTAPI",
    ),
    Slot(
        8, "CompleteAuthToken", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("input_buffer", "InputBuffer", "PSecBufferDesc", "in", False, "Token to complete."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "completed"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UCA-1",),
        summary="Complete a token of an unfinished context.",
        failure="NTSTATUS or SEC_E code",
        ownership="Caller owns the buffers.",
        doc="sdk-api: nc-ntsecpkg-spcompleteauthtokenfn",
        doc_level="full", family="context", entry_name="SpCompleteAuthToken", interface_version=1,
        typedef="SpCompleteAuthTokenFn", convention="NTAPI",
    ),
    Slot(
        9, "DeleteUserModeContext", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context_handle", "ContextHandle", "LSA_SEC_HANDLE", "in", False, "Context."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "deleted"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "context not valid"),
        ),
        status_sets=(), rule_ids=("UDC-1",),
        summary="Delete the user-mode context.",
        failure="NTSTATUS or SEC_E code",
        ownership="Takes the user-mode context back.",
        doc="sdk-api: nc-ntsecpkg-kspdeletecontextfn",
        doc_level="full", family="context", entry_name="SpDeleteUserModeContext", interface_version=1,
        typedef="SpDeleteContextFn", convention="NTAPI",
    ),
    Slot(
        10, "FormatCredentials", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credentials", "Credentials", "PSecBuffer", "in", False, "Credentials as supplied."),
            Parameter("formatted_credentials", "FormattedCredentials", "PSecBuffer", "out", False, "Receives the formatted form."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "formatted"),
        ),
        status_sets=(), rule_ids=("UFC-1",),
        summary="Format user-supplied credentials for the package.",
        failure="NTSTATUS error code",
        ownership="Package allocates the result with SECPKG_DLL_FUNCTIONS.AllocateHeap.",
        doc="sdk-api: nc-ntsecpkg-spformatcredentialsfn",
        doc_level="full", family="credentials", entry_name="SpFormatCredentials", interface_version=1,
        typedef="SpFormatCredentialsFn", convention="NTAPI",
    ),
    Slot(
        11, "MarshallSupplementalCreds", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("credential_size", "CredentialSize", "ULONG", "in", False, "Bytes of input."),
            Parameter("credentials", "Credentials", "PUCHAR", "in", False, "Credentials."),
            Parameter("marshalled_cred_size", "MarshalledCredSize", "PULONG", "out", False, "Bytes of output."),
            Parameter("marshalled_creds", "MarshalledCreds", "PVOID *", "out", False, "Receives the marshalled form."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "marshalled"),
        ),
        status_sets=(), rule_ids=("UMC-1",),
        summary="Marshal supplemental credentials into one buffer.",
        failure="NTSTATUS error code",
        ownership="Package allocates the result with SECPKG_DLL_FUNCTIONS.AllocateHeap.",
        doc="sdk-api: nc-ntsecpkg-spmarshallsupplementalcredsfn",
        doc_level="full", family="credentials", entry_name="SpMarshallSupplementalCreds", interface_version=1,
        typedef="SpMarshallSupplementalCredsFn", convention="NTAPI",
    ),
    Slot(
        12, "ExportContext", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("context", "phContext", "LSA_SEC_HANDLE", "in", False, "Context."),
            Parameter("flags", "fFlags", "ULONG", "in", False, "SECPKG_CONTEXT_EXPORT bits."),
            Parameter("packed_context", "pPackedContext", "PSecBuffer", "out", False, "Receives the packed form."),
            Parameter("token", "pToken", "PHANDLE", "out", True, "Receives an impersonation token."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "exported"),
        ),
        status_sets=(), rule_ids=("UXC-1", "UXC-2", "UXC-3", "UXC-4"),
        summary="Pack a context so that another process can import it.",
        failure="NTSTATUS error code",
        ownership="Resources allocated with AllocateClientBuffer; the caller frees the result with FreeContextBuffer.",
        doc="sdk-api: nc-ntsecpkg-spexportsecuritycontextfn",
        doc_level="full", family="context", entry_name="SpExportSecurityContext", interface_version=1,
        typedef="SpExportSecurityContextFn", convention="NTAPI",
    ),
    Slot(
        13, "ImportContext", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("packed_context", "pPackedContext", "PSecBuffer", "in", False, "Packed form."),
            Parameter("token", "Token", "HANDLE", "in", True, "Token of the context."),
            Parameter("context", "phContext", "PLSA_SEC_HANDLE", "out", False, "Receives the new handle."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "imported"),
        ),
        status_sets=(), rule_ids=("UMI-1",),
        summary="Recreate a context from its packed form.",
        failure="NTSTATUS error code",
        ownership="Caller owns the packed form; the new context is deleted as any other.",
        doc="sdk-api: nc-ntsecpkg-spimportsecuritycontextfn",
        doc_level="full", family="context", entry_name="SpImportSecurityContext", interface_version=1,
        typedef="SpImportSecurityContextFn", convention="NTAPI",
    ),
    Slot(
        14, "MarshalAttributeData", "SECPKG_USER_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("attribute_info", "AttributeInfo", "DWORD", "in", False, "Top bit: unicode; remaining bits: which call it came from."),
            Parameter("attribute", "Attribute", "ULONG", "in", False, "Attribute number."),
            Parameter("attribute_data_size", "AttributeDataSize", "ULONG", "in", False, "Bytes of input."),
            Parameter("attribute_data", "AttributeData", "PBYTE", "in", False, "Data."),
            Parameter("marshaled_attribute_data_size", "MarshaledAttributeDataSize", "PULONG", "out", False, "Bytes of output."),
            Parameter("marshaled_attribute_data", "MarshaledAttributeData", "PBYTE *", "out", False, "Receives the result."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "marshalled"),
            DocumentedStatus("STATUS_NOT_SUPPORTED", "nothing to marshal"),
        ),
        status_sets=(), rule_ids=("UMA-1", "UMA-2"),
        summary="Marshal data of an attribute set by the client.",
        failure="NTSTATUS error code",
        ownership="Package allocates the result.",
        doc="none (SDK header only)",
        doc_level="none", family="credentials", entry_name="SpMarshalAttributeData", interface_version=2,
        typedef="SpMarshalAttributeDataFn", convention="NTAPI", declared_only=True,
    ),
)
