"""LsaLogonUser, as a worker serves it: everything about logging on revolves around this file.

    package says yes ──> LSA takes what it returned ──> the session is LSA's ──> token ──> every package gets the
    credentials ──> the client gets a handle to the token

Whatever fails after the package said yes, and a client that is gone by then, undoes all of it: LSA frees the profile
(LLU-8) and closes the token, with which the session ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from lsart.contract import (
    NTSTATUS,
    QUOTA_LIMITS,
    SECPKG_PRIMARY_CRED,
    SID_AND_ATTRIBUTES,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_NOT_IMPLEMENTED,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    TOKEN_SOURCE,
    ClientRequest,
    LogonFailure,
    LogonUserReply,
    LogonUserResult,
    Slot,
    StatusError,
    enumerations,
)
from lsart.engine import Label, announce, exploring, now_ns, touch
from lsart.events import SYSTEM, AccountNameMissing, LogonAudited, LogonSessionLeft, Origin, SubStatusMisplaced
from lsart.runtime._accepted_credentials import CredentialOffice
from lsart.runtime._caller import handles_of, life_of
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._handles import touch_handles
from lsart.runtime._logon_outputs import LogonOutputs, Names
from lsart.runtime._pacer import touch_commit
from lsart.runtime._secret_block import SecretBlock, secret_block
from lsart.runtime._submitted import Submitted
from lsart.security import LogonSession, SessionState, TokenContent, build_token

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa
    from lsart.runtime._request import Request

__all__ = ["FUNCTION", "Attempt", "Logons"]

FUNCTION = "LsaLogonUser"

_ENTRIES = (entry("LogonUserEx2"), entry("LogonUserEx"), entry("LogonUser"))
"""A package is entered by the first of these that it has."""

_LEVEL = enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation


@attrs.frozen
class Attempt:
    """What a client asked for; see `Client.LsaLogonUser`."""

    origin_name: str
    logon_type: int
    information: Submitted
    local_groups: tuple[SID_AND_ATTRIBUTES, ...]
    source: TOKEN_SOURCE


@attrs.define
class _Record:
    """What is known of an attempt, for the audit."""

    names: Names = (None, None, None)
    user: str | None = None
    logon_id: int | None = None


class Logons:
    """Serves attempts to log on; one per LSA."""

    def __init__(self, lsa: Lsa, entrance: Entrance, office: CredentialOffice) -> None:
        self._memory = lsa.memory
        self._security = lsa.security
        self._bus = lsa.bus
        self._quotas = lsa.settings.quotas
        self._entrance = entrance
        self._office = office
        self._explores = exploring()

    async def log_on(self, attempt: Attempt, request: Request) -> LogonUserReply:
        """Serve one attempt, and write a record of it.

        Raises:
            StatusError: the status of the attempt.
        """
        record = _Record()
        try:
            reply = await self._log_on(attempt, request, record)
        except StatusError as error:
            self._audit(attempt, request, record, error.status, error.sub_status)
            raise
        self._audit(attempt, request, record, STATUS_SUCCESS, STATUS_SUCCESS)
        return reply

    def take_back(self, request: Request, reply: LogonUserReply) -> None:
        """Nobody is there any more to be logged on."""
        self._touch_ends(request)
        self._free_profile(request, reply)
        request.client.handles.close(reply.token, now_ns())

    # ------------------------------------------------------------------ the steps

    async def _log_on(self, attempt: Attempt, request: Request, record: _Record) -> LogonUserReply:
        package = request.package
        slot = next((each for each in _ENTRIES if each.name in package.entries), None)
        if slot is None:
            raise StatusError(STATUS_NOT_IMPLEMENTED, f"{package.name} logs nobody on")
        information = attempt.information
        block = await secret_block(self._memory, information.data, FUNCTION)
        if block is None:
            raise StatusError(STATUS_NO_MEMORY, "the LSA heap has no room for AuthenticationInformation")
        outputs = LogonOutputs(self._memory, package.key, _origin(request))
        try:
            result = await self._ask(attempt, request, slot, block)
        except StatusError as error:
            await self._point(request, "give up")
            if isinstance(error, LogonFailure):
                record.names = outputs.names(error)
                outputs.free()
            if package.state.is_available:  # one that faulted returned nothing at all
                self._tell_name(request, record, error.status)
            self._tell_left(request, error.status)
            told = StatusError(error.status, _text(error), sub_status=self._sub_status(request, error))
            raise told from None
        try:
            return await self._accept(attempt, request, slot, result, outputs, record)
        except StatusError as error:
            self._tell_left(request, error.status)
            raise

    async def _ask(self, attempt: Attempt, request: Request, slot: Slot, block: SecretBlock) -> LogonUserResult:
        """The package's answer. What the client submitted is LSA's, in its heap, for that long (LLU-5)."""
        information = attempt.information
        try:
            returned = await self._entrance.enter(
                request.package,
                slot,
                ClientRequest(request.number),
                attempt.logon_type,
                block.pointer,
                information.base,
                len(information.data),
            )
        finally:
            block.give_back()
        names = [each.name for each in slot.out_parameters]
        return LogonUserResult(**dict(zip(names, returned.outs, strict=True)))

    async def _accept(
        self,
        attempt: Attempt,
        request: Request,
        slot: Slot,
        result: LogonUserResult,
        outputs: LogonOutputs,
        record: _Record,
    ) -> LogonUserReply:
        """What LSA does once the package said yes."""
        await self._point(request, f"take session {result.logon_id:#x} over")
        handle: int | None = None
        session: LogonSession | None = None
        handles = self._security.handles
        passwords = self._office.taken(result.primary_credentials)
        try:
            session = self._own(request, result)
            record.names = outputs.names(result)
            self._tell_name(request, record, STATUS_SUCCESS)
            self._sub_status(request, result)
            content = self._content(attempt, request, slot, result, outputs, record)
            handle = self._security.tokens.create(content, handles, _origin(request))
            if handle is None:
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "LSASS can have no more handles, so there is no token")
            outputs.free()
            await self._distribute(attempt, result, record)
            client = request.client
            if self._explores:
                await announce(Label(handles_of(client.name), "w", f"put a handle into {client.name}"))
                self._touch_ends(request)
            if not client.is_alive:
                raise StatusError(STATUS_UNSUCCESSFUL, f"{client.name} ended before anybody was logged on")
            # No limit stands in its way: handles of clients have none.
            token = handles.duplicate(handle, client.handles, _origin(request))
            assert token is not None
            handles.close(handle, now_ns())
            record.logon_id = session.logon_id
        except BaseException:  # a cancellation too
            self._touch_ends(request)
            outputs.free()
            self._free_profile(request, result)
            if handle is not None:
                handles.close(handle, now_ns())
            if session is not None:
                self._security.sessions.give_up(session, now_ns())
            raise
        finally:
            for each in passwords:
                each.give_back()
        return LogonUserReply(
            profile_buffer=result.profile_buffer,
            profile_buffer_length=result.profile_buffer_length,
            logon_id=session.logon_id,
            token=token,
            quotas=self._quotas if content.is_primary else QUOTA_LIMITS(),  # LLG-5
        )

    def _own(self, request: Request, result: LogonUserResult) -> LogonSession:
        """The session is LSA's from here on, so that the package cannot delete it any more (DLS-4)."""
        session = self._security.sessions.find(result.logon_id)
        key = request.package.key
        if session is None or session.state is not SessionState.CREATED or session.created.package != key:
            raise StatusError(STATUS_NO_SUCH_LOGON_SESSION, f"{key} created no session {result.logon_id:#x} to log on")
        self._security.sessions.hand_over(session, now_ns())
        return session

    def _content(
        self,
        attempt: Attempt,
        request: Request,
        slot: Slot,
        result: LogonUserResult,
        outputs: LogonOutputs,
        record: _Record,
    ) -> TokenContent:
        """What the token will say: what the package returned, what the client adds, and what LSA does (LLG-4)."""
        try:
            information = outputs.token_information(result.token_information_type, result.token_information)
        except TypeError as error:
            raise self._entrance.refuse(request.package, slot, error) from None
        luids = self._security.luids
        account, authority, machine = record.names
        content = build_token(
            information,
            token_id=luids.allocate(),
            logon_luid=luids.allocate(),
            logon_id=result.logon_id,
            source=attempt.source,
            logon_type=attempt.logon_type,
            impersonation_level=_LEVEL,
            token_groups=attempt.local_groups,
            account_name=account or "",
            authority_name=authority or "",
            workstation=machine or "",
        )
        record.user = content.user
        return content

    async def _distribute(self, attempt: Attempt, result: LogonUserResult, record: _Record) -> None:
        """Each package gets the credentials that this one returned. What others say to them is nothing to the user."""
        primary = result.primary_credentials
        if primary is None and not result.cached_credentials:
            return
        given = attrs.evolve(primary or SECPKG_PRIMARY_CRED(), logon_id=result.logon_id)
        await self._office.give(attempt.logon_type, record.names[0] or "", given, result.cached_credentials or ())

    # ------------------------------------------------------------------ what is told

    def _sub_status(self, request: Request, answer: LogonUserResult | StatusError) -> NTSTATUS:
        """SubStatus as the client is told it: only where there is one (LLU-12)."""
        status = answer.status if isinstance(answer, StatusError) else STATUS_SUCCESS
        sub_status = answer.sub_status
        if status == STATUS_ACCOUNT_RESTRICTION or sub_status == STATUS_SUCCESS:
            return sub_status
        self._bus.emit(
            SubStatusMisplaced(
                time_ns=now_ns(),
                package=request.package.key,
                status=int(status),
                sub_status=int(sub_status),
                origin=_origin(request),
            )
        )
        return STATUS_SUCCESS

    def _tell_name(self, request: Request, record: _Record, status: NTSTATUS) -> None:
        if record.names[0] is None:
            self._bus.emit(
                AccountNameMissing(
                    time_ns=now_ns(), package=request.package.key, status=int(status), origin=_origin(request)
                )
            )

    def _tell_left(self, request: Request, status: NTSTATUS) -> None:
        """The attempt failed: whatever session was created for it should be gone (SES-3)."""
        for session in self._security.sessions.created_in(request.number, request.arrived_ns):
            self._bus.emit(
                LogonSessionLeft(
                    time_ns=now_ns(), logon_id=session.logon_id, status=int(status), created=session.created
                )
            )

    def _audit(
        self, attempt: Attempt, request: Request, record: _Record, status: NTSTATUS, sub_status: NTSTATUS
    ) -> None:
        account, authority, machine = record.names
        if self._explores:
            touch("the audit log of LSA", "w", is_told=False)
        self._bus.emit(
            LogonAudited(
                time_ns=now_ns(),
                status=int(status),
                sub_status=int(sub_status),
                account=account,
                authority=authority,
                workstation=machine,
                user_sid=record.user,
                logon_type=attempt.logon_type,
                source=attempt.source.source_name,
                logon_id=record.logon_id,
                origin_name=attempt.origin_name,
                origin=_origin(request),
            )
        )

    # ------------------------------------------------------------------ parts

    def _free_profile(self, request: Request, result: LogonUserResult | LogonUserReply) -> None:
        if result.profile_buffer is not None:
            request.client.free_buffer(result.profile_buffer, _origin(request))

    async def _point(self, request: Request, what: str) -> None:
        """Where others can come first, and what comes after it up to the next such place."""
        if self._explores:
            await announce(Label("the logon sessions of LSA", "w", what))
            self._touch_ends(request)
            touch("the LUIDs of the machine", "w", is_told=False)

    def _touch_ends(self, request: Request) -> None:
        """Sessions, tokens and handles come or go, and memory with them."""
        if self._explores:
            name = request.client.name
            for shared in ("the logon sessions of LSA", "the tokens of LSA", "the LSA heap", handles_of(name)):
                touch(shared, "w", is_told=False)
            touch("the credentials of LSA", "w", is_told=False)
            touch(life_of(name), "r", is_told=False)
            touch_handles("w", "take or close a handle")
            touch_commit()


def _text(error: StatusError) -> str:
    """What it says besides the status."""
    return str(error).removeprefix(repr(error.status)).removeprefix(": ")


def _origin(request: Request) -> Origin:
    return Origin(SYSTEM, request.number, request.client.name, FUNCTION, now_ns())
