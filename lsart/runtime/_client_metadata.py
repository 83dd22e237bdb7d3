"""What the negotiating package asks of packages about contexts: metadata for the peer, and dialogs for credentials.

No public function reaches these entry points, so these are LSA's own calls in the name of a client.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    CRED_UI_TYPES,
    NTSTATUS,
    SEC_E_INTERNAL_ERROR,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_SUCCESS,
    ContextMetaData,
    SecHandle,
    StatusError,
)
from lsart.runtime._client_attributes_lsa import ClientLsaAttributes
from lsart.runtime._client_legs import bytes_of, check_number, check_text
from lsart.runtime._contexts import ClientContext, ClientCredential
from lsart.runtime._enter import entry

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["ClientMetaData"]

_QUERY, _EXCHANGE = entry("QueryMetaData"), entry("ExchangeMetaData")
_GET_UI, _UPDATE = entry("GetCredUIContext"), entry("UpdateCredentials")
_GUIDS = frozenset(CRED_UI_TYPES.values())


@attrs.frozen
class _Got:
    status: NTSTATUS
    context: ClientContext
    data: bytes


class ClientMetaData(ClientLsaAttributes):
    """Each call raises StatusError: SEC_E_INVALID_HANDLE, SEC_E_UNSUPPORTED_FUNCTION without the entry point, the
    package's own refusal."""

    __slots__ = ()

    async def query_meta_data(
        self, credential: SecHandle | None, target_name: str | None, context_req: int, context: SecHandle | None
    ) -> ContextMetaData:
        """What the package wants its peer to know before the first leg.

        Args:
            credential: must be given where there is no context (SQM-3). context: None lets the package make one from
                credential and target (SQM-1).
        """
        return await self._exchange(credential, target_name, context_req, None, context)

    async def exchange_meta_data(
        self,
        credential: SecHandle | None,
        target_name: str | None,
        context_req: int,
        meta_data: bytes,
        context: SecHandle | None,
    ) -> ContextMetaData:
        """Give the package what its peer wanted it to know (SXM-1). The arguments are those of `query_meta_data`."""
        return await self._exchange(credential, target_name, context_req, bytes_of("meta_data", meta_data), context)

    async def cred_ui_context(self, context: SecHandle, cred_type: str) -> bytes:
        """What a dialog for credentials must know of a context.

        Args:
            cred_type: one of the GUIDs of `CRED_UI_TYPES` (SUI-1).

        Raises:
            StatusError: besides, SEC_E_UNSUPPORTED_FUNCTION for any other kind of credentials.
        """
        await trio.lowlevel.checkpoint()
        kind = _guid(cred_type)
        record = self._context_of(context)
        _, data = await self._in_package(record, _GET_UI, kind)
        return _bytes(data, record.package.name)

    async def update_credentials(self, context: SecHandle, cred_type: str, flat_context: bytes) -> None:
        """Give the package what somebody entered into the dialog (SUC-1), as `cred_ui_context`."""
        await trio.lowlevel.checkpoint()
        kind, content = _guid(cred_type), bytes_of("flat_context", flat_context)
        await self._in_package(self._context_of(context), _UPDATE, kind, len(content), content)

    # ------------------------------------------------------------------ inside

    async def _exchange(
        self,
        credential: SecHandle | None,
        target_name: str | None,
        context_req: int,
        data: bytes | None,
        context: SecHandle | None,
    ) -> ContextMetaData:
        await trio.lowlevel.checkpoint()
        check_text("target_name", target_name, may_be_none=True)
        check_number("context_req", context_req)
        held = None if context is None else self._context_of(context)
        used = None if credential is None else self._credential_of(credential)
        record = held or used
        if record is None or (used is not None and used.package is not record.package):
            raise self._not_a_handle(credential)
        slot = _QUERY if data is None else _EXCHANGE
        serve = partial(self._serve, used, held, target_name, context_req, data)
        got = await self._call(record.package, slot.name, serve, partial(self._undo, held))
        return ContextMetaData(got.data, await self._handle_of(context, held, got.context), got.status)

    async def _serve(
        self,
        credential: ClientCredential | None,
        context: ClientContext | None,
        target_name: str | None,
        requirements: int,
        data: bytes | None,
        request: Request,
    ) -> _Got:
        contexts, package = self._lsa.contexts, request.package
        numbers: list[Any] = [None if each is None else each.handle for each in (credential, context)]
        with contexts.holding(*(each for each in (context, credential) if each is not None)):
            enter = self._lsa.entrance.enter
            if data is None:
                returned = await enter(package, _QUERY, numbers[0], target_name, requirements, numbers[1])
                _, found, number = returned.outs
            else:
                given = (numbers[0], target_name, requirements, len(data), data, numbers[1])
                returned = await enter(package, _EXCHANGE, *given)
                found, (number,) = None, returned.outs
            after = contexts.follow(credential, context, number or 0)
            try:
                return _Got(returned.status, after, _bytes(found, package.name))
            except StatusError:
                self._undo(context, request, _Got(STATUS_SUCCESS, after, b""))
                raise

    def _undo(self, context: ClientContext | None, request: Request, got: _Got) -> None:
        if got.context is not context:
            self._lsa.contexts.drop(got.context)


def _guid(cred_type: object) -> str:
    if not isinstance(cred_type, str):
        raise TypeError(f"cred_type is the text of a GUID, got {type(cred_type).__name__} {cred_type!r}")
    if cred_type.lower() not in _GUIDS:
        raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{cred_type!r} is no kind of credentials that is documented")
    return cred_type.lower()


def _bytes(data: object, package: str) -> bytes:
    """What the package allocated. No page names the heap, so only bytes at hand are taken."""
    if data is None:
        return b""
    if not isinstance(data, bytes | bytearray):
        raise StatusError(SEC_E_INTERNAL_ERROR, f"{package} gave {data!r}; expected bytes")
    return bytes(data)
