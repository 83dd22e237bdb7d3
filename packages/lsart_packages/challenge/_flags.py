"""What a context offers, as it travels, and as the two families of flags name it.

The client's flags and the server's have other values for one thing (ISC_REQ_INTEGRITY is ASC_REQ_STREAM): whatever
is passed on as it came means something else on the other side.
"""

from __future__ import annotations

from lsart import constants
from lsart_packages.challenge._protocol import CLIENT

__all__ = ["CONFIDENTIALITY", "INTEGRITY", "KNOWN", "SEQUENCE", "asked_by", "granted_as"]

INTEGRITY, CONFIDENTIALITY, SEQUENCE = 1, 2, 4
KNOWN = INTEGRITY | CONFIDENTIALITY | SEQUENCE

_CLIENT = {
    constants.ISC_REQ_INTEGRITY: INTEGRITY,
    constants.ISC_REQ_CONFIDENTIALITY: CONFIDENTIALITY | INTEGRITY,
    constants.ISC_REQ_SEQUENCE_DETECT: SEQUENCE | INTEGRITY,
    constants.ISC_REQ_REPLAY_DETECT: SEQUENCE | INTEGRITY,
}
_SERVER = {
    constants.ASC_REQ_INTEGRITY: INTEGRITY,
    constants.ASC_REQ_CONFIDENTIALITY: CONFIDENTIALITY | INTEGRITY,
    constants.ASC_REQ_SEQUENCE_DETECT: SEQUENCE | INTEGRITY,
    constants.ASC_REQ_REPLAY_DETECT: SEQUENCE | INTEGRITY,
}


def asked_by(side: bytes, requirements: int) -> int:
    """What a side's requirements ask for."""
    found = 0
    for flag, meaning in (_CLIENT if side == CLIENT else _SERVER).items():
        if requirements & flag:
            found |= meaning
    return found


def granted_as(side: bytes, flags: int) -> int:
    """What a side is told that it has. Both sides always prove who they are."""
    attributes = constants.ISC_REQ_MUTUAL_AUTH  # the same bit in both families
    for flag, meaning in (_CLIENT if side == CLIENT else _SERVER).items():
        if flags & meaning == meaning:
            attributes |= flag
    return attributes
