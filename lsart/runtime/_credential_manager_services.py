"""Slots of the credential manager: those that read, write and free credentials, and CrediUnmarshalandDecodeString.

Credentials are the session's user's, so a session is asked for its user first. One that has had no token yet has
none: STATUS_BAD_LOGON_SESSION_STATE (assumed).
"""

from __future__ import annotations

import attrs

from lsart.contract import (
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    Pointer,
    StatusError,
    StringNotDecoded,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Bus, Origin, SlotMisused
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._pacer import touch_commit
from lsart.security import Security, is_packed, unpack_string

__all__ = ["CredentialManagerServices"]

_STORE = "the credential manager of LSA"
_BUFFERS = "the read credentials of LSA"


class CredentialManagerServices:
    """The store of all users. What is read lies in blocks of LSA's, which the package frees."""

    def __init__(self, security: Security, memory: LsaMemory, bus: Bus) -> None:
        self._security = security
        self._store = security.credential_manager
        self._memory = memory
        self._bus = bus
        self._choices = memory.environment.choices
        self._explores = exploring()

    async def CrediRead(
        self, origin: Origin, logon_id: int, cred_flags: int, target_name: str, type: int, flags: int
    ) -> ENCRYPTED_CREDENTIALW:
        await self._point("r", f"read a credential for {target_name!r}")
        user = self._user_of(logon_id, flags, origin)
        found = self._store.read(user, target_name, type)
        if found is None:
            missing = f"the user has no credential of type {type} for {target_name!r}"
            raise StatusError(self._choices.credential_missing, missing)
        return self._lend((found,), origin)[0]

    async def CrediReadDomainCredentials(
        self, origin: Origin, logon_id: int, cred_flags: int, target_info: CREDENTIAL_TARGET_INFORMATIONW, flags: int
    ) -> tuple[int, tuple[ENCRYPTED_CREDENTIALW, ...]]:
        await self._point("r", "read the credentials for a target")
        user = self._user_of(logon_id, flags, origin)
        found = self._store.for_target(user, target_info)
        missing = self._choices.domain_credentials_missing
        if not found and not missing.is_success:
            raise StatusError(missing, "the user has no domain credential for this target")
        return len(found), self._lend(found, origin)

    async def CrediWrite(
        self, origin: Origin, logon_id: int, cred_flags: int, credential: ENCRYPTED_CREDENTIALW, flags: int
    ) -> None:
        await self._point("w", f"write a credential for {credential.target_name!r}")
        self._store.write(self._user_of(logon_id, flags, origin), credential)

    async def CrediFreeCredentials(
        self, origin: Origin, count: int, credentials: tuple[ENCRYPTED_CREDENTIALW, ...] | None
    ) -> None:
        if self._explores:
            await announce(Label(_BUFFERS, "w", "free read credentials"))
        if credentials is None:
            return
        if count > len(credentials):
            self._tell_misused(origin, "count", f"is {count}, but the array has {len(credentials)}")
        for index, each in enumerate(credentials[:count]):
            if each.block is None:
                self._tell_misused(origin, "credentials", f"has at {index} what LSA did not give out")
            else:
                self._take_back(each.block, origin)

    async def CrediUnmarshalandDecodeString(self, origin: Origin, marshaled_string: str) -> tuple[Pointer, int, bool]:
        is_private = self._choices.decoded_string_freed_with == "FreePrivateHeap"
        if self._explores:
            heap = "the private heap" if is_private else "the LSA heap"
            await announce(Label(heap, "w", f"allocate from {heap}"))
            touch_commit()
        try:
            data = unpack_string(marshaled_string)
        except ValueError as error:
            fatal = is_packed(marshaled_string)
            raise StringNotDecoded(STATUS_INVALID_PARAMETER, str(error), is_failure_fatal=fatal) from None
        allocate = self._memory.AllocatePrivateHeap if is_private else self._memory.AllocateLsaHeap
        block = allocate(max(len(data), 1), origin)  # a block of no bytes is a gap of the heap's, not of this slot
        if block is None:
            raise StringNotDecoded(STATUS_INSUFFICIENT_RESOURCES, "the heap has no room", is_failure_fatal=True)
        self._memory.space.write(block.address, data)
        return block, len(data), False

    def _user_of(self, logon_id: int, flags: int, origin: Origin) -> str:
        if flags:
            raise StatusError(STATUS_INVALID_PARAMETER, f"{origin.function}: Flags is {flags:#x}, not zero")
        user = self._security.sessions.get(logon_id).user
        if user is None:
            raise StatusError(STATUS_BAD_LOGON_SESSION_STATE, f"session {logon_id:#x} has no user yet")
        return user

    def _lend(self, found: tuple[ENCRYPTED_CREDENTIALW, ...], origin: Origin) -> tuple[ENCRYPTED_CREDENTIALW, ...]:
        """A copy of each in a block of the caller's; of all or of none."""
        heap = self._memory.credential_heap if found else None
        lent: list[ENCRYPTED_CREDENTIALW] = []
        for each in found:
            address = None if heap is None else heap.allocate(len(each.credential_blob), origin)
            if address is None:
                for other in lent:
                    self._take_back(other.block, origin)
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "no room for a copy of a credential")
            self._memory.space.write(address, each.credential_blob)
            lent.append(attrs.evolve(each, block=Pointer(address, LSASS)))
        return tuple(lent)

    def _take_back(self, block: Pointer | None, origin: Origin) -> None:
        heap = self._memory.credential_heap
        live = heap.block_at(block.address) if heap is not None and block is not None and block.space == LSASS else None
        if live is not None and block is not None:
            # Freed blocks keep their bytes; a secret must not wait there for whoever reads next.
            self._memory.space.write(block.address, bytes(live.size))
        self._memory.CrediFreeCredentials(block, origin)

    def _tell_misused(self, origin: Origin, parameter: str, problem: str) -> None:
        self._bus.emit(
            SlotMisused(
                time_ns=origin.time_ns, slot=origin.function, parameter=parameter, problem=problem, origin=origin
            )
        )

    async def _point(self, kind: str, what: str) -> None:
        """Where others can come first, and what comes after it."""
        if self._explores:
            await announce(Label(_STORE, "r" if kind == "r" else "w", what))
            touch("the logon sessions of LSA", "r", is_told=False)
            if kind == "r":
                touch(_BUFFERS, "w", is_told=False)
                touch_commit()
