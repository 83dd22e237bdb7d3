"""Slots for credentials stored under logon sessions: AddCredential, GetCredentials and DeleteCredential."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import LSA_STRING, StatusError
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.memory import LsaMemory
from lsart.runtime._pacer import touch_commit
from lsart.security import Security

__all__ = ["CredentialServices"]

_CREDENTIALS = "the credentials of LSA"


class CredentialServices:
    """The store, as a package reaches it: under its own id.

    Args:
        id_of: the authentication package id of a package, by the key that its origin has.
    """

    def __init__(self, security: Security, memory: LsaMemory, id_of: Callable[[str], int | None]) -> None:
        self._credentials = security.credentials
        self._memory = memory
        self._id_of = id_of
        self._explores = exploring()

    async def AddCredential(
        self,
        origin: Origin,
        logon_id: int,
        authentication_package: int,
        primary_key_value: str | LSA_STRING,
        credentials: bytes | bytearray,
    ) -> None:
        data = bytes(credentials)  # what the package does to its own buffer later reaches nobody (ADC-4)
        await self._point("w", f"store a credential of session {logon_id:#x}", counts=True)
        self._must_be_own(authentication_package, origin)
        key, _ = _key(primary_key_value)
        self._credentials.add(logon_id, authentication_package, key, data, origin)

    async def GetCredentials(
        self,
        origin: Origin,
        logon_id: int,
        authentication_package: int,
        query_context: int,
        retrieve_all_credentials: bool,
        primary_key_value: str | LSA_STRING,
    ) -> tuple[int, str, int, LSA_STRING]:
        await self._point("r", f"look at the credentials of session {logon_id:#x}")
        self._must_be_own(authentication_package, origin)
        key, room = _key(primary_key_value)
        wanted = None if retrieve_all_credentials else key
        # A key that was given is there already; only one that is found needs room.
        needed = room if retrieve_all_credentials else None
        return self._credentials.next(logon_id, authentication_package, query_context, wanted, needed, origin)

    async def DeleteCredential(
        self, origin: Origin, logon_id: int, authentication_package: int, primary_key_value: str | LSA_STRING
    ) -> None:
        await self._point("w", f"delete a credential of session {logon_id:#x}", counts=True)
        self._must_be_own(authentication_package, origin)
        key, _ = _key(primary_key_value)
        self._credentials.delete(logon_id, authentication_package, key, origin)

    def _must_be_own(self, package: int, origin: Origin) -> None:
        status = self._memory.environment.choices.credential_foreign_package
        if not status.is_success and package != self._id_of(origin.package):
            raise StatusError(status, f"{origin.function}: {package} is not the id of {origin.package}")

    async def _point(self, kind: str, what: str, *, counts: bool = False) -> None:
        """Where others can come first, and what comes after it."""
        if self._explores:
            await announce(Label(_CREDENTIALS, "r" if kind == "r" else "w", what))
            # What is stored may keep a session from being deleted, so a store counts as touching the session.
            touch("the logon sessions of LSA", "w" if counts else "r", is_told=False)
            touch("the LSA heap", "w", is_told=False)
            touch_commit()


def _key(value: str | LSA_STRING) -> tuple[str, int | None]:
    """The text of a key, and how many bytes there are for the one found: None for enough."""
    if isinstance(value, str):
        return value, None
    assert isinstance(value.buffer, str)  # the host lets no pointer through
    return value.buffer, value.maximum_length
