"""Rows of LSA_SECPKG_FUNCTION_TABLE: 0 to 15.

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["LSA_SECPKG_0_TO_15"]

LSA_SECPKG_0_TO_15: tuple[Slot, ...] = (
    Slot(
        0, "CreateLogonSession", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Points to the LUID that will name the session; the caller made it with AllocateLocallyUniqueId."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "session created"),
            DocumentedStatus("STATUS_LOGON_SESSION_COLLISION", "the LUID already names a session"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("CLS-1", "CLS-2", "CLS-3", "CLS-4", "CLS-5", "CLS-6", "CLS-7"),
        summary="Create a logon session object for a LUID the package generated.",
        failure="NTSTATUS error code",
        ownership="No memory changes hands. LSA keeps the session object in kernel memory until it is deleted.",
        doc="sdk-api: nc-ntsecpkg-lsa_create_logon_session",
        doc_level="full", family="logon-session", entry_name="CreateLogonSession", interface_version=0,
    ),
    Slot(
        1, "DeleteLogonSession", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Points to the LUID of the session to delete."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "session deleted"),
            DocumentedStatus("STATUS_BAD_LOGON_SESSION_STATE", "the session is in use or its state forbids deletion"),
            DocumentedStatus("STATUS_NO_SUCH_LOGON_SESSION", "no session has that LUID"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("DLS-1", "DLS-2", "DLS-3", "DLS-4", "DLS-5", "DLS-6", "DLS-7"),
        summary="Remove a logon session and everything stored under it.",
        failure="NTSTATUS error code",
        ownership="No memory changes hands. Credentials stored under the session go with it (derived).",
        doc="sdk-api: nc-ntsecpkg-lsa_delete_logon_session",
        doc_level="full", family="logon-session", entry_name="DeleteLogonSession", interface_version=0,
    ),
    Slot(
        2, "AddCredential", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Session that will hold the credential."),
            Parameter("authentication_package", "AuthenticationPackage", "ULONG", "in", False, "Id that the package received in LsaApInitializePackage."),
            Parameter("primary_key_value", "PrimaryKeyValue", "PLSA_STRING", "in", False, "Key used later to find the credential; format chosen by the package."),
            Parameter("credentials", "Credentials", "PLSA_STRING", "in", False, "Credential bytes in the package's own format.", takes_bytes=True),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "credential stored"),
            DocumentedStatus("STATUS_NO_SUCH_LOGON_SESSION", "no session has that LUID"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("ADC-1", "ADC-2", "ADC-3", "ADC-4", "ADC-5", "ADC-6"),
        summary="Store one package-formatted credential under a logon session.",
        failure="NTSTATUS error code",
        ownership="LSA copies both strings; the package keeps and frees its own buffers.",
        doc="sdk-api: nc-ntsecpkg-lsa_add_credential",
        doc_level="full", family="credentials", entry_name="AddCredential", interface_version=0,
    ),
    Slot(
        3, "GetCredentials", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Session searched."),
            Parameter("authentication_package", "AuthenticationPackage", "ULONG", "in", False, "Id of the calling package; only its own credentials are returned."),
            Parameter("query_context", "QueryContext", "PULONG", "inout", False, "Enumeration cursor; zero on the first call."),
            Parameter("retrieve_all_credentials", "RetrieveAllCredentials", "BOOLEAN", "in", False, "TRUE walks every credential; FALSE only those matching the key."),
            Parameter("primary_key_value", "PrimaryKeyValue", "PLSA_STRING", "inout", False, "With FALSE the key to match; with TRUE ignored on entry and filled with the key found."),
            Parameter("primary_key_length", "PrimaryKeyLength", "PULONG", "out", False, "With TRUE the length needed for the key."),
            Parameter("credentials", "Credentials", "PLSA_STRING", "out", False, "Receives one credential."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "one credential returned"),
            DocumentedStatus("ERROR_GEN_FAILURE", "nothing (or nothing more) to return; a Win32 code, NTSTATUS counterpart STATUS_UNSUCCESSFUL"),
            DocumentedStatus("STATUS_MORE_ENTRIES", "key buffer too small; no data returned"),
            DocumentedStatus("STATUS_NO_SUCH_LOGON_SESSION", "no session has that LUID"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("GCR-1", "GCR-2", "GCR-3", "GCR-4", "GCR-5", "GCR-6", "GCR-7", "GCR-8", "GCR-9", "GCR-10", "GCR-11"),
        summary="Fetch stored credentials of the calling package, one per call, by key or all in sequence.",
        failure="NTSTATUS error code, plus a Win32 code documented among the results",
        ownership="The credential buffer is allocated with AllocateLsaHeap for the caller, who frees it with FreeLsaHeap.",
        doc="sdk-api: nc-ntsecpkg-lsa_get_credentials",
        doc_level="full", family="credentials", entry_name="GetCredentials", interface_version=0,
    ),
    Slot(
        4, "DeleteCredential", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Session searched."),
            Parameter("authentication_package", "AuthenticationPackage", "ULONG", "in", False, "Package id under which the credential was stored."),
            Parameter("primary_key_value", "PrimaryKeyValue", "PLSA_STRING", "in", False, "Key of the credential."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "one credential deleted"),
            DocumentedStatus("ERROR_GEN_FAILURE", "no credential matches; a Win32 code, NTSTATUS counterpart STATUS_UNSUCCESSFUL"),
            DocumentedStatus("STATUS_NO_SUCH_LOGON_SESSION", "no session has that LUID"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("DCR-1", "DCR-2", "DCR-3", "DCR-4", "DCR-5"),
        summary="Delete the first stored credential that matches session, package and key.",
        failure="NTSTATUS error code, plus a Win32 code documented among the results",
        ownership="No memory changes hands; LSA drops its own copy.",
        doc="sdk-api: nc-ntsecpkg-lsa_delete_credential",
        doc_level="full", family="credentials", entry_name="DeleteCredential", interface_version=0,
    ),
    Slot(
        5, "AllocateLsaHeap", "LSA_SECPKG_FUNCTION_TABLE", "PVOID",
        parameters=(
            Parameter("length", "Length", "ULONG", "in", False, "Number of bytes wanted."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("ALH-1", "ALH-2", "ALH-3", "ALH-4", "ALH-5", "ALH-6", "ALH-7", "ALH-8"),
        summary="Allocate a block on the LSA heap, usually for data handed back to LSA.",
        failure="NULL pointer",
        ownership="Caller owns the block until it frees it with FreeLsaHeap or hands it to LSA in an output that LSA frees.",
        doc="seed 003; sdk-api: nc-ntsecpkg-lsa_allocate_lsa_heap",
        doc_level="full", family="lsa-heap", entry_name="AllocateLsaHeap", interface_version=0,
    ),
    Slot(
        6, "FreeLsaHeap", "LSA_SECPKG_FUNCTION_TABLE", "VOID",
        parameters=(
            Parameter("base", "Base", "PVOID", "in", False, "Block to free.", tolerates_null=True),
        ),
        statuses=(),
        status_sets=(), rule_ids=("FLH-1", "FLH-2", "FLH-3", "FLH-4", "FLH-5", "FLH-6", "FLH-7"),
        summary="Return a block obtained from AllocateLsaHeap.",
        failure="no return value",
        ownership="Takes the block back; the pointer is dead afterwards.",
        doc="sdk-api: nc-ntlsa-lsa_free_lsa_heap",
        doc_level="full", family="lsa-heap", entry_name="FreeLsaHeap", interface_version=0,
    ),
    Slot(
        7, "AllocateClientBuffer", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("client_request", "ClientRequest", "PLSA_CLIENT_REQUEST", "in", False, "Opaque request value received in LsaApCallPackage or a logon entry point."),
            Parameter("length_required", "LengthRequired", "ULONG", "in", False, "Bytes wanted."),
            Parameter("client_base_address", "ClientBaseAddress", "PVOID *", "out", False, "Receives the address, valid in the client's address space only."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "buffer allocated"),
            DocumentedStatus("STATUS_NO_MEMORY", "the client's quota does not allow it"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("ACB-1", "ACB-2", "ACB-3", "ACB-4", "ACB-5"),
        summary="Allocate a buffer inside the address space of the client process.",
        failure="NTSTATUS error code",
        ownership="Memory lives in the client. Freed by the package with FreeClientBuffer, or by the client with LsaFreeReturnBuffer once returned to it.",
        doc="sdk-api: nc-ntsecpkg-lsa_allocate_client_buffer",
        doc_level="full", family="client-buffer", entry_name="AllocateClientBuffer", interface_version=0,
    ),
    Slot(
        8, "FreeClientBuffer", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("client_request", "ClientRequest", "PLSA_CLIENT_REQUEST", "in", False, "Opaque request value of the current call."),
            Parameter("client_base_address", "ClientBaseAddress", "PVOID", "in", False, "Client address to free.", tolerates_null=True),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "buffer freed, or nothing to free"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("FCB-1", "FCB-2", "FCB-3", "FCB-4"),
        summary="Free a buffer that AllocateClientBuffer placed in the client.",
        failure="NTSTATUS error code",
        ownership="Takes back the client buffer.",
        doc="sdk-api: nc-ntsecpkg-lsa_free_client_buffer",
        doc_level="full", family="client-buffer", entry_name="FreeClientBuffer", interface_version=0,
    ),
    Slot(
        9, "CopyToClientBuffer", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("client_request", "ClientRequest", "PLSA_CLIENT_REQUEST", "in", False, "Opaque request value of the current call."),
            Parameter("length", "Length", "ULONG", "in", False, "Bytes to copy."),
            Parameter("client_base_address", "ClientBaseAddress", "PVOID", "in", False, "Destination address in the client."),
            Parameter("buffer_to_copy", "BufferToCopy", "PVOID", "in", False, "Source in the LSA process.", takes_bytes=True),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "bytes copied"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("CTC-1", "CTC-2"),
        summary="Copy bytes from the package to a buffer in the client.",
        failure="NTSTATUS error code",
        ownership="No ownership change; both buffers stay with their owners.",
        doc="sdk-api: nc-ntsecpkg-lsa_copy_to_client_buffer",
        doc_level="full", family="client-buffer", entry_name="CopyToClientBuffer", interface_version=0,
    ),
    Slot(
        10, "CopyFromClientBuffer", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("client_request", "ClientRequest", "PLSA_CLIENT_REQUEST", "in", False, "Opaque request value of the current call."),
            Parameter("length", "Length", "ULONG", "in", False, "Bytes to copy."),
            Parameter("buffer_to_copy", "BufferToCopy", "PVOID", "out", False, "Local destination in the LSA process."),
            Parameter("client_base_address", "ClientBaseAddress", "PVOID", "in", False, "Source address in the client."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "bytes copied"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("CFC-1", "CFC-2"),
        summary="Copy bytes from a buffer in the client to the package.",
        failure="NTSTATUS error code",
        ownership="No ownership change; both buffers stay with their owners.",
        doc="sdk-api: nc-ntsecpkg-lsa_copy_from_client_buffer",
        doc_level="full", family="client-buffer", entry_name="CopyFromClientBuffer", interface_version=0,
    ),
    Slot(
        11, "ImpersonateClient", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "thread now impersonates the client"),
        ),
        status_sets=(), rule_ids=("IMP-1", "IMP-2", "IMP-3", "IMP-4", "IMP-5"),
        summary="Make the calling thread impersonate the client of the current call.",
        failure="NTSTATUS error code",
        ownership="The thread holds an impersonation token until it reverts.",
        doc="legacy page: ImpersonateClient function (security, previous versions)",
        doc_level="full", family="token", entry_name="ImpersonateClient", interface_version=0,
    ),
    Slot(
        12, "UnloadPackage", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "always, according to the page"),
        ),
        status_sets=(), rule_ids=("ULP-1", "ULP-2", "ULP-3", "ULP-4"),
        summary="Let a package in unrecoverable trouble have itself unloaded.",
        failure="none documented",
        ownership="No memory changes hands.",
        doc="legacy page: UnloadPackage function (security, previous versions)",
        doc_level="full", family="misc", entry_name="UnloadPackage", interface_version=0,
    ),
    Slot(
        13, "DuplicateHandle", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("source_handle", "SourceHandle", "HANDLE", "in", False, "Handle to duplicate."),
            Parameter("destination_handle", "DestionationHandle", "PHANDLE", "out", False, "Receives the duplicate; the spelling is that of the header."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "handle duplicated"),
        ),
        status_sets=(), rule_ids=("DUH-1", "DUH-2", "DUH-3"),
        summary="Duplicate a handle into the process that is calling the package.",
        failure="NTSTATUS error code",
        ownership="The new handle belongs to the caller's process and is closed with CloseHandle.",
        doc="sdk-api: nc-ntsecpkg-lsa_duplicate_handle",
        doc_level="full", family="misc", entry_name="DuplicateHandle", interface_version=0,
    ),
    Slot(
        14, "SaveSupplementalCredentials", "LSA_SECPKG_FUNCTION_TABLE", "NTSTATUS",
        parameters=(
            Parameter("logon_id", "LogonId", "PLUID", "in", False, "Session concerned."),
            Parameter("supplemental_cred_size", "SupplementalCredSize", "ULONG", "in", False, "Bytes in the buffer."),
            Parameter("supplemental_creds", "SupplementalCreds", "PVOID", "in", False, "Credential bytes."),
            Parameter("synchronous", "Synchronous", "BOOLEAN", "in", False, "By name: wait until saved."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("SSC-1",),
        summary="Obsolete store for supplemental credentials; not to be used.",
        failure="NTSTATUS error code (by type only)",
        ownership="Not stated; the type passes a package buffer in (derived).",
        doc="win32: SecAuthN/authentication-functions (list line only)",
        doc_level="thin", family="cred-manager", entry_name="SaveSupplementalCredentials", interface_version=0,
    ),
    Slot(
        15, "CreateThread", "LSA_SECPKG_FUNCTION_TABLE", "HANDLE",
        parameters=(
            Parameter("security_attributes", "SecurityAttributes", "SEC_ATTRS", "in", False, "Decides whether child processes may inherit the handle."),
            Parameter("stack_size", "StackSize", "ULONG", "in", False, "Initial committed stack, in bytes."),
            Parameter("start_function", "StartFunction", "SEC_THREAD_START", "in", False, "Function the thread runs."),
            Parameter("thread_parameter", "ThreadParameter", "PVOID", "in", False, "Value passed to the function."),
            Parameter("creation_flags", "CreationFlags", "ULONG", "in", False, "Win32 creation flags."),
            Parameter("thread_id", "ThreadId", "PULONG", "out", False, "Receives the thread id."),
        ),
        statuses=(),
        status_sets=(), rule_ids=("CTH-1", "CTH-2", "CTH-3", "CTH-4", "CTH-5"),
        summary="Start a thread under LSA supervision; wrapper of the Win32 call.",
        failure="NULL handle; error through GetLastError",
        ownership="Caller owns the thread handle and closes it with CloseHandle.",
        doc="sdk-api: nc-ntsecpkg-lsa_create_thread",
        doc_level="full", family="misc", entry_name="CreateThread", interface_version=0,
    ),
)
