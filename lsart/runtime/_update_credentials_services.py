"""The slot that hands new credentials of a session to every package: UpdateCredentials."""

from __future__ import annotations

import attrs

from lsart.contract import (
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_NO_SUCH_LOGON_SESSION,
    Choices,
    StatusError,
    constants,
    enumerations,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.runtime._accepted_credentials import CredentialOffice
from lsart.security import Security

__all__ = ["UpdateCredentialsServices"]


class UpdateCredentialsServices:
    """A user has a new password, and the packages hear of it."""

    def __init__(self, security: Security, office: CredentialOffice, choices: Choices) -> None:
        self._security = security
        self._office = office
        self._choices = choices
        self._explores = exploring()

    async def UpdateCredentials(
        self,
        origin: Origin,
        primary_credentials: SECPKG_PRIMARY_CRED,
        credentials: tuple[SECPKG_SUPPLEMENTAL_CRED, ...] | None,
    ) -> None:
        logon_id = primary_credentials.logon_id
        if self._explores:
            await announce(Label("the logon sessions of LSA", "r", f"look at session {logon_id:#x}"))
            touch("the tokens of LSA", "r", is_told=False)
        if self._security.sessions.find(logon_id) is None:
            raise StatusError(STATUS_NO_SUCH_LOGON_SESSION, f"{logon_id:#x} names no logon session")
        token = self._security.tokens.of_session(logon_id)
        undefined = enumerations.SECURITY_LOGON_TYPE.UndefinedLogonType
        failure = await self._office.give(
            undefined if token is None else token.content.logon_type,
            primary_credentials.downlevel_name,
            attrs.evolve(primary_credentials, flags=primary_credentials.flags | constants.PRIMARY_CRED_UPDATE),
            credentials or (),
            without=origin.package if self._choices.update_credentials_caller == "left_out" else "",
            stops=self._choices.update_credentials_failure == "stop",
        )
        if failure is not None:
            raise StatusError(failure.status, f"UpdateCredentials: {failure}")
