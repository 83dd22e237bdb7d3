"""Tokens: a failing schedule as one line of text that brings it back in another process, on another day.

A token is ``lsart1:`` and the URL-safe base64, without padding, of these bytes:

    strategy, trio, python      three texts: what found it, and the versions that it was found with
    model                       text: what the model is called
    fingerprint                 4 bytes: what the model's code was
    symptom                     4 bytes: what went wrong
    trace                       4 bytes: a number for the whole run, step by step
    seed, step limit, time limit    three varints
    flags                       1 byte: 1 time is a choice, 2 labelled, 4 shrunk, 8 proved to be minimal
    steps                       varint: how long the run was
    switches                    varint: how many; then for each the task, its steps and who went on (+1, as time is -1)
    checksum                    4 bytes: CRC-32 of all the above

Texts are a varint of their length and UTF-8; varints are seven bits a byte, the lowest first. A token longer than 200
characters is better kept in a file; `decode` reads the name of such a file as well.
"""

from __future__ import annotations

import base64
import binascii
import platform
from pathlib import Path
from zlib import crc32

import attrs
import trio

from lsart.contract import ConfigurationError
from lsart.exploration._model import TIME_LIMIT_NS
from lsart.exploration._script import Script, Switch

__all__ = ["LONGEST", "Token", "TokenError", "decode"]

PREFIX = "lsart1:"
LONGEST = 200
"""Characters that a token may have to be handed on as text."""
_HOW_TO_GET_ONE = "'lsart explore' prints a new one for each failure"


class TokenError(ConfigurationError):
    """A token cannot be used.

    Likely causes: it was cut off when it was copied; it is of another version of lsart; it is no token at all; the
    model that it belongs to has changed.
    """


@attrs.frozen(kw_only=True)
class Token:
    """What is needed to run a schedule again, and to see that it was that schedule.

    Args:
        model: what the model is called. fingerprint: of the model. symptom, trace: numbers of how the run went.
        script: where it left the canonical path. steps: how long it was. seed: of the chance that the model draws.
    """

    model: str
    fingerprint: int
    symptom: int
    trace: int
    script: Script
    steps: int
    seed: int = 0
    step_limit: int = 20_000
    time_limit_ns: int = TIME_LIMIT_NS
    strategy: str = ""
    time_is_a_choice: bool = False
    labelled: bool = False
    is_shrunk: bool = False
    is_minimal: bool = False
    trio_version: str = attrs.field(factory=lambda: trio.__version__)
    python_version: str = attrs.field(factory=lambda: ".".join(platform.python_version_tuple()[:2]))

    def encode(self) -> str:
        """The token as text."""
        data = bytearray()
        for text in (self.strategy, self.trio_version, self.python_version, self.model):
            raw = text.encode()
            _put(data, len(raw))
            data += raw
        for number in (self.fingerprint, self.symptom, self.trace):
            data += (number & 0xFFFF_FFFF).to_bytes(4, "little")
        _put(data, self.seed << 1 if self.seed >= 0 else (-self.seed << 1) - 1)  # no sign, any size
        _put(data, self.step_limit)
        _put(data, 0 if self.time_limit_ns == TIME_LIMIT_NS else self.time_limit_ns)
        flags = (self.time_is_a_choice, self.labelled, self.is_shrunk, self.is_minimal)
        data.append(sum(flag << bit for bit, flag in enumerate(flags)))
        _put(data, self.steps)
        _put(data, len(self.script))
        for switch in self.script:
            _put(data, switch.task + 1)
            _put(data, switch.steps)
            _put(data, switch.then + 1)
        data += crc32(data).to_bytes(4, "little")
        return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> Token:
    """Read a token, or the file that holds one.

    Raises:
        TokenError: it is none, or was cut off or changed.
    """
    text = text.strip()
    if not text.startswith("lsart") or ":" not in text:
        text = _from_file(text)
    version, _, body = text.partition(":")
    if version + ":" != PREFIX:
        raise TokenError(
            f"this token begins with {version!r}, and this lsart reads {PREFIX!r} only: use the lsart that made it"
        )
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) < 5 or crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise TokenError(
            f"the token was cut off or changed: its checksum is wrong. Copy it whole, all {PREFIX}... of it; "
            f"{_HOW_TO_GET_ONE}"
        )
    try:
        return _read(_Reader(data[:-4]))
    except (IndexError, UnicodeDecodeError):
        raise TokenError(f"the token is whole but makes no sense to this lsart; {_HOW_TO_GET_ONE}") from None


def _from_file(name: str) -> str:
    try:
        path = Path(name)
        text = path.read_text("utf-8").strip() if len(name) < 1000 and path.is_file() else ""
    except (OSError, UnicodeDecodeError, ValueError):
        text = ""
    if not text.startswith("lsart"):
        shown = name if len(name) <= 40 else name[:37] + "..."
        raise TokenError(f"{shown!r} is neither a token ({PREFIX}...) nor a file that holds one; {_HOW_TO_GET_ONE}")
    return text


def _put(data: bytearray, number: int) -> None:
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def byte(self) -> int:
        byte = self._data[self._at]
        self._at += 1
        return byte

    def four(self) -> int:
        return int.from_bytes(bytes(self.byte() for _ in range(4)), "little")

    def text(self) -> str:
        return bytes(self.byte() for _ in range(self.number())).decode()


def _read(reader: _Reader) -> Token:
    strategy, trio_version, python_version, model = (reader.text() for _ in range(4))
    fingerprint, symptom, trace = (reader.four() for _ in range(3))
    folded, step_limit, time_limit_ns = reader.number(), reader.number(), reader.number()
    flags, steps = reader.byte(), reader.number()
    script = tuple(Switch(reader.number() - 1, reader.number(), reader.number() - 1) for _ in range(reader.number()))
    return Token(
        model=model,
        fingerprint=fingerprint,
        symptom=symptom,
        trace=trace,
        script=script,
        steps=steps,
        seed=-((folded + 1) >> 1) if folded & 1 else folded >> 1,
        step_limit=step_limit,
        time_limit_ns=time_limit_ns or TIME_LIMIT_NS,
        strategy=strategy,
        time_is_a_choice=bool(flags & 1),
        labelled=bool(flags & 2),
        is_shrunk=bool(flags & 4),
        is_minimal=bool(flags & 8),
        trio_version=trio_version,
        python_version=python_version,
    )
