"""Slots for tokens: CreateToken and OpenTokenByLogonId."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lsart.contract import (
    NTSTATUS,
    SID_AND_ATTRIBUTES,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    Pointer,
    StatusError,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import SYSTEM, Origin, OutputNotFromHeap, SlotOutOfPlace, TokenCreated
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._arguments import token_information_problem
from lsart.runtime._caller import call_under_way
from lsart.runtime._handles import touch_handles
from lsart.runtime._pacer import touch_commit
from lsart.runtime._token_sources import tell_foreign_source
from lsart.security import Security, SessionState, build_token, unpack_token_groups

__all__ = ["TokenServices"]


class TokenServices:
    """Tokens that packages make for sessions.

    Args:
        names_of: what a package is called, by the key that its origin has.
    """

    def __init__(self, security: Security, memory: LsaMemory, names_of: Callable[[str], tuple[str, ...]]) -> None:
        self._security = security
        self._memory = memory
        self._names_of = names_of
        self._explores = exploring()

    async def CreateToken(
        self,
        origin: Origin,
        logon_id: int,
        token_source: TOKEN_SOURCE,
        logon_type: int,
        impersonation_level: int,
        token_information_type: int,
        token_information: Any,
        token_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        account_name: str,
        authority_name: str,
        workstation: str | None,
        profile_path: str | None,
    ) -> tuple[int, NTSTATUS]:
        await self._point("w", f"make a token of session {logon_id:#x}")
        session = self._security.sessions.find(logon_id)
        if session is None or session.state is SessionState.SYSTEM:  # which CreateLogonSession did not make (CTK-2)
            status = self._memory.environment.choices.create_token_unknown_session
            raise _refusal(status, f"CreateLogonSession made no session {logon_id:#x}")
        problem = token_information_problem(token_information_type, token_information)
        if problem:
            raise _refusal(STATUS_INVALID_PARAMETER, f"TokenInformation {problem}")
        information, block = self._read(token_information, origin)
        luids = self._security.luids
        try:
            content = build_token(
                information,
                token_id=luids.allocate(),
                logon_luid=luids.allocate(),
                logon_id=logon_id,
                source=token_source,
                logon_type=logon_type,
                impersonation_level=impersonation_level,
                token_groups=token_groups or (),
                account_name=account_name,
                authority_name=authority_name,
                workstation=workstation or "",
                profile_path=profile_path or "",
            )
        except StatusError as error:
            raise _refusal(error.status, str(error)) from None
        self._look_for_place(origin)
        handle = self._security.tokens.create(content, self._security.handles, origin)
        if handle is None:
            raise _refusal(STATUS_INSUFFICIENT_RESOURCES, "LSASS can have no more handles")
        if block is not None and self._memory.environment.choices.token_information_freed_by == "lsa":
            self._memory.FreePrivateHeap(block, attrs.evolve(origin, package=SYSTEM))
        self._tell(token_source, logon_id, handle, content.user, origin)
        return handle, STATUS_SUCCESS

    def _look_for_place(self, origin: Origin) -> None:
        """It is meant for SpAcceptLsaModeContext, and works elsewhere (CTK-1)."""
        request = call_under_way()
        bus = self._memory.environment.bus
        if (request is None or request.entry != "AcceptLsaModeContext") and bus.wants(SlotOutOfPlace):
            bus.emit(SlotOutOfPlace(time_ns=origin.time_ns, slot="CreateToken", rule="CTK-1", origin=origin))

    async def OpenTokenByLogonId(self, origin: Origin, logon_id: int) -> int:
        await self._point("r", f"open the token of session {logon_id:#x}")
        token = self._security.tokens.of_session(logon_id)
        if token is None:
            status = self._memory.environment.choices.open_token_unknown_session
            raise StatusError(status, f"{logon_id:#x} names no session with a token")
        handle = self._security.handles.open(token, origin)
        if handle is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "LSASS can have no more handles")
        return handle

    def _read(self, information: Any, origin: Origin) -> tuple[Any, Pointer | None]:
        """The information with its groups at hand, and the block they were in, if LSA may have to free it."""
        groups = information.groups
        if not isinstance(groups, Pointer):
            return information, None
        heap = self._memory.private_heap
        block = heap.block_at(groups.address) if heap is not None and groups.space == LSASS else None
        if block is None:
            self._memory.environment.bus.emit(
                OutputNotFromHeap(
                    time_ns=origin.time_ns, package=origin.package, output="Groups", address=groups.address
                )
            )
            raise _refusal(STATUS_INVALID_PARAMETER, f"Groups: {groups!r} is no block of AllocatePrivateHeap")
        try:
            found = unpack_token_groups(groups.address, block.size, self._memory.space.read)
        except ValueError as error:
            raise _refusal(STATUS_INVALID_PARAMETER, f"Groups: {error}") from None
        return attrs.evolve(information, groups=found), groups

    def _tell(self, source: TOKEN_SOURCE, logon_id: int, handle: int, user: str, origin: Origin) -> None:
        bus = self._memory.environment.bus
        bus.emit(TokenCreated(time_ns=origin.time_ns, logon_id=logon_id, handle=handle, user=user, origin=origin))
        tell_foreign_source(source, self._names_of(origin.package), bus, origin)

    async def _point(self, kind: str, what: str) -> None:
        """Where others can come first, and what comes after it."""
        if self._explores:
            await announce(Label("the tokens of LSA", "r" if kind == "r" else "w", what))
            touch("the logon sessions of LSA", "r" if kind == "r" else "w", is_told=False)  # a token keeps its session
            touch_handles("w", "take a handle")
            touch("the LUIDs of the machine", "w", is_told=False)
            touch("the private heap", "w", is_told=False)
            touch_commit()


def _refusal(status: NTSTATUS, message: str) -> StatusError:
    """The failure, with SubStatus set (CTK-7): there is nothing that it would say better than the status."""
    return StatusError(status, f"CreateToken: {message}", sub_status=status)
