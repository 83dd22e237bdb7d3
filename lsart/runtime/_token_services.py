"""Slots for tokens: CreateToken, CreateTokenEx and OpenTokenByLogonId."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lsart.contract import (
    NTSTATUS,
    SECPKG_PRIMARY_CRED,
    SID_AND_ATTRIBUTES,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.engine import Label, announce, exploring, touch
from lsart.events import SYSTEM, Origin, OutputNotFromHeap, SlotOutOfPlace, TokenCreated
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._arguments import token_information_problem
from lsart.runtime._caller import call_under_way
from lsart.runtime._handles import touch_handles
from lsart.runtime._pacer import touch_commit
from lsart.runtime._token_sources import tell_foreign_source
from lsart.security import Security, SessionState, build_token, unpack_token_groups, unpack_token_information

__all__ = ["TokenServices", "with_sub_status"]

_FORMS = enumerations.LSA_TOKEN_INFORMATION_TYPE
_OF_CREATE_TOKEN = (_FORMS.LsaTokenInformationNull, _FORMS.LsaTokenInformationV1)
_OF_CREATE_TOKEN_EX = (*_OF_CREATE_TOKEN, _FORMS.LsaTokenInformationV2)


class _NoBlockError(ValueError):
    """An address that token information leads to is no block of the private heap."""

    def __init__(self, address: int) -> None:
        self.address = address
        super().__init__(f"{address:#x} is no block of AllocatePrivateHeap")


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
        return await self._from_package(
            origin,
            logon_id,
            token_source,
            logon_type,
            impersonation_level,
            (token_information_type, token_information, _OF_CREATE_TOKEN),
            token_groups,
            (account_name, authority_name, workstation, profile_path),
        )

    async def CreateTokenEx(
        self,
        origin: Origin,
        logon_id: int,
        token_source: TOKEN_SOURCE,
        logon_type: int,
        impersonation_level: int,
        token_information_type: int,
        token_information: Any,
        token_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        workstation: str | None,
        profile_path: str | None,
        session_information: Any,
        session_information_type: int,  # the host takes SecSessionPrimaryCred only, as there is no other (CTX-2)
    ) -> tuple[int, NTSTATUS]:
        if not isinstance(session_information, SECPKG_PRIMARY_CRED):
            raise TypeError(f"expected a SECPKG_PRIMARY_CRED, got {type(session_information).__name__}")
        return await self._from_package(
            origin,
            logon_id,
            token_source,
            logon_type,
            impersonation_level,
            (token_information_type, token_information, _OF_CREATE_TOKEN_EX),
            token_groups,
            (session_information.downlevel_name, session_information.domain_name, workstation, profile_path),
        )

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

    async def _from_package(
        self,
        origin: Origin,
        logon_id: int,
        source: TOKEN_SOURCE,
        logon_type: int,
        impersonation_level: int,
        given: tuple[int, Any, tuple[int, ...]],
        token_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        names: tuple[str, str, str | None, str | None],
    ) -> tuple[int, NTSTATUS]:
        """A token of what a package gave: the form, the structure or where it lies, and the forms that the slot takes.
        `names` are the account's, the authority's, the workstation's and the profile's."""
        await self._point("w", f"make a token of session {logon_id:#x}")
        session = self._security.sessions.find(logon_id)
        if session is None or session.state is SessionState.SYSTEM:  # which CreateLogonSession did not make (CTK-2)
            status = self._memory.environment.choices.create_token_unknown_session
            raise with_sub_status(origin, status, f"CreateLogonSession made no session {logon_id:#x}")
        form, structure, forms = given
        problem = token_information_problem(form, structure, forms)
        if problem:
            raise with_sub_status(origin, STATUS_INVALID_PARAMETER, f"TokenInformation {problem}")
        information, blocks = self._read(form, structure, origin)
        if forms is _OF_CREATE_TOKEN:
            self._look_for_place(origin)
        handle = self.make(
            origin,
            information,
            logon_id=logon_id,
            source=source,
            logon_type=logon_type,
            impersonation_level=impersonation_level,
            token_groups=tuple(token_groups or ()),
            account_name=names[0],
            authority_name=names[1],
            workstation=names[2] or "",
            profile_path=names[3] or "",
        )
        if self._memory.environment.choices.token_information_freed_by == "lsa":
            for block in blocks:
                self._memory.FreePrivateHeap(block, attrs.evolve(origin, package=SYSTEM))
        return handle, STATUS_SUCCESS

    def make(self, origin: Origin, information: Any, *, source: TOKEN_SOURCE, logon_id: int, **content: Any) -> int:
        """A token of a session, by a handle of LSASS; `content` are arguments of `build_token`.

        Raises:
            StatusError: with SubStatus set: STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES without a handle.
        """
        luids = self._security.luids
        token_id, logon_luid = luids.allocate(), luids.allocate()
        try:
            built = build_token(
                information, token_id=token_id, logon_luid=logon_luid, logon_id=logon_id, source=source, **content
            )
        except StatusError as error:
            raise with_sub_status(origin, error.status, str(error)) from None
        handle = self._security.tokens.create(built, self._security.handles, origin)
        if handle is None:
            raise with_sub_status(origin, STATUS_INSUFFICIENT_RESOURCES, "LSASS can have no more handles")
        self._tell(source, logon_id, handle, built.user, origin)
        return handle

    def _read(self, form: int, structure: Any, origin: Origin) -> tuple[Any, list[Pointer]]:
        """The information with everything at hand, and the blocks it was in, which LSA may have to free."""
        blocks: list[Pointer] = []
        if not isinstance(structure, Pointer) and not isinstance(structure.groups, Pointer):
            return structure, blocks
        whole = isinstance(structure, Pointer)
        what, place = ("TokenInformation", structure) if whole else ("Groups", structure.groups)

        def extent(address: int) -> int:
            heap = self._memory.private_heap
            block = heap.block_at(address) if heap is not None and place.space == LSASS else None
            if block is None:
                raise _NoBlockError(address)
            found = Pointer(address, LSASS)
            if found in blocks:
                raise ValueError(f"{address:#x} is there twice, so it would be freed twice")
            blocks.append(found)
            return block.size

        read = self._memory.space.read
        try:
            if whole:
                return unpack_token_information(form, place.address, read, extent), blocks
            groups = unpack_token_groups(place.address, extent(place.address), read)
        except _NoBlockError as error:
            self._memory.environment.bus.emit(
                OutputNotFromHeap(time_ns=origin.time_ns, package=origin.package, output=what, address=error.address)
            )
            raise with_sub_status(origin, STATUS_INVALID_PARAMETER, f"{what}: {error}") from None
        except ValueError as error:
            raise with_sub_status(origin, STATUS_INVALID_PARAMETER, f"{what}: {error}") from None
        return attrs.evolve(structure, groups=groups), blocks

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


def with_sub_status(origin: Origin, status: NTSTATUS, message: str) -> StatusError:
    """The failure, with SubStatus set (CTK-7): there is nothing that it would say better than the status."""
    return StatusError(status, f"{origin.function}: {message}", sub_status=status)
