"""The slot by which packages act as their client: ImpersonateClient."""

from __future__ import annotations

from lsart.contract import (
    STATUS_PRIVILEGE_NOT_HELD,
    STATUS_UNSUCCESSFUL,
    Choices,
    StatusError,
    enumerations,
)
from lsart.engine import Label, announce, exploring
from lsart.events import Origin
from lsart.runtime._caller import call_under_way, life_of
from lsart.runtime._identity import Identities
from lsart.security import ANONYMOUS_LOGON, SYSTEM_LUID, AccessToken

__all__ = ["IdentityServices"]


class IdentityServices:
    """ImpersonateClient. Its end is `table.win32.RevertToSelf`.

    Args:
        privileges: names of those that LSASS holds.
    """

    def __init__(self, identities: Identities, privileges: frozenset[str], choices: Choices) -> None:
        self._identities = identities
        self._privileges = privileges
        self._choices = choices
        self._explores = exploring()

    async def ImpersonateClient(self, origin: Origin) -> None:
        request = call_under_way()
        if request is None:
            raise self._nobody("no call of a client is served")
        client = request.client
        if self._explores:  # the client can end first
            await announce(Label(life_of(client.name), "r", f"act as {client.name}"))
        if not client.is_alive:
            raise StatusError(STATUS_UNSUCCESSFUL, f"ImpersonateClient: {client.name} has ended")
        if request.is_finished:  # this task is none that serves it, and was overtaken
            raise self._nobody("the call has ended")
        token = client.impersonated_by(request.task) or client.token
        if not self._is_allowed(token, origin):
            raise StatusError(STATUS_PRIVILEGE_NOT_HELD, f"ImpersonateClient: LSASS may not act as {client.name}")
        self._identities.impersonate(token, origin)

    def _nobody(self, reason: str) -> StatusError:
        return StatusError(self._choices.impersonate_without_call, f"ImpersonateClient: {reason}")

    def _is_allowed(self, token: AccessToken | None, origin: Origin) -> bool:
        """Any of the four conditions of the page will do (IMP-5)."""
        if token is None or token.content.logon_id == SYSTEM_LUID:  # LSASS is of the system's session itself
            return True
        level = token.content.impersonation_level
        if level < enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation:
            return True
        if "SeImpersonatePrivilege" in self._privileges:
            return True
        # The package made session and token for a user who proved to be one; nobody has to for an anonymous token.
        return token.session.created.package == origin.package and token.content.user != ANONYMOUS_LOGON
