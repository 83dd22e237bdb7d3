"""What a client sends to log on, and what `lsart stress` sends.

The logon message is laid out like MSV1_0_INTERACTIVE_LOGON on x64: a number, then domain, user and password, each a
UNICODE_STRING whose address leads into the same message. Addresses are the client's, so they count from the address at
which the message lies there; in a message that was sent as bytes they count from its beginning.
"""

from __future__ import annotations

import struct
from random import Random

import attrs

from lsart import TOKEN_SOURCE, Client, Pointer, StatusError, enumerations

__all__ = ["OPERATIONS", "PACKAGE", "WHOAMI", "Logon", "decode_logon", "encode_logon"]

PACKAGE = "password"
WHOAMI = b"whoami"
_INTERACTIVE_LOGON = 2  # MsV1_0InteractiveLogon
_HEAD = struct.Struct("<I4x")
_STRING = struct.Struct("<HH4xQ")
_TEXTS = _HEAD.size + 3 * _STRING.size
_LONGEST = 512  # bytes of one text: longer names and passwords are no names and passwords


@attrs.frozen
class Logon:
    """Who wants to log on. `repr` leaves the password out."""

    domain: str
    user: str
    password: str = attrs.field(repr=False)


def encode_logon(domain: str, user: str, password: str, base: Pointer | None = None) -> bytes:
    """A logon message, to be put at `base`, or to be sent as bytes."""
    texts = [each.encode("utf-16-le") for each in (domain, user, password)]
    place = _TEXTS + (0 if base is None else base.address)
    strings = []
    for text in texts:
        strings.append(_STRING.pack(len(text), len(text), place))
        place += len(text)
    return b"".join([_HEAD.pack(_INTERACTIVE_LOGON), *strings, *texts])


def decode_logon(message: bytes, base: Pointer | None) -> Logon | None:
    """What a logon message says; None for anything that is none. Nothing in it is believed."""
    if len(message) < _TEXTS or _HEAD.unpack_from(message) != (_INTERACTIVE_LOGON,):
        return None
    start = 0 if base is None else base.address
    texts = []
    for index in range(3):
        length, _, address = _STRING.unpack_from(message, _HEAD.size + index * _STRING.size)
        offset = address - start
        if length > _LONGEST or length % 2 or not _TEXTS <= offset <= len(message) - length:
            return None
        try:
            texts.append(message[offset : offset + length].decode("utf-16-le"))
        except UnicodeDecodeError:
            return None
    return Logon(*texts)


async def _visit(client: Client, random: Random, size: int) -> None:
    """Log on, ask who one is, log off. One in twenty mistypes the password."""
    user = random.choice(_USERS)
    password = f"{user}'s password" if random.randrange(20) else "pasword"
    await _work(client, encode_logon("CONTOSO", user, password))


async def _guess(client: Client, random: Random, size: int) -> None:
    """Try a name that may exist with a password that does not."""
    await _work(client, encode_logon("CONTOSO", random.choice([*_USERS, "mallory", "root"]), str(random.random())))


async def _work(client: Client, message: bytes) -> None:
    number = await client.LsaLookupAuthenticationPackage(client.handle, PACKAGE)
    interactive = enumerations.SECURITY_LOGON_TYPE.Interactive
    source = TOKEN_SOURCE("stress")
    try:
        logon = await client.LsaLogonUser(
            client.handle, "stress", interactive, number, message, None, None, source, operation="log on"
        )
    except StatusError:
        return  # a mistyped password, or an account that is locked by too many of them
    try:
        client.ImpersonateLoggedOnUser(logon.token)
        await client.call(PACKAGE, WHOAMI, operation="whoami")
    finally:
        client.RevertToSelf()
        client.CloseHandle(logon.token)
    await client.LsaFreeReturnBuffer(logon.profile_buffer)


_USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
OPERATIONS = {"visit": _visit, "guess": _guess}
