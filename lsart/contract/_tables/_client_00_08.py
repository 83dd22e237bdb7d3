"""Rows of client API: 0 to 8.

Written by tools/generate_contract.py from lsart/contract/data/client_api.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from lsart.contract._rows import DocumentedStatus, Parameter, Slot

__all__ = ["CLIENT_0_TO_8"]

CLIENT_0_TO_8: tuple[Slot, ...] = (
    Slot(
        0, "LsaConnectUntrusted", "client API", "NTSTATUS",
        parameters=(
            Parameter("lsa_handle", "LsaHandle", "PHANDLE", "out", False, "Receives the connection handle."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "connected"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("LCO-1", "LCO-2", "LCO-3"),
        summary="Open an LSA connection without proving anything about the caller.",
        failure="NTSTATUS error code",
        ownership="Handle belongs to the caller; closed with LsaDeregisterLogonProcess.",
        doc="sdk-api: nf-ntsecapi-lsaconnectuntrusted",
        doc_level="full", family="lsa", entry_name="LsaConnectUntrusted", interface_version=0,
    ),
    Slot(
        1, "LsaRegisterLogonProcess", "client API", "NTSTATUS",
        parameters=(
            Parameter("logon_process_name", "LogonProcessName", "PLSA_STRING", "in", False, "Name of the logon process, at most 127 bytes."),
            Parameter("lsa_handle", "LsaHandle", "PHANDLE", "out", False, "Receives the connection handle."),
            Parameter("security_mode", "SecurityMode", "PLSA_OPERATIONAL_MODE", "out", False, "Has no meaning."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "connected"),
            DocumentedStatus("STATUS_PORT_CONNECTION_REFUSED", "caller lacks the TCB privilege"),
            DocumentedStatus("STATUS_NAME_TOO_LONG", "name longer than 127 bytes"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("LRL-1", "LRL-2", "LRL-3", "LRL-4", "LRL-5", "LRL-6"),
        summary="Open a trusted LSA connection for a logon process.",
        failure="NTSTATUS error code",
        ownership="Handle belongs to the caller; closed with LsaDeregisterLogonProcess.",
        doc="sdk-api: nf-ntsecapi-lsaregisterlogonprocess",
        doc_level="full", family="lsa", entry_name="LsaRegisterLogonProcess", interface_version=0,
    ),
    Slot(
        2, "LsaLookupAuthenticationPackage", "client API", "NTSTATUS",
        parameters=(
            Parameter("lsa_handle", "LsaHandle", "HANDLE", "in", False, "Connection."),
            Parameter("package_name", "PackageName", "PLSA_STRING", "in", False, "Package name, at most 127 bytes."),
            Parameter("authentication_package", "AuthenticationPackage", "PULONG", "out", False, "Receives the id."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "id returned"),
            DocumentedStatus("STATUS_NO_SUCH_PACKAGE", "no package has that name"),
            DocumentedStatus("STATUS_NAME_TOO_LONG", "name longer than 127 bytes"),
        ),
        status_sets=(), rule_ids=("LLA-1", "LLA-2"),
        summary="Turn a package name into a package id.",
        failure="NTSTATUS error code",
        ownership="No memory changes hands.",
        doc="sdk-api: nf-ntsecapi-lsalookupauthenticationpackage",
        doc_level="full", family="lsa", entry_name="LsaLookupAuthenticationPackage", interface_version=0,
    ),
    Slot(
        3, "LsaCallAuthenticationPackage", "client API", "NTSTATUS",
        parameters=(
            Parameter("lsa_handle", "LsaHandle", "HANDLE", "in", False, "Connection."),
            Parameter("authentication_package", "AuthenticationPackage", "ULONG", "in", False, "Package id from LsaLookupAuthenticationPackage."),
            Parameter("protocol_submit_buffer", "ProtocolSubmitBuffer", "PVOID", "in", False, "Message."),
            Parameter("submit_buffer_length", "SubmitBufferLength", "ULONG", "in", False, "Bytes in the message."),
            Parameter("protocol_return_buffer", "ProtocolReturnBuffer", "PVOID *", "out", False, "Receives the reply."),
            Parameter("return_buffer_length", "ReturnBufferLength", "PULONG", "out", False, "Receives its length."),
            Parameter("protocol_status", "ProtocolStatus", "PNTSTATUS", "out", False, "Receives the package's status."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "the message was delivered"),
            DocumentedStatus("STATUS_QUOTA_EXCEEDED", "client memory quota too small for the reply"),
            DocumentedStatus("STATUS_NO_SUCH_PACKAGE", "package id unknown"),
            DocumentedStatus("STATUS_PKINIT_FAILURE", "Kerberos client got a bad server certificate"),
            DocumentedStatus("STATUS_PKINIT_CLIENT_FAILURE", "Kerberos client certificate is bad"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("LCA-1", "LCA-2", "LCA-3"),
        summary="Send a protocol message to an authentication package.",
        failure="NTSTATUS error code; the package's own result in ProtocolStatus",
        ownership="Return buffer is in the client and freed with LsaFreeReturnBuffer.",
        doc="sdk-api: nf-ntsecapi-lsacallauthenticationpackage",
        doc_level="full", family="lsa", entry_name="LsaCallAuthenticationPackage", interface_version=0,
    ),
    Slot(
        4, "LsaLogonUser", "client API", "NTSTATUS",
        parameters=(
            Parameter("lsa_handle", "LsaHandle", "HANDLE", "in", False, "Connection; trusted only when a TCB-needing option is used."),
            Parameter("origin_name", "OriginName", "PLSA_STRING", "in", False, "Origin of the attempt, for auditing."),
            Parameter("logon_type", "LogonType", "SECURITY_LOGON_TYPE", "in", False, "Kind of logon."),
            Parameter("authentication_package", "AuthenticationPackage", "ULONG", "in", False, "Package id."),
            Parameter("authentication_information", "AuthenticationInformation", "PVOID", "in", False, "Package-specific logon data."),
            Parameter("authentication_information_length", "AuthenticationInformationLength", "ULONG", "in", False, "Bytes of it."),
            Parameter("local_groups", "LocalGroups", "PTOKEN_GROUPS", "in", True, "Extra groups; not NULL needs the TCB privilege."),
            Parameter("source_context", "SourceContext", "PTOKEN_SOURCE", "in", False, "Source of the token."),
            Parameter("profile_buffer", "ProfileBuffer", "PVOID *", "out", False, "Receives the profile."),
            Parameter("profile_buffer_length", "ProfileBufferLength", "PULONG", "out", False, "Receives its length."),
            Parameter("logon_id", "LogonId", "PLUID", "out", False, "Receives the session id."),
            Parameter("token", "Token", "PHANDLE", "out", False, "Receives the token."),
            Parameter("quotas", "Quotas", "PQUOTA_LIMITS", "out", False, "Quotas of a primary token."),
            Parameter("sub_status", "SubStatus", "PNTSTATUS", "out", False, "Reason of a restriction."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "logged on"),
            DocumentedStatus("STATUS_QUOTA_EXCEEDED", "quota too small for the return buffer"),
            DocumentedStatus("STATUS_ACCOUNT_RESTRICTION", "account may not log on now; SubStatus says why"),
            DocumentedStatus("STATUS_BAD_VALIDATION_CLASS", "authentication information not recognised"),
            DocumentedStatus("STATUS_LOGON_FAILURE", "logon failed"),
            DocumentedStatus("STATUS_NO_LOGON_SERVERS", "no domain controller reachable"),
            DocumentedStatus("STATUS_NO_SUCH_PACKAGE", "package id unknown"),
            DocumentedStatus("STATUS_PKINIT_FAILURE", "bad server certificate"),
            DocumentedStatus("STATUS_PKINIT_CLIENT_FAILURE", "bad client certificate"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("LLG-1", "LLG-2", "LLG-3", "LLG-4", "LLG-5", "LLG-6", "LLG-7", "LLG-8"),
        summary="Log a principal on through an authentication package; returns session, token and profile.",
        failure="NTSTATUS error code, with detail in SubStatus",
        ownership="Profile freed with LsaFreeReturnBuffer; token closed with CloseHandle.",
        doc="sdk-api: nf-ntsecapi-lsalogonuser",
        doc_level="full", family="lsa", entry_name="LsaLogonUser", interface_version=0,
    ),
    Slot(
        5, "LsaFreeReturnBuffer", "client API", "NTSTATUS",
        parameters=(
            Parameter("buffer", "Buffer", "PVOID", "in", False, "Buffer to free."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "freed"),
        ),
        status_sets=("lsa-policy-returns",), rule_ids=("LFB-1",),
        summary="Free a buffer that an LSA call returned to the caller.",
        failure="NTSTATUS error code",
        ownership="Takes back a profile or reply buffer.",
        doc="sdk-api: nf-ntsecapi-lsafreereturnbuffer",
        doc_level="full", family="lsa", entry_name="LsaFreeReturnBuffer", interface_version=0,
    ),
    Slot(
        6, "LsaDeregisterLogonProcess", "client API", "NTSTATUS",
        parameters=(
            Parameter("lsa_handle", "LsaHandle", "HANDLE", "in", False, "Connection handle."),
        ),
        statuses=(
            DocumentedStatus("STATUS_SUCCESS", "closed"),
        ),
        status_sets=(), rule_ids=("LDR-1",),
        summary="Close an LSA connection.",
        failure="NTSTATUS error code",
        ownership="Takes the connection handle back.",
        doc="sdk-api: nf-ntsecapi-lsaderegisterlogonprocess",
        doc_level="full", family="lsa", entry_name="LsaDeregisterLogonProcess", interface_version=0,
    ),
    Slot(
        7, "AcquireCredentialsHandle", "client API", "SECURITY_STATUS",
        parameters=(
            Parameter("principal", "pszPrincipal", "SEC_WCHAR *", "in", True, "Principal; NULL for the caller."),
            Parameter("package", "pszPackage", "SEC_WCHAR *", "in", False, "Package name."),
            Parameter("credential_use", "fCredentialUse", "unsigned long", "in", False, "SECPKG_CRED bits."),
            Parameter("logon_id", "pvLogonId", "void *", "in", True, "Session of the user, for callers acting for others."),
            Parameter("auth_data", "pAuthData", "void *", "in", True, "Package-specific data."),
            Parameter("get_key_fn", "pGetKeyFn", "SEC_GET_KEY_FN", "in", True, "Not used, NULL."),
            Parameter("get_key_argument", "pvGetKeyArgument", "void *", "in", True, "Must be NULL."),
            Parameter("credential", "phCredential", "PCredHandle", "out", False, "Receives the handle."),
            Parameter("expiry", "ptsExpiry", "PTimeStamp", "out", True, "Receives the expiry in local time."),
        ),
        statuses=(
            DocumentedStatus("SEC_E_OK", "handle returned"),
            DocumentedStatus("SEC_E_INSUFFICIENT_MEMORY", "not enough memory"),
            DocumentedStatus("SEC_E_INTERNAL_ERROR", "an error without its own SSPI code"),
            DocumentedStatus("SEC_E_NO_CREDENTIALS", "the package has no such credentials"),
            DocumentedStatus("SEC_E_NOT_OWNER", "caller may not use the credentials"),
            DocumentedStatus("SEC_E_SECPKG_NOT_FOUND", "package unknown"),
            DocumentedStatus("SEC_E_UNKNOWN_CREDENTIALS", "supplied credentials not recognised"),
        ),
        status_sets=(), rule_ids=("CAH-1", "CAH-2", "CAH-3", "CAH-4"),
        summary="Get a handle to credentials of a principal for one package.",
        failure="SEC_E code",
        ownership="Handle released with FreeCredentialsHandle.",
        doc="sdk-api: nf-sspi-acquirecredentialshandlea (page text is the CredSSP variant)",
        doc_level="full", family="sspi", entry_name="AcquireCredentialsHandle", interface_version=0,
    ),
    Slot(
        8, "FreeCredentialsHandle", "client API", "SECURITY_STATUS",
        parameters=(
            Parameter("credential", "phCredential", "PCredHandle", "in", False, "Handle."),
        ),
        statuses=(
            DocumentedStatus("SEC_E_OK", "freed"),
            DocumentedStatus("SEC_E_INVALID_HANDLE", "handle not valid"),
        ),
        status_sets=(), rule_ids=("CFH-1", "CFH-2"),
        summary="Release a credential handle.",
        failure="SEC_E code",
        ownership="Takes the handle back.",
        doc="sdk-api: nf-sspi-freecredentialshandle",
        doc_level="full", family="sspi", entry_name="FreeCredentialsHandle", interface_version=0,
    ),
)
