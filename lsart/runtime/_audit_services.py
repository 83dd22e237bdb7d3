"""Slots for auditing: AuditLogon and AuditAccountLogon. The event log is the audit log."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import NTSTATUS, TOKEN_SOURCE
from lsart.engine import Label, announce, exploring
from lsart.events import AccountLogonAudited, Bus, LogonAudited, Origin, SlotMisused
from lsart.runtime._token_sources import tell_foreign_source

__all__ = ["AuditServices"]

_LOG = "the audit log of LSA"


class AuditServices:
    """Records that packages write.

    Args:
        names_of: what a package is called, by the key that its origin has.
    """

    def __init__(self, bus: Bus, names_of: Callable[[str], tuple[str, ...]]) -> None:
        self._bus = bus
        self._names_of = names_of
        self._explores = exploring()

    async def AuditLogon(
        self,
        origin: Origin,
        status: int,
        sub_status: int,
        account_name: str | None,
        authenticating_authority: str | None,
        workstation_name: str | None,
        user_sid: str | None,
        logon_type: int,
        token_source: TOKEN_SOURCE,
        logon_id: int | None,
    ) -> None:
        if self._explores:
            await announce(Label(_LOG, "w", "audit a logon"))
        result = NTSTATUS(status)
        if not result.is_success:
            logon_id = None  # nobody looks at it, so it may be anything (AUL-3)
        elif logon_id is None:
            self._bus.emit(
                SlotMisused(
                    time_ns=origin.time_ns,
                    slot="AuditLogon",
                    parameter="logon_id",
                    problem="is NULL though the logon succeeded",
                    origin=origin,
                )
            )
        tell_foreign_source(token_source, self._names_of(origin.package), self._bus, origin)
        self._bus.emit(
            LogonAudited(
                time_ns=origin.time_ns,
                status=int(result),
                sub_status=int(NTSTATUS(sub_status)),
                account=account_name,
                authority=authenticating_authority,
                workstation=workstation_name,
                user_sid=user_sid,
                logon_type=int(logon_type),
                source=token_source.source_name,
                logon_id=logon_id,
                origin=origin,
            )
        )

    async def AuditAccountLogon(
        self,
        origin: Origin,
        audit_id: int,
        success: bool,
        source: str | None,
        client_name: str | None,
        mapped_name: str | None,
        status: int,
    ) -> None:
        if self._explores:
            await announce(Label(_LOG, "w", "audit a mapping"))
        self._bus.emit(
            AccountLogonAudited(
                time_ns=origin.time_ns,
                audit_id=int(audit_id),
                success=success,
                source=source,
                client_name=client_name,
                mapped_name=mapped_name,
                status=int(NTSTATUS(status)),
                origin=origin,
            )
        )
