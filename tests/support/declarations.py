"""The C declarations of the slots of which nothing else is known, written out as a header has them.

``in``, ``out`` and ``inout`` stand before a parameter's type; a question mark says that NULL is allowed.
"""

from __future__ import annotations

from lsart.contract import Slot

__all__ = ["DECLARATIONS", "declaration"]


def declaration(slot: Slot) -> str:
    """The row in the same words."""
    parameters = [f"{each.direction} {each.type} {each.name}{'?' * each.optional}" for each in slot.parameters]
    return f"{slot.returns} {slot.typedef}({', '.join(parameters)})"


_WRITTEN = {
    "SaveSupplementalCredentials": """
        NTSTATUS LSA_SAVE_SUPPLEMENTAL_CREDENTIALS(in PLUID logon_id, in ULONG supplemental_cred_size, in PVOID
        supplemental_creds, in BOOLEAN synchronous)
    """,
    "GetUserCredentials": """
        NTSTATUS LSA_GET_USER_CREDENTIALS(in PVOID user_handle, out PVOID * primary_creds, out PULONG
        primary_creds_size, out PVOID * supplemental_creds, out PULONG supplemental_creds_size)
    """,
    "DummyFunction6": """
        VOID LSA_PROTECT_MEMORY(inout PVOID buffer, in ULONG buffer_size)
    """,
    "GetExtendedCallFlags": """
        NTSTATUS LSA_GET_EXTENDED_CALL_FLAGS(out PULONG flags)
    """,
    "DuplicateTokenHandle": """
        NTSTATUS LSA_DUPLICATE_HANDLE(in HANDLE source_handle, out PHANDLE destination_handle)
    """,
    "GetServiceAccountPassword": """
        NTSTATUS LSA_GET_SERVICE_ACCOUNT_PASSWORD(in PUNICODE_STRING account_name, in PUNICODE_STRING
        domain_name?, in CRED_FETCH cred_fetch, inout FILETIME * file_time_expiry, out PUNICODE_STRING
        current_password, out PUNICODE_STRING previous_password, out FILETIME *
        file_time_curr_pwd_valid_for_outbound?)
    """,
    "DummyFunction7": """
        VOID LSA_PROTECT_MEMORY(inout PVOID buffer, in ULONG buffer_size)
    """,
    "AuditLogonEx": """
        VOID LSA_AUDIT_LOGON_EX(in NTSTATUS status, in NTSTATUS sub_status, in PUNICODE_STRING account_name?, in
        PUNICODE_STRING authenticating_authority?, in PUNICODE_STRING workstation_name?, in PSID user_sid?, in
        SECURITY_LOGON_TYPE logon_type, in SECURITY_IMPERSONATION_LEVEL impersonation_level, in PTOKEN_SOURCE
        token_source, in PLUID logon_id)
    """,
    "CheckProtectedUserByToken": """
        NTSTATUS LSA_CHECK_PROTECTED_USER_BY_TOKEN(in HANDLE user_token, out PBOOLEAN protected_user)
    """,
    "QueryClientRequest": """
        NTSTATUS LSA_QUERY_CLIENT_REQUEST(in PLSA_CLIENT_REQUEST client_request, in ULONG query_type, out PVOID
        * reply_buffer)
    """,
    "GetAppModeInfo": """
        NTSTATUS LSA_GET_APP_MODE_INFO(out PULONG user_function?, out PULONG_PTR argument1?, out PULONG_PTR
        argument2?, out PSecBuffer user_data?, out PBOOLEAN return_to_lsa?)
    """,
    "SetAppModeInfo": """
        NTSTATUS LSA_SET_APP_MODE_INFO(in ULONG user_function, in ULONG_PTR argument1?, in ULONG_PTR argument2?,
        in PSecBuffer user_data?, in BOOLEAN return_to_lsa)
    """,
    "GetClientInfoEx": """
        NTSTATUS LSA_GET_CLIENT_INFO_EX(out PSECPKG_CLIENT_INFO_EX client_info, in ULONG struct_size)
    """,
    "PostLogonUser": """
        NTSTATUS LSA_AP_POST_LOGON_USER(in PSECPKG_POST_LOGON_USER_INFO post_logon_user_info)
    """,
    "GetRemoteCredGuardLogonBuffer": """
        NTSTATUS SpGetRemoteCredGuardLogonBufferFn(in LSA_SEC_HANDLE cred_handle, in LSA_SEC_HANDLE
        context_handle, in const UNICODE_STRING * target_name, out PHANDLE redirected_logon_handle, out
        PLSA_REDIRECTED_LOGON_CALLBACK * callback, out PLSA_REDIRECTED_LOGON_CLEANUP_CALLBACK *
        cleanup_callback, out PULONG logon_buffer_size, out PVOID * logon_buffer)
    """,
    "GetRemoteCredGuardSupplementalCreds": """
        NTSTATUS SpGetRemoteCredGuardSupplementalCredsFn(in LSA_SEC_HANDLE cred_handle, in const UNICODE_STRING
        * target_name, out PHANDLE redirected_logon_handle, out PLSA_REDIRECTED_LOGON_CALLBACK * callback, out
        PLSA_REDIRECTED_LOGON_CLEANUP_CALLBACK * cleanup_callback, out PULONG supplemental_creds_size, out PVOID
        * supplemental_creds)
    """,
    "GetTbalSupplementalCreds": """
        NTSTATUS SpGetTbalSupplementalCredsFn(in LUID logon_id, out PULONG supplemental_creds_size, out PVOID *
        supplemental_creds)
    """,
    "LogonUserEx3": """
        NTSTATUS LSA_AP_LOGON_USER_EX3(in PLSA_CLIENT_REQUEST client_request, in SECURITY_LOGON_TYPE logon_type,
        in PVOID protocol_submit_buffer, in PVOID client_buffer_base, in ULONG submit_buffer_size, inout
        PSECPKG_SURROGATE_LOGON surrogate_logon, out PVOID * profile_buffer, out PULONG profile_buffer_size, out
        PLUID logon_id, out PNTSTATUS sub_status, out PLSA_TOKEN_INFORMATION_TYPE token_information_type, out
        PVOID * token_information, out PUNICODE_STRING * account_name, out PUNICODE_STRING *
        authenticating_authority, out PUNICODE_STRING * machine_name, out PSECPKG_PRIMARY_CRED
        primary_credentials, out PSECPKG_SUPPLEMENTAL_CRED_ARRAY * supplemental_credentials)
    """,
    "PreLogonUserSurrogate": """
        NTSTATUS LSA_AP_PRE_LOGON_USER_SURROGATE(in PLSA_CLIENT_REQUEST client_request, in SECURITY_LOGON_TYPE
        logon_type, in PVOID protocol_submit_buffer, in PVOID client_buffer_base, in ULONG submit_buffer_size,
        inout PSECPKG_SURROGATE_LOGON surrogate_logon, out PNTSTATUS sub_status)
    """,
    "PostLogonUserSurrogate": """
        NTSTATUS LSA_AP_POST_LOGON_USER_SURROGATE(in PLSA_CLIENT_REQUEST client_request, in SECURITY_LOGON_TYPE
        logon_type, in PVOID protocol_submit_buffer, in PVOID client_buffer_base, in ULONG submit_buffer_size,
        in PSECPKG_SURROGATE_LOGON surrogate_logon, in PVOID profile_buffer, in ULONG profile_buffer_size, in
        PLUID logon_id, in NTSTATUS status, in NTSTATUS sub_status, in LSA_TOKEN_INFORMATION_TYPE
        token_information_type, in PVOID token_information, in PUNICODE_STRING account_name, in PUNICODE_STRING
        authenticating_authority, in PUNICODE_STRING machine_name, in PSECPKG_PRIMARY_CRED primary_credentials,
        in PSECPKG_SUPPLEMENTAL_CRED_ARRAY supplemental_credentials)
    """,
    "ExtractTargetInfo": """
        NTSTATUS SpExtractTargetInfoFn(in PLSA_CLIENT_REQUEST client_request?, in PVOID protocol_submit_buffer,
        in PVOID client_buffer_base?, in ULONG submit_buffer_length, out PVOID * target_info, out ULONG *
        target_info_size)
    """,
}
DECLARATIONS = {name: " ".join(text.split()) for name, text in _WRITTEN.items()}
"""By the name of the slot; those of LSA's table first."""
