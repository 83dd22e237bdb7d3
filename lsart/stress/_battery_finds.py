"""What the answers to hostile calls are good for: each thing of use is kept, for the next calls to be made with."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import attrs

from lsart.contract import (
    AccessViolation,
    CallPackageReply,
    ContextLeg,
    LogonUserReply,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
)
from lsart.stress._loot_sspi import SspiValues

__all__ = ["keep_what_is_of_use"]

_HANDLE_SIZE = 8


def keep_what_is_of_use(name: str, result: object, values: SspiValues) -> None:
    """Look at what this function gave."""
    match result:
        case CallPackageReply(protocol_return_buffer=Pointer() as buffer):
            values.found("buffers", buffer)
            if result.return_buffer_length == _HANDLE_SIZE:
                values.found("handles", int.from_bytes(_read(values, buffer, _HANDLE_SIZE), "little"))
        case LogonUserReply():
            values.found("handles", result.token)
            if isinstance(result.profile_buffer, Pointer):
                values.found("buffers", result.profile_buffer)
        case ContextLeg():
            values.found("contexts", result.new_context)
            for each in result.output.buffers:
                values.found("tokens", _content(values, each))
        case SecBufferDesc() if name in ("MakeSignature", "EncryptMessage"):
            values.found("messages", tuple((each.buffer_type, _content(values, each)) for each in result.buffers))
        case (SecBuffer() as packed, token):  # of ExportSecurityContext
            values.found("packed", _content(values, packed))
            if token is not None:
                values.found("handles", token)
        case SecHandle():  # of ImportSecurityContext
            values.found("contexts", result)
        case (SecHandle() as credential, _):
            values.found("credentials", credential)
        case (_, Pointer() as buffer):  # of GetSecurityUserInfo
            values.found("buffers", buffer)
        case _ if name == "QueryContextAttributes":
            _keep_blocks(result, values)
        case int() if name in ("LsaConnectUntrusted", "LsaRegisterLogonProcess"):
            values.found("connections", result)


def _keep_blocks(answer: Any, values: SspiValues) -> None:
    """An attribute that is at an address, or has members that are."""
    members = attrs.astuple(answer, recurse=False) if attrs.has(type(answer)) else (answer,)
    for each in members:
        if isinstance(each, Pointer):
            values.found("buffers", each)


def _content(values: SspiValues, buffer: SecBuffer) -> bytes:
    """What is in it; one at an address is something to free, too."""
    if not isinstance(buffer.buffer, Pointer):
        return buffer.data if buffer.buffer is not None else b""
    values.found("buffers", buffer.buffer)
    return _read(values, buffer.buffer, buffer.length)


def _read(values: SspiValues, at: Pointer, length: int) -> bytes:
    with suppress(AccessViolation):  # another thread of the process may have freed it already, or ended the process
        return values.client.process.space.read(at.address, length)
    return b""
