"""The slot that makes a session and a token of authorization data: ConvertAuthDataToToken."""

from __future__ import annotations

from lsart.contract import (
    LSA_TOKEN_INFORMATION_V1,
    NTSTATUS,
    SID_AND_ATTRIBUTES,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    Pointer,
    StatusError,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.runtime._account_services import AccountServices
from lsart.runtime._handles import touch_handles
from lsart.runtime._pacer import touch_commit
from lsart.runtime._token_services import TokenServices, with_sub_status
from lsart.security import AuthData, Security

__all__ = ["AuthTokenServices"]

_MEMBER = 0x7  # SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED
_DOMAIN_USERS = 513


class AuthTokenServices:
    """Tokens of accounts, by what the account store said of them.

    Args:
        accounts: knows its own authorization data. tokens: makes the token.
    """

    def __init__(self, accounts: AccountServices, security: Security, tokens: TokenServices) -> None:
        self._accounts = accounts
        self._security = security
        self._tokens = tokens
        self._explores = exploring()

    async def ConvertAuthDataToToken(
        self,
        origin: Origin,
        user_auth_data: Pointer | bytes,
        user_auth_data_size: int,
        impersonation_level: int,
        token_source: TOKEN_SOURCE,
        logon_type: int,
        authority_name: str,
    ) -> tuple[int, int, str, NTSTATUS]:
        try:
            data = await self._accounts.auth_data_at(origin, user_auth_data, user_auth_data_size)
            await self._point()
            logon_id = self._security.luids.allocate()
            session = self._security.sessions.create(logon_id, origin)
        except StatusError as error:
            raise with_sub_status(origin, error.status, str(error)) from None
        try:
            handle = self._tokens.make(
                origin,
                _information_of(data),
                logon_id=logon_id,
                source=token_source,
                logon_type=logon_type,
                impersonation_level=impersonation_level,
                account_name=data.account_name,
                authority_name=authority_name,
            )
        except StatusError:
            self._security.sessions.delete(logon_id, origin)
            raise
        # The package has no word in what becomes of a session that it did not create.
        self._security.sessions.hand_over(session, origin.time_ns)
        return handle, logon_id, data.account_name, STATUS_SUCCESS

    async def _point(self) -> None:
        """Where others can come first, and what comes after it."""
        if self._explores:
            await announce(Label("the logon sessions of LSA", "w", "make a session of authorization data"))
            touch("the tokens of LSA", "w", is_told=False)
            touch_handles("w", "take a handle")
            touch("the LUIDs of the machine", "w", is_told=False)
            touch_commit()


def _information_of(data: AuthData) -> LSA_TOKEN_INFORMATION_V1:
    """What the account's token is made of. Every account of a domain is one of its users, which no account says."""
    users = f"{data.sid.rpartition('-')[0]}-{_DOMAIN_USERS}"
    groups = data.groups if users in data.groups else (users, *data.groups)
    return LSA_TOKEN_INFORMATION_V1(
        user=SID_AND_ATTRIBUTES(data.sid),
        primary_group=users,
        groups=tuple(SID_AND_ATTRIBUTES(each, _MEMBER) for each in groups),
    )
