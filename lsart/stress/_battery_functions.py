"""Every function with a Windows name that a client process has, and how a hostile call of it is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from lsart.stress._loot_sspi import SspiValues

__all__ = ["BATTERY_FUNCTIONS", "Arguments"]

Arguments = tuple[Any, ...]

BATTERY_FUNCTIONS: Final[Mapping[str, Callable[[SspiValues], Arguments]]] = MappingProxyType(
    {
        "LsaConnectUntrusted": lambda values: (),
        "LsaRegisterLogonProcess": lambda values: (values.text(),),
        "LsaDeregisterLogonProcess": lambda values: (values.connection(),),
        "LsaLookupAuthenticationPackage": lambda values: (values.connection(), values.text()),
        "LsaCallAuthenticationPackage": lambda values: (values.connection(), values.package(), values.message()),
        "LsaFreeReturnBuffer": lambda values: (values.buffer(),),
        "LsaLogonUser": lambda values: (
            values.connection(),
            values.text(),
            values.logon_type(),
            values.package(),
            values.message(),
            None,
            None,
            values.source(),
        ),
        "AcquireCredentialsHandle": lambda values: (
            values.principal(),
            values.text(),
            values.flags(),
            values.session(),
            values.message(),
        ),
        "FreeCredentialsHandle": lambda values: (values.credential(),),
        "InitializeSecurityContext": lambda values: (
            values.credential(),
            values.new_or_context(),
            values.text(),
            values.flags(),
            0,
            values.flags(),
            values.tokens(),
            0,
        ),
        "AcceptSecurityContext": lambda values: (
            values.credential(),
            values.new_or_context(),
            values.tokens(),
            values.flags(),
            values.flags(),
        ),
        "DeleteSecurityContext": lambda values: (values.context(),),
        "FreeContextBuffer": lambda values: (values.buffer_that_is(),),
        "EnumerateSecurityPackages": lambda values: (),
        "AddSecurityPackage": lambda values: (values.text(),),
        "DeleteSecurityPackage": lambda values: (values.text(),),
        "QuerySecurityPackageInfo": lambda values: (values.text(),),
        "CloseHandle": lambda values: (values.object_handle(),),
        "ImpersonateLoggedOnUser": lambda values: (values.object_handle(),),
        "RevertToSelf": lambda values: (),
        "AddCredentials": lambda values: (
            values.credential(),
            values.principal(),
            values.text(),
            values.flags(),
            values.structure(),
        ),
        "QueryCredentialsAttributes": lambda values: (values.credential(), values.attribute(), values.structure()),
        "SetCredentialsAttributes": lambda values: (values.credential(), values.attribute(), *values.sized_structure()),
        "QueryContextAttributes": lambda values: (values.context(), values.attribute()),
        "SetContextAttributes": lambda values: (values.context(), values.attribute(), *values.sized_structure()),
        "ChangeAccountPassword": lambda values: (
            *(values.text() for _ in range(5)),
            values.or_wrong(values.yes_or_no()),
            values.room(),
        ),
        "GetSecurityUserInfo": lambda values: (values.session(), values.flags()),
        "CompleteAuthToken": lambda values: (values.context(), values.tokens_that_are()),
        "ImpersonateSecurityContext": lambda values: (values.context(),),
        "RevertSecurityContext": lambda values: (values.context(),),
        "MakeSignature": lambda values: (
            values.context(),
            values.small(),
            values.message_to_protect(),
            values.small(),
        ),
        "VerifySignature": lambda values: (values.context(), values.protected_message(), values.small()),
        "EncryptMessage": lambda values: (
            values.context(),
            values.small(),
            values.message_to_protect(),
            values.small(),
        ),
        "DecryptMessage": lambda values: (values.context(), values.protected_message(), values.small()),
        "ExportSecurityContext": lambda values: (values.context(), values.or_wrong(values.flags())),
        "ImportSecurityContext": lambda values: (values.text(), values.packed(), values.token_or_none()),
    }
)
"""Every function with a Windows name that a client process has, and how a call of it is made up."""
