"""Which buffers of a message a package signs and seals, as the pages of these functions say.

For packages: SpMakeSignature, SpSealMessage and those that reverse them find their buffers with these.
"""

from __future__ import annotations

from lsart.contract._errors import StatusError
from lsart.contract._sspi_structures import SecBuffer, SecBufferDesc
from lsart.contract._tables import _constants as constants
from lsart.contract._tables._statuses import SEC_E_INVALID_TOKEN, STATUS_INVALID_PARAMETER

__all__ = ["sealed_buffers", "signed_buffers"]

_KIND = ~constants.SECBUFFER_ATTRMASK


def signed_buffers(message: SecBufferDesc, token_size: int) -> tuple[SecBuffer, tuple[SecBuffer, ...]]:
    """The buffer for the signature, and those that it is made over (CMS-1, CMS-2).

    Args:
        token_size: bytes of a signature. It may be more than a message that is verified has.

    Raises:
        StatusError: SEC_E_INVALID_TOKEN when there is no token buffer of that size.
    """
    token = message.first(constants.SECBUFFER_TOKEN)
    if token is None or token.length < token_size:
        raise StatusError(SEC_E_INVALID_TOKEN, f"the message has no token buffer of {token_size} bytes")
    return token, _without(message, constants.SECBUFFER_READONLY_WITH_CHECKSUM)


def sealed_buffers(message: SecBufferDesc, token_size: int) -> tuple[SecBuffer, SecBuffer, tuple[SecBuffer, ...]]:
    """The buffer for the signature, the one whose bytes are encrypted in place, and those that the signature is made
    over, this one among them (USM-2 to USM-4, CEM-2).

    Args:
        token_size: bytes of a signature.

    Raises:
        StatusError: STATUS_INVALID_PARAMETER when there is no token buffer of that size, or when the data buffers are
            not one that may be changed.
    """
    token = message.first(constants.SECBUFFER_TOKEN)
    if token is None or token.length < token_size:
        raise StatusError(STATUS_INVALID_PARAMETER, f"the message has no token buffer of {token_size} bytes")
    data = [each for each in message.buffers if each.buffer_type & _KIND == constants.SECBUFFER_DATA]
    if len(data) != 1:
        raise StatusError(STATUS_INVALID_PARAMETER, f"the message has {len(data)} data buffers; one can be sealed")
    if data[0].buffer_type & constants.SECBUFFER_READONLY:
        raise StatusError(STATUS_INVALID_PARAMETER, "the data buffer is read-only, so it cannot be sealed")
    return token, data[0], _without(message, constants.SECBUFFER_READONLY)


def _without(message: SecBufferDesc, attribute: int) -> tuple[SecBuffer, ...]:
    left_out = constants.SECBUFFER_TOKEN
    covered = [each for each in message.buffers if each.buffer_type & _KIND != left_out]
    return tuple([each for each in covered if not each.buffer_type & attribute])
