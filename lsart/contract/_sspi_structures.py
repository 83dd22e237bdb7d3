"""Structures of SSPI, as frozen values.

Attributes are the Windows members in snake_case without their type prefix: ``pvBuffer`` is ``buffer``. The count
``cbBuffer`` would be ``buffer`` as well; it is ``length``.
Pages: sdk-api ns-sspi-secbuffer, ns-sspi-secbufferdesc.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from lsart.contract._pointer import Pointer
from lsart.contract._status import NTSTATUS
from lsart.contract._structures import SecPkgInfo

__all__ = [
    "CRED_UI_TYPES",
    "SECBUFFER_VERSION",
    "AcceptLsaModeLeg",
    "ContextLeg",
    "ContextMetaData",
    "InitLsaModeLeg",
    "SecBuffer",
    "SecBufferDesc",
    "SecHandle",
    "SecPkgInfoArray",
    "SecurityUserData",
]

SECBUFFER_VERSION = 0
CRED_UI_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "password": "28bfc32f-10f6-4738-98d1-1ac061df716a",
        "certificate": "235f69ad-73fb-4dbc-8203-0629e739339b",
        "csp": "68fd9879-079c-4dfe-8281-578aadc1c100",
    }
)
"""The kinds of credentials that a dialog can ask for, as GUIDs, by what they are (SUI-1). Page: sdk-api
nc-ntsecpkg-spgetcreduicontextfn."""
_KIND = ~0xF0000000  # all but SECBUFFER_ATTRMASK
_WORD_MAX = 0xFFFF_FFFF_FFFF_FFFF
_SUCCESS = NTSTATUS(0)


def _word(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _WORD_MAX:
        raise ValueError(f"{attribute.name} is {value!r}; a pointer-sized value is 0 to {_WORD_MAX:#x}")


@attrs.frozen(cache_hash=True)
class SecHandle:
    """What a client has of a credential or a context: two words, of which only LSA knows what they stand for.

    Raises:
        ValueError: a part is no pointer-sized value.
    """

    lower: int = attrs.field(validator=_word)
    upper: int = attrs.field(validator=_word)


def _length_of(buffer: SecBuffer) -> int:
    content = buffer.buffer
    if content is None:
        return 0
    if isinstance(content, Pointer):
        raise ValueError("a SecBuffer at an address needs its length")
    return memoryview(content).nbytes


def _length(buffer: SecBuffer, attribute: attrs.Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF_FFFF:
        raise ValueError(f"length is {value!r}; expected 0 to 4294967295")
    content = buffer.buffer
    if content is not None and not isinstance(content, Pointer) and value > memoryview(content).nbytes:
        raise ValueError(f"length is {value}, but the buffer has {memoryview(content).nbytes} bytes")


@attrs.frozen
class SecBuffer:
    """One buffer of a message or a token.

    Args:
        buffer_type: a SECBUFFER type, with attribute bits (SECBUFFER_READONLY) on top.
        buffer: its bytes at hand, or where they are in the process whose structure it is; None for a buffer of
            nothing, and for one that somebody else will allocate.
        length: bytes of it that count; all of them where they are at hand. A buffer to be filled may say how large
            it can become without bytes.

    Raises:
        TypeError: the buffer is neither bytes nor a Pointer. ValueError: the length is missing or too large.
    """

    buffer_type: int
    buffer: bytes | bytearray | memoryview | Pointer | None = None
    length: int = attrs.field(default=attrs.Factory(_length_of, takes_self=True), validator=_length)

    @property
    def kind(self) -> int:
        """The type without attribute bits."""
        return self.buffer_type & _KIND

    @property
    def data(self) -> bytes:
        """A copy of the bytes that count.

        Raises:
            TypeError: they are at an address.
        """
        if isinstance(self.buffer, Pointer):
            raise TypeError(f"the bytes are at {self.buffer!r}, not at hand")
        if self.buffer is None:
            return b""
        view = memoryview(self.buffer)
        return bytes(view.cast("B")[: self.length]) if view.c_contiguous else view.tobytes()[: self.length]


def _buffers(given: Any) -> tuple[SecBuffer, ...]:
    found = tuple(given)
    for each in found:
        if not isinstance(each, SecBuffer):
            raise TypeError(f"a SecBufferDesc holds SecBuffers, got {type(each).__name__} {each!r}")
    return found


@attrs.frozen
class SecBufferDesc:
    """Several buffers. ``cBuffers`` is their number.

    Raises:
        TypeError: one of them is no SecBuffer.
    """

    buffers: tuple[SecBuffer, ...] = attrs.field(default=(), converter=_buffers)
    version: int = SECBUFFER_VERSION

    def first(self, kind: int) -> SecBuffer | None:
        """The first buffer of a SECBUFFER type, whatever its attribute bits; None when there is none."""
        for each in self.buffers:
            if each.buffer_type & _KIND == kind:
                return each
        return None


@attrs.frozen
class ContextLeg:
    """What InitializeSecurityContext and AcceptSecurityContext give a client when they succeed.

    Args:
        new_context: the context. output: for the peer. context_attr: ISC_RET or ASC_RET flags that were granted.
        expiry: FILETIME; None when the package did not say.
        status: SEC_E_OK, or an informational one: SEC_I_CONTINUE_NEEDED when another leg must follow.
    """

    new_context: SecHandle
    output: SecBufferDesc
    context_attr: int
    expiry: int | None
    status: NTSTATUS = _SUCCESS


@attrs.frozen
class ContextMetaData:
    """What a negotiation sends along to the peer, and the context that it belongs to from now on.

    Args:
        status: STATUS_SUCCESS, or an informational one, which is success too (SQM-2).
    """

    meta_data: bytes
    context: SecHandle
    status: NTSTATUS = _SUCCESS


@attrs.frozen
class InitLsaModeLeg:
    """What SpInitLsaModeContext returns when it has more to say than can be left out.

    Args:
        new_context_handle: the package's own number of the context, not 0. On a later leg 0 is the number as before.
        output_buffers: for the peer, each in the place of the buffer that LSA passed. None: nothing.
        mapped_context: the context must be set up in the client's process as well, from `context_data`.
        expiration_time: FILETIME, 0 for none. status: STATUS_SUCCESS, SEC_I_CONTINUE_NEEDED, or a failure.
    """

    new_context_handle: int = 0
    output_buffers: SecBufferDesc | None = None
    context_attributes: int = 0
    expiration_time: int = 0
    mapped_context: bool = False
    context_data: SecBuffer | None = None
    status: NTSTATUS = _SUCCESS


@attrs.frozen
class AcceptLsaModeLeg:
    """What SpAcceptLsaModeContext returns: as `InitLsaModeLeg`, with the name that its page has for the output."""

    new_context_handle: int = 0
    output_buffer: SecBufferDesc | None = None
    context_attributes: int = 0
    expiration_time: int = 0
    mapped_context: bool = False
    context_data: SecBuffer | None = None
    status: NTSTATUS = _SUCCESS


@attrs.frozen
class SecurityUserData:
    """Who a session's user is. Page: sdk-api ns-ntsecpkg-security_user_data.

    Args:
        user_name, logon_domain_name, logon_server: names. sid: of the user, as text.
    """

    user_name: str
    logon_domain_name: str
    logon_server: str
    sid: str


class SecPkgInfoArray(tuple[SecPkgInfo, ...]):
    """What a client reads of packages, and where it lies in its memory.

    Args:
        packages: one structure each. buffer: the array of them, which FreeContextBuffer frees; None for none.
    """

    buffer: Pointer | None

    def __new__(cls, packages: Iterable[SecPkgInfo], buffer: Pointer | None) -> SecPkgInfoArray:
        self = super().__new__(cls, packages)
        self.buffer = buffer
        return self
