"""The client function that logs somebody on."""

from __future__ import annotations

from functools import partial

import trio

from lsart.contract import (
    CLIENT_FUNCTIONS,
    SID_AND_ATTRIBUTES,
    STATUS_ACCESS_DENIED,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_PACKAGE,
    TOKEN_SOURCE,
    LogonUserReply,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.runtime._arguments import checker
from lsart.runtime._client_calls import ClientCalls
from lsart.runtime._logon import FUNCTION, Attempt
from lsart.runtime._submitted import capture

__all__ = ["ClientLogon"]

_ROW = next(each for each in CLIENT_FUNCTIONS if each.name == FUNCTION)
_CHECKED = ("origin_name", "logon_type", "local_groups", "source_context")  # what others look at is not among them
_CHECKS = {each.name: checker(each) for each in _ROW.in_parameters if each.name in _CHECKED}


class ClientLogon(ClientCalls):
    """Logging on, and off again."""

    __slots__ = ()

    async def LsaLogonUser(
        self,
        lsa_handle: int,
        origin_name: str,
        logon_type: enumerations.SECURITY_LOGON_TYPE,
        authentication_package: int,
        authentication_information: Pointer | bytes | bytearray | memoryview | None,
        authentication_information_length: int | None,
        local_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        source_context: TOKEN_SOURCE,
        *,
        operation: str = "",
    ) -> LogonUserReply:
        """Log somebody on through an authentication package (LLG-1, nf-ntsecapi-lsalogonuser).

        Args:
            origin_name: where the attempt comes from, for the audit.
            authentication_information: what this package wants to know, as in LsaCallAuthenticationPackage.
            authentication_information_length: bytes of it; None for all of what is given as bytes.
            local_groups: go into the token too; only with a connection of LsaRegisterLogonProcess (LLG-3).
            source_context: stands in the token as its source.
            operation: the caller's own label, which events carry along.

        Raises:
            StatusError: the status of the attempt, with a sub_status only for STATUS_ACCOUNT_RESTRICTION (LLG-6);
                STATUS_ACCESS_DENIED for groups without that connection; STATUS_ACCESS_VIOLATION when the information is
                not in this process's memory for all of its length.
            ProcessTerminated: this process ended meanwhile.
            TypeError: a value that no C compiler would let through.
        """
        given = {
            "origin_name": origin_name,
            "logon_type": logon_type,
            "local_groups": local_groups,
            "source_context": source_context,
        }
        try:
            for name, check in _CHECKS.items():
                problem = check(given[name])
                if problem:
                    raise StatusError(STATUS_INVALID_PARAMETER, f"{FUNCTION}: {name} {problem}")
            trusted = self._trust_of(lsa_handle)
            if local_groups is not None and not trusted:
                raise StatusError(STATUS_ACCESS_DENIED, f"{self.name} is no logon process, so it adds no groups")
            package = self._lsa.package_by_id(authentication_package)
            if package is None:
                raise StatusError(STATUS_NO_SUCH_PACKAGE, f"no package has the id {authentication_package}")
        except StatusError:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            raise
        information = await capture(self, authentication_information, authentication_information_length)
        attempt = Attempt(origin_name, logon_type, information, tuple(local_groups or ()), source_context)
        logons = self._lsa.logons
        return await self._lsa.dispatcher.call(
            self._client,
            package,
            FUNCTION,
            partial(logons.log_on, attempt),
            logons.take_back,
            operation,
            is_trusted=trusted,
        )
