"""What the tests of logons stand on: packages that log users on as a test says, and clients that ask them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from lsas import Scripted, scripted, value_of
from tokens import V1

import lsart
from lsart.contract import (
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    TOKEN_SOURCE,
    ClientRequest,
    FunctionTable,
    LogonUserReply,
    LogonUserResult,
    Pointer,
    enumerations,
)
from lsart.security import AccessToken

__all__ = [
    "BATCH",
    "ENTRIES",
    "INTERACTIVE",
    "NETWORK",
    "Accepted",
    "Ask",
    "authenticator",
    "create",
    "log_on",
    "token",
]

ENTRIES = ("LsaApLogonUser", "LsaApLogonUserEx", "LsaApLogonUserEx2")
INTERACTIVE = enumerations.SECURITY_LOGON_TYPE.Interactive
NETWORK = enumerations.SECURITY_LOGON_TYPE.Network
BATCH = enumerations.SECURITY_LOGON_TYPE.Batch


@attrs.frozen
class Ask:
    """What an entry point was given."""

    request: ClientRequest
    logon_type: int
    information: Pointer
    base: Pointer | None
    length: int


@attrs.frozen
class Accepted:
    """What SpAcceptCredentials was given, and the password that it read."""

    logon_type: int
    account_name: str
    primary: SECPKG_PRIMARY_CRED | None
    own: SECPKG_SUPPLEMENTAL_CRED | None
    password: str = ""


def authenticator(
    name: str = "auth",
    answer: Callable[[FunctionTable, Ask], Any] | None = None,
    *,
    entry: str = "LsaApLogonUserEx2",
    accepts: Callable[[FunctionTable, Accepted], Any] | None = None,
    **functions: Any,
) -> Scripted:
    """A package with this entry point, which answers as given, or logs everybody on.

    Args:
        accepts: its SpAcceptCredentials. functions: as for `scripted`.
    """
    package = scripted(name, **functions)

    async def logs_on(
        request: ClientRequest, logon_type: int, information: Pointer, base: Pointer | None, length: int
    ) -> Any:
        ask = Ask(request, logon_type, information, base, length)
        return await value_of((answer or create)(package.table, ask))

    async def accept(logon_type: int, account_name: str, primary: Any, own: Any) -> Any:
        assert accepts is not None
        password = ""
        if primary is not None and primary.password:
            data = await package.table.memory.read(primary.password.buffer, primary.password.length)
            password = data.decode("utf-16-le")
        return await value_of(accepts(package.table, Accepted(logon_type, account_name, primary, own, password)))

    setattr(package, entry, logs_on)
    if accepts is not None:
        package.SpAcceptCredentials = accept  # type: ignore[attr-defined]
    return package


async def create(table: FunctionTable, ask: Ask, **given: Any) -> LogonUserResult:
    """Log somebody on, whoever it is: a session, and what its token is made of."""
    luid = given.pop("logon_id", None)
    if luid is None:
        luid = table.win32.AllocateLocallyUniqueId()
        await table.CreateLogonSession(luid)
    usual: dict[str, Any] = {"logon_id": luid, "token_information": V1, "account_name": "alice"}
    return LogonUserResult(**(usual | given))


async def log_on(
    client: lsart.Client,
    data: Any = b"alice",
    *,
    package: str = "auth",
    length: int | None = None,
    logon_type: Any = INTERACTIVE,
    local_groups: Any = None,
    source: TOKEN_SOURCE = TOKEN_SOURCE("tests"),  # noqa: B008  (frozen)
) -> LogonUserReply:
    """LsaLogonUser over the client's own connection."""
    number = await client.LsaLookupAuthenticationPackage(client.handle, package)
    return await client.LsaLogonUser(client.handle, "the tests", logon_type, number, data, length, local_groups, source)


def token(client: lsart.Client, handle: int) -> AccessToken:
    """What a handle of a client names."""
    found = client.handles.find(handle)
    assert isinstance(found, AccessToken)
    return found
