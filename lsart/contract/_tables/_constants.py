"""Flags and values of structures and parameters.

Written by tools/generate_contract.py from lsart/contract/data/structures.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from typing import Final

__all__ = [
    "ASC_REQ_ALLOCATE_MEMORY", "ASC_REQ_CONFIDENTIALITY", "ASC_REQ_CONNECTION",
    "ASC_REQ_DATAGRAM", "ASC_REQ_DELEGATE", "ASC_REQ_EXTENDED_ERROR",
    "ASC_REQ_IDENTIFY", "ASC_REQ_INTEGRITY", "ASC_REQ_MUTUAL_AUTH",
    "ASC_REQ_REPLAY_DETECT", "ASC_REQ_SEQUENCE_DETECT", "ASC_REQ_STREAM",
    "ASC_REQ_USE_DCE_STYLE", "ASC_REQ_USE_SESSION_KEY", "CREDP_FLAGS_CLEAR_PASSWORD",
    "CREDP_FLAGS_DONT_CACHE_TI", "CREDP_FLAGS_IN_PROCESS", "CREDP_FLAGS_TRUSTED_CALLER",
    "CREDP_FLAGS_USER_ENCRYPTED_PASSWORD", "CREDP_FLAGS_USE_MIDL_HEAP",
    "CREDP_FLAGS_VALIDATE_PROXY_TARGET", "ISC_REQ_ALLOCATE_MEMORY",
    "ISC_REQ_CONFIDENTIALITY", "ISC_REQ_CONNECTION", "ISC_REQ_DATAGRAM",
    "ISC_REQ_DELEGATE", "ISC_REQ_EXTENDED_ERROR", "ISC_REQ_IDENTIFY",
    "ISC_REQ_INTEGRITY", "ISC_REQ_MUTUAL_AUTH", "ISC_REQ_PROMPT_FOR_CREDS",
    "ISC_REQ_REPLAY_DETECT", "ISC_REQ_SEQUENCE_DETECT", "ISC_REQ_STREAM",
    "ISC_REQ_USE_DCE_STYLE", "ISC_REQ_USE_SESSION_KEY", "ISC_REQ_USE_SUPPLIED_CREDS",
    "LSA_QUERY_CLIENT_PRELOGON_SESSION_ID", "MAX_CRED_SIZE", "NOTIFIER_FLAG_NEW_THREAD",
    "NOTIFIER_FLAG_ONE_SHOT", "NOTIFIER_FLAG_SECONDS", "NOTIFIER_TYPE_HANDLE_WAIT",
    "NOTIFIER_TYPE_IMMEDIATE", "NOTIFIER_TYPE_INTERVAL", "NOTIFIER_TYPE_NOTIFY_EVENT",
    "NOTIFIER_TYPE_STATE_CHANGE", "NOTIFY_CLASS_DOMAIN_CHANGE",
    "NOTIFY_CLASS_PACKAGE_CHANGE", "NOTIFY_CLASS_REGISTRY_CHANGE",
    "NOTIFY_CLASS_ROLE_CHANGE", "NO_LONG_NAMES", "PRIMARY_CRED_AUTH_ID",
    "PRIMARY_CRED_CACHED_LOGON", "PRIMARY_CRED_CLEAR_PASSWORD",
    "PRIMARY_CRED_DO_NOT_SPLIT", "PRIMARY_CRED_EX",
    "PRIMARY_CRED_INTERACTIVE_SMARTCARD_LOGON", "PRIMARY_CRED_INTERNET_USER",
    "PRIMARY_CRED_LOGON_LUA", "PRIMARY_CRED_LOGON_NO_TCB",
    "PRIMARY_CRED_LOGON_PACKAGE_SHIFT", "PRIMARY_CRED_OWF_PASSWORD",
    "PRIMARY_CRED_PACKAGE_MASK", "PRIMARY_CRED_PACKED_CREDS",
    "PRIMARY_CRED_PROTECTED_USER", "PRIMARY_CRED_REFRESH_NEEDED",
    "PRIMARY_CRED_RESTRICTED_TS", "PRIMARY_CRED_TRANSFER", "PRIMARY_CRED_UPDATE",
    "SECBUFFER_ATTRMASK", "SECBUFFER_CHANNEL_BINDINGS", "SECBUFFER_DATA",
    "SECBUFFER_EMPTY", "SECBUFFER_EXTRA", "SECBUFFER_KERNEL_MAP", "SECBUFFER_MISSING",
    "SECBUFFER_PADDING", "SECBUFFER_PKG_PARAMS", "SECBUFFER_READONLY",
    "SECBUFFER_READONLY_WITH_CHECKSUM", "SECBUFFER_STREAM", "SECBUFFER_STREAM_HEADER",
    "SECBUFFER_STREAM_TRAILER", "SECBUFFER_TARGET", "SECBUFFER_TOKEN",
    "SECBUFFER_UNMAPPED", "SECPKG_ATTR_ACCESS_TOKEN", "SECPKG_ATTR_AUTHORITY",
    "SECPKG_ATTR_DCE_INFO", "SECPKG_ATTR_FLAGS", "SECPKG_ATTR_KEY_INFO",
    "SECPKG_ATTR_LIFESPAN", "SECPKG_ATTR_NAMES", "SECPKG_ATTR_NATIVE_NAMES",
    "SECPKG_ATTR_NEGOTIATION_INFO", "SECPKG_ATTR_PACKAGE_INFO",
    "SECPKG_ATTR_PASSWORD_EXPIRY", "SECPKG_ATTR_PROTO_INFO", "SECPKG_ATTR_SESSION_KEY",
    "SECPKG_ATTR_SIZES", "SECPKG_ATTR_STREAM_SIZES",
    "SECPKG_ATTR_SUBJECT_SECURITY_ATTRIBUTES", "SECPKG_ATTR_TARGET",
    "SECPKG_ATTR_THUNK_ALL", "SECPKG_ATTR_USER_FLAGS", "SECPKG_CALLFLAGS_APPCONTAINER",
    "SECPKG_CALLFLAGS_APPCONTAINER_AUTHCAPABLE",
    "SECPKG_CALLFLAGS_APPCONTAINER_UPNCAPABLE", "SECPKG_CALLFLAGS_FORCE_SUPPLIED",
    "SECPKG_CALL_ANSI", "SECPKG_CALL_ASYNC_UPDATE", "SECPKG_CALL_BUFFER_MARSHAL",
    "SECPKG_CALL_CLEANUP", "SECPKG_CALL_CLOUDAP_CONNECT", "SECPKG_CALL_IN_PROC",
    "SECPKG_CALL_IS_TCB", "SECPKG_CALL_KERNEL_MODE", "SECPKG_CALL_NEGO",
    "SECPKG_CALL_NEGO_EXTENDER", "SECPKG_CALL_NETWORK_ONLY", "SECPKG_CALL_PROCESS_TERM",
    "SECPKG_CALL_RECURSIVE", "SECPKG_CALL_SYSTEM_PROC", "SECPKG_CALL_THREAD_TERM",
    "SECPKG_CALL_UNLOCK", "SECPKG_CALL_URGENT", "SECPKG_CALL_WINLOGON",
    "SECPKG_CALL_WOWA32", "SECPKG_CALL_WOWCLIENT", "SECPKG_CALL_WOWX86",
    "SECPKG_CLIENT_PROCESS_TERMINATED", "SECPKG_CLIENT_THREAD_TERMINATED",
    "SECPKG_CONTEXT_EXPORT_DELETE_OLD", "SECPKG_CONTEXT_EXPORT_RESET_NEW",
    "SECPKG_CONTEXT_EXPORT_TO_KERNEL", "SECPKG_CRED_ATTR_CERT",
    "SECPKG_CRED_ATTR_KDC_PROXY_SETTINGS", "SECPKG_CRED_ATTR_NAMES",
    "SECPKG_CRED_ATTR_PAC_BYPASS", "SECPKG_CRED_ATTR_SSI_PROVIDER",
    "SECPKG_CRED_AUTOLOGON_RESTRICTED", "SECPKG_CRED_BOTH", "SECPKG_CRED_DEFAULT",
    "SECPKG_CRED_INBOUND", "SECPKG_CRED_OUTBOUND", "SECPKG_CRED_PROCESS_POLICY_ONLY",
    "SECPKG_FLAG_ACCEPT_WIN32_NAME", "SECPKG_FLAG_APPCONTAINER_CHECKS",
    "SECPKG_FLAG_APPCONTAINER_PASSTHROUGH", "SECPKG_FLAG_APPLY_LOOPBACK",
    "SECPKG_FLAG_ASCII_BUFFERS", "SECPKG_FLAG_CLIENT_ONLY", "SECPKG_FLAG_CONNECTION",
    "SECPKG_FLAG_CREDENTIAL_ISOLATION_ENABLED", "SECPKG_FLAG_DATAGRAM",
    "SECPKG_FLAG_DELEGATION", "SECPKG_FLAG_EXTENDED_ERROR", "SECPKG_FLAG_FRAGMENT",
    "SECPKG_FLAG_GSS_COMPATIBLE", "SECPKG_FLAG_IMPERSONATION", "SECPKG_FLAG_INTEGRITY",
    "SECPKG_FLAG_LOGON", "SECPKG_FLAG_MULTI_REQUIRED", "SECPKG_FLAG_MUTUAL_AUTH",
    "SECPKG_FLAG_NEGOTIABLE", "SECPKG_FLAG_NEGOTIABLE2", "SECPKG_FLAG_NEGO_EXTENDER",
    "SECPKG_FLAG_PRIVACY", "SECPKG_FLAG_READONLY_WITH_CHECKSUM",
    "SECPKG_FLAG_RESTRICTED_TOKENS", "SECPKG_FLAG_STREAM", "SECPKG_FLAG_TOKEN_ONLY",
    "SECPKG_ID_NONE", "SECPKG_INTERFACE_VERSION", "SECPKG_INTERFACE_VERSION_10",
    "SECPKG_INTERFACE_VERSION_11", "SECPKG_INTERFACE_VERSION_2",
    "SECPKG_INTERFACE_VERSION_3", "SECPKG_INTERFACE_VERSION_4",
    "SECPKG_INTERFACE_VERSION_5", "SECPKG_INTERFACE_VERSION_6",
    "SECPKG_INTERFACE_VERSION_7", "SECPKG_INTERFACE_VERSION_8",
    "SECPKG_INTERFACE_VERSION_9", "SECPKG_PACKAGE_CHANGE_LOAD",
    "SECPKG_PACKAGE_CHANGE_SELECT", "SECPKG_PACKAGE_CHANGE_UNLOAD",
    "SECPKG_STATE_CRED_ISOLATION_ENABLED", "SECPKG_STATE_DOMAIN_CONTROLLER",
    "SECPKG_STATE_ENCRYPTION_PERMITTED", "SECPKG_STATE_RESERVED_1",
    "SECPKG_STATE_STANDALONE", "SECPKG_STATE_STRONG_ENCRYPTION_PERMITTED",
    "SECPKG_STATE_WORKSTATION", "SECURITY_NATIVE_DREP", "SECURITY_NETWORK_DREP",
    "UNDERSTANDS_LONG_NAMES"
]

SECPKG_STATE_ENCRYPTION_PERMITTED: Final = 0x1  # Packages may encrypt.
SECPKG_STATE_STRONG_ENCRYPTION_PERMITTED: Final = 0x2  # Packages may use strong encryption.
SECPKG_STATE_DOMAIN_CONTROLLER: Final = 0x4  # Machine is a domain controller.
SECPKG_STATE_WORKSTATION: Final = 0x8  # Machine is a workstation on a network.
SECPKG_STATE_STANDALONE: Final = 0x10  # Machine stands alone.
SECPKG_STATE_CRED_ISOLATION_ENABLED: Final = 0x20  # Credential isolation is on.
SECPKG_STATE_RESERVED_1: Final = 0x80000000  # Reserved.

SECPKG_CLIENT_PROCESS_TERMINATED: Final = 0x1  # Client process has ended.
SECPKG_CLIENT_THREAD_TERMINATED: Final = 0x2  # Client thread has ended.

SECPKG_CALL_KERNEL_MODE: Final = 0x1  # Call began in kernel mode.
SECPKG_CALL_ANSI: Final = 0x2  # Call came through an ANSI stub.
SECPKG_CALL_URGENT: Final = 0x4  # Call marked urgent.
SECPKG_CALL_RECURSIVE: Final = 0x8  # Call recurses.
SECPKG_CALL_IN_PROC: Final = 0x10  # Call began in process; the page does not say in which process.
SECPKG_CALL_CLEANUP: Final = 0x20  # Clean-up after a client.
SECPKG_CALL_WOWCLIENT: Final = 0x40  # Client is 32-bit on 64-bit; not on XP and 2003.
SECPKG_CALL_THREAD_TERM: Final = 0x80  # Calling thread has ended; not on XP and 2003.
SECPKG_CALL_PROCESS_TERM: Final = 0x100  # Calling process has ended; not on XP and 2003.
SECPKG_CALL_IS_TCB: Final = 0x200  # Caller is trusted; not on XP and 2003.
SECPKG_CALL_NETWORK_ONLY: Final = 0x400  # Network logon only, no cached logon; not on XP and 2003.
SECPKG_CALL_WINLOGON: Final = 0x800  # LsaLogonUser caller is the logon process; not on XP and 2003.
SECPKG_CALL_ASYNC_UPDATE: Final = 0x1000  # Asynchronous update for unlock.
SECPKG_CALL_SYSTEM_PROC: Final = 0x2000  # Call began in the System process.
SECPKG_CALL_NEGO: Final = 0x4000  # Call comes from the negotiating package; Windows 7.
SECPKG_CALL_NEGO_EXTENDER: Final = 0x8000  # Call comes from the negotiation extender; Windows 7.
SECPKG_CALL_BUFFER_MARSHAL: Final = 0x10000  # Buffer is marshalled by RPC; the page spells it with two L.
SECPKG_CALL_UNLOCK: Final = 0x20000  # Unlock.
SECPKG_CALL_CLOUDAP_CONNECT: Final = 0x40000  # Caller is the cloud package connecting.
SECPKG_CALL_WOWX86: Final = 0x40  # 32-bit x86 guest; same value as WOWCLIENT.
SECPKG_CALL_WOWA32: Final = 0x40000  # 32-bit ARM guest; same value as CLOUDAP_CONNECT.

SECPKG_FLAG_INTEGRITY: Final = 0x1  # MakeSignature and VerifySignature supported.
SECPKG_FLAG_PRIVACY: Final = 0x2  # EncryptMessage and DecryptMessage supported.
SECPKG_FLAG_TOKEN_ONLY: Final = 0x4  # Only token buffers matter to it.
SECPKG_FLAG_DATAGRAM: Final = 0x8  # Datagram contexts supported.
SECPKG_FLAG_CONNECTION: Final = 0x10  # Connection contexts supported.
SECPKG_FLAG_MULTI_REQUIRED: Final = 0x20  # Several legs are needed.
SECPKG_FLAG_CLIENT_ONLY: Final = 0x40  # No server side.
SECPKG_FLAG_EXTENDED_ERROR: Final = 0x80  # Extended errors supported.
SECPKG_FLAG_IMPERSONATION: Final = 0x100  # Server contexts can be impersonated.
SECPKG_FLAG_ACCEPT_WIN32_NAME: Final = 0x200  # Understands Windows names.
SECPKG_FLAG_STREAM: Final = 0x400  # Stream contexts supported.
SECPKG_FLAG_NEGOTIABLE: Final = 0x800  # Usable by the negotiating package.
SECPKG_FLAG_GSS_COMPATIBLE: Final = 0x1000  # Compatible with the GSS interface.
SECPKG_FLAG_LOGON: Final = 0x2000  # LsaLogonUser supported.
SECPKG_FLAG_ASCII_BUFFERS: Final = 0x4000  # Token buffers are ASCII.
SECPKG_FLAG_FRAGMENT: Final = 0x8000  # Tokens may be split into fragments.
SECPKG_FLAG_MUTUAL_AUTH: Final = 0x10000  # Mutual authentication supported.
SECPKG_FLAG_DELEGATION: Final = 0x20000  # Delegation supported.
SECPKG_FLAG_READONLY_WITH_CHECKSUM: Final = 0x40000  # A checksum may replace encrypting in place.
SECPKG_FLAG_RESTRICTED_TOKENS: Final = 0x80000  # Callers with restricted tokens supported.
SECPKG_FLAG_NEGO_EXTENDER: Final = 0x100000  # Extends the negotiating package.
SECPKG_FLAG_NEGOTIABLE2: Final = 0x200000  # Negotiated by the extender.
SECPKG_FLAG_APPCONTAINER_PASSTHROUGH: Final = 0x400000  # Receives every call from app containers.
SECPKG_FLAG_APPCONTAINER_CHECKS: Final = 0x800000  # Receives app-container calls only when a check passes.
SECPKG_FLAG_CREDENTIAL_ISOLATION_ENABLED: Final = 0x1000000  # Credential isolation is on (header only).
SECPKG_FLAG_APPLY_LOOPBACK: Final = 0x2000000  # Loopback handling (header only).

SECPKG_ID_NONE: Final = 0xffff  # No RPC id.

SECPKG_CALLFLAGS_APPCONTAINER: Final = 0x1  # Caller is an app container.
SECPKG_CALLFLAGS_APPCONTAINER_AUTHCAPABLE: Final = 0x2  # Caller may use default credentials (the page calls it SECPKG_CALLFLAGS_AUTHCAPABLE).
SECPKG_CALLFLAGS_FORCE_SUPPLIED: Final = 0x4  # Caller may use only supplied credentials.
SECPKG_CALLFLAGS_APPCONTAINER_UPNCAPABLE: Final = 0x8  # Caller may query the user principal name (header only, meaning derived from the name).

NOTIFIER_TYPE_INTERVAL: Final = 1  # Fixed interval.
NOTIFIER_TYPE_HANDLE_WAIT: Final = 2  # A handle is signalled.
NOTIFIER_TYPE_STATE_CHANGE: Final = 3  # Machine domain or installation type changed.
NOTIFIER_TYPE_NOTIFY_EVENT: Final = 4  # A security event of a class.
NOTIFIER_TYPE_IMMEDIATE: Final = 16  # At once; implies one-shot.

NOTIFIER_FLAG_NEW_THREAD: Final = 0x1  # A new thread waits for the notification.
NOTIFIER_FLAG_ONE_SHOT: Final = 0x2  # Notify only once.
NOTIFIER_FLAG_SECONDS: Final = 0x80000000  # Interval is in seconds.

NOTIFY_CLASS_PACKAGE_CHANGE: Final = 1  # Package loaded, unloaded or newly preferred.
NOTIFY_CLASS_ROLE_CHANGE: Final = 2  # Reserved for internal use.
NOTIFY_CLASS_DOMAIN_CHANGE: Final = 3  # Reserved for internal use.
NOTIFY_CLASS_REGISTRY_CHANGE: Final = 4  # Header only.

SECPKG_PACKAGE_CHANGE_LOAD: Final = 0  # Package loaded.
SECPKG_PACKAGE_CHANGE_UNLOAD: Final = 1  # Package unloaded.
SECPKG_PACKAGE_CHANGE_SELECT: Final = 2  # Package became the preferred one.

PRIMARY_CRED_CLEAR_PASSWORD: Final = 0x1  # Passwords are plain text.
PRIMARY_CRED_OWF_PASSWORD: Final = 0x2  # Passwords are one-way hashed.
PRIMARY_CRED_UPDATE: Final = 0x4  # Change of existing credentials.
PRIMARY_CRED_CACHED_LOGON: Final = 0x8  # Came from a cached logon.
PRIMARY_CRED_LOGON_NO_TCB: Final = 0x10  # Logon caller was not trusted (header only).
PRIMARY_CRED_LOGON_LUA: Final = 0x20  # Limited user (header only).
PRIMARY_CRED_INTERACTIVE_SMARTCARD_LOGON: Final = 0x40  # Smart card logon (header only).
PRIMARY_CRED_REFRESH_NEEDED: Final = 0x80  # Unlock needs a refresh (header only).
PRIMARY_CRED_INTERNET_USER: Final = 0x100  # Consumer online identity (header only).
PRIMARY_CRED_AUTH_ID: Final = 0x200  # Unencrypted identity structure (header only).
PRIMARY_CRED_DO_NOT_SPLIT: Final = 0x400  # Header only.
PRIMARY_CRED_PROTECTED_USER: Final = 0x800  # Protected user (header only).
PRIMARY_CRED_EX: Final = 0x1000  # Structure is the longer form (header only).
PRIMARY_CRED_TRANSFER: Final = 0x2000  # Transferred credential (header only).
PRIMARY_CRED_RESTRICTED_TS: Final = 0x4000  # Restricted terminal session (header only).
PRIMARY_CRED_PACKED_CREDS: Final = 0x8000  # Packed credentials (header only).

PRIMARY_CRED_LOGON_PACKAGE_SHIFT: Final = 24  # Right shift that yields the package id.
PRIMARY_CRED_PACKAGE_MASK: Final = 0xff000000  # Mask of the package id.

CREDP_FLAGS_IN_PROCESS: Final = 0x1  # Caller is inside LSA.
CREDP_FLAGS_USE_MIDL_HEAP: Final = 0x2  # Use the RPC heap for the buffer.
CREDP_FLAGS_DONT_CACHE_TI: Final = 0x4  # Do not cache target information.
CREDP_FLAGS_CLEAR_PASSWORD: Final = 0x8  # Data is plain text.
CREDP_FLAGS_USER_ENCRYPTED_PASSWORD: Final = 0x10  # Data is encrypted for the user.
CREDP_FLAGS_TRUSTED_CALLER: Final = 0x20  # Caller is trusted.
CREDP_FLAGS_VALIDATE_PROXY_TARGET: Final = 0x40  # Check that the target is a proxy.

SECPKG_CRED_INBOUND: Final = 0x1  # Credential for accepting.
SECPKG_CRED_OUTBOUND: Final = 0x2  # Credential for connecting; the page prints 0x0.
SECPKG_CRED_BOTH: Final = 0x3  # Both uses.
SECPKG_CRED_DEFAULT: Final = 0x4  # Default use (header only).
SECPKG_CRED_AUTOLOGON_RESTRICTED: Final = 0x10  # No default credentials of the logged-on user.
SECPKG_CRED_PROCESS_POLICY_ONLY: Final = 0x20  # Process policy only.

SECPKG_CRED_ATTR_NAMES: Final = 1  # Name of the credential.
SECPKG_CRED_ATTR_SSI_PROVIDER: Final = 2  # Header only.
SECPKG_CRED_ATTR_KDC_PROXY_SETTINGS: Final = 3  # Header only.
SECPKG_CRED_ATTR_CERT: Final = 4  # Header only.
SECPKG_CRED_ATTR_PAC_BYPASS: Final = 5  # Header only.

SECPKG_ATTR_SIZES: Final = 0  # Sizes for tokens and signatures.
SECPKG_ATTR_NAMES: Final = 1  # Name of the peer.
SECPKG_ATTR_LIFESPAN: Final = 2  # Start and end time.
SECPKG_ATTR_DCE_INFO: Final = 3  # DCE authorization data.
SECPKG_ATTR_STREAM_SIZES: Final = 4  # Sizes for stream contexts.
SECPKG_ATTR_KEY_INFO: Final = 5  # Key information.
SECPKG_ATTR_AUTHORITY: Final = 6  # Authenticating authority.
SECPKG_ATTR_PROTO_INFO: Final = 7  # Protocol information.
SECPKG_ATTR_PASSWORD_EXPIRY: Final = 8  # When the password expires.
SECPKG_ATTR_SESSION_KEY: Final = 9  # Session key.
SECPKG_ATTR_PACKAGE_INFO: Final = 10  # Package information.
SECPKG_ATTR_USER_FLAGS: Final = 11  # User flags.
SECPKG_ATTR_NEGOTIATION_INFO: Final = 12  # Package and state of a negotiation.
SECPKG_ATTR_NATIVE_NAMES: Final = 13  # Native names of both sides.
SECPKG_ATTR_FLAGS: Final = 14  # Context flags.
SECPKG_ATTR_ACCESS_TOKEN: Final = 18  # Access token.
SECPKG_ATTR_TARGET: Final = 19  # Target.
SECPKG_ATTR_SUBJECT_SECURITY_ATTRIBUTES: Final = 128  # Security attributes; the page prints 124.
SECPKG_ATTR_THUNK_ALL: Final = 0x10000  # As first context-thunk level: send every query to LSA.

SECPKG_CONTEXT_EXPORT_RESET_NEW: Final = 0x1  # New context starts in its initial state.
SECPKG_CONTEXT_EXPORT_DELETE_OLD: Final = 0x2  # Old context is deleted.
SECPKG_CONTEXT_EXPORT_TO_KERNEL: Final = 0x4  # Export to the kernel (header only).

SECBUFFER_EMPTY: Final = 0  # Unused.
SECBUFFER_DATA: Final = 1  # Message data.
SECBUFFER_TOKEN: Final = 2  # Token or signature.
SECBUFFER_PKG_PARAMS: Final = 3  # Package parameters.
SECBUFFER_MISSING: Final = 4  # Missing bytes.
SECBUFFER_EXTRA: Final = 5  # Unprocessed bytes.
SECBUFFER_STREAM_TRAILER: Final = 6  # Trailer.
SECBUFFER_STREAM_HEADER: Final = 7  # Header.
SECBUFFER_PADDING: Final = 9  # Padding.
SECBUFFER_STREAM: Final = 10  # Stream.
SECBUFFER_TARGET: Final = 13  # Target.
SECBUFFER_CHANNEL_BINDINGS: Final = 14  # Channel bindings.
SECBUFFER_READONLY: Final = 0x80000000  # Attribute: may not be changed.
SECBUFFER_READONLY_WITH_CHECKSUM: Final = 0x10000000  # Attribute: read only, checksummed.
SECBUFFER_ATTRMASK: Final = 0xf0000000  # Mask of the attribute bits.

SECBUFFER_UNMAPPED: Final = 0x40000000  # Buffer lies in the client address space.
SECBUFFER_KERNEL_MAP: Final = 0x20000000  # Buffer was mapped from kernel mode.

SECURITY_NATIVE_DREP: Final = 16  # Native byte order.
SECURITY_NETWORK_DREP: Final = 0  # Network byte order.

ISC_REQ_DELEGATE: Final = 0x1  # Delegation.
ISC_REQ_MUTUAL_AUTH: Final = 0x2  # Mutual authentication.
ISC_REQ_REPLAY_DETECT: Final = 0x4  # Detect replays.
ISC_REQ_SEQUENCE_DETECT: Final = 0x8  # Detect reordering.
ISC_REQ_CONFIDENTIALITY: Final = 0x10  # Encryption.
ISC_REQ_USE_SESSION_KEY: Final = 0x20  # New session key.
ISC_REQ_PROMPT_FOR_CREDS: Final = 0x40  # Prompt for credentials.
ISC_REQ_USE_SUPPLIED_CREDS: Final = 0x80  # Use supplied credentials.
ISC_REQ_ALLOCATE_MEMORY: Final = 0x100  # Package allocates output.
ISC_REQ_USE_DCE_STYLE: Final = 0x200  # Three legs.
ISC_REQ_DATAGRAM: Final = 0x400  # Datagram context.
ISC_REQ_CONNECTION: Final = 0x800  # Connection context.
ISC_REQ_EXTENDED_ERROR: Final = 0x4000  # Error reply wanted.
ISC_REQ_STREAM: Final = 0x8000  # Stream context.
ISC_REQ_INTEGRITY: Final = 0x10000  # Signing.
ISC_REQ_IDENTIFY: Final = 0x20000  # Identify level.

ASC_REQ_DELEGATE: Final = 0x1  # Delegation.
ASC_REQ_MUTUAL_AUTH: Final = 0x2  # Mutual authentication.
ASC_REQ_REPLAY_DETECT: Final = 0x4  # Detect replays.
ASC_REQ_SEQUENCE_DETECT: Final = 0x8  # Detect reordering.
ASC_REQ_CONFIDENTIALITY: Final = 0x10  # Encryption.
ASC_REQ_USE_SESSION_KEY: Final = 0x20  # New session key.
ASC_REQ_ALLOCATE_MEMORY: Final = 0x100  # Package allocates output.
ASC_REQ_USE_DCE_STYLE: Final = 0x200  # Three legs.
ASC_REQ_DATAGRAM: Final = 0x400  # Datagram context.
ASC_REQ_CONNECTION: Final = 0x800  # Connection context.
ASC_REQ_EXTENDED_ERROR: Final = 0x8000  # Error reply wanted.
ASC_REQ_STREAM: Final = 0x10000  # Stream context.
ASC_REQ_INTEGRITY: Final = 0x20000  # Signing.
ASC_REQ_IDENTIFY: Final = 0x80000  # Identify level.

UNDERSTANDS_LONG_NAMES: Final = 1  # Caller accepts long names.
NO_LONG_NAMES: Final = 2  # Domain name limited to 15 characters.


MAX_CRED_SIZE: Final = 1024  # Largest stored credential, in bytes.

LSA_QUERY_CLIENT_PRELOGON_SESSION_ID: Final = 1  # Prelogon session id.

SECPKG_INTERFACE_VERSION: Final = 0x10000  # Through SetExtendedInformation.
SECPKG_INTERFACE_VERSION_2: Final = 0x20000  # Through SetContextAttributes.
SECPKG_INTERFACE_VERSION_3: Final = 0x40000  # Through SetCredentialsAttributes.
SECPKG_INTERFACE_VERSION_4: Final = 0x80000  # Through ChangeAccountPassword.
SECPKG_INTERFACE_VERSION_5: Final = 0x100000  # Through UpdateCredentials.
SECPKG_INTERFACE_VERSION_6: Final = 0x200000  # Through ValidateTargetInfo.
SECPKG_INTERFACE_VERSION_7: Final = 0x400000  # Through PostLogonUser.
SECPKG_INTERFACE_VERSION_8: Final = 0x800000  # Through GetRemoteCredGuardSupplementalCreds.
SECPKG_INTERFACE_VERSION_9: Final = 0x1000000  # Through GetTbalSupplementalCreds.
SECPKG_INTERFACE_VERSION_10: Final = 0x2000000  # Through PostLogonUserSurrogate.
SECPKG_INTERFACE_VERSION_11: Final = 0x4000000  # Through ExtractTargetInfo.
