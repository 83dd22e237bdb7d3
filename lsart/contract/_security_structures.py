"""Structures of logon sessions, credentials and tokens, as frozen values.

What the credential manager keeps is here too: wincred.h, CREDENTIALW and CREDENTIAL_TARGET_INFORMATIONW.

Attributes are the Windows members in snake_case: ``MaximumLength`` is ``maximum_length``.
SIDs are text: ``S-1-5-18``. Pages: sdk-api ns-lsalookup-lsa_string, ns-winnt-token_source,
ns-ntsecpkg-lsa_token_information_null, ns-ntsecpkg-lsa_token_information_v1.
"""

from __future__ import annotations

from typing import Final

import attrs

from lsart.contract._members import member
from lsart.contract._pointer import Pointer

__all__ = [
    "CREDENTIAL_TARGET_INFORMATIONW",
    "CRED_TYPE_DOMAIN_CERTIFICATE",
    "CRED_TYPE_DOMAIN_EXTENDED",
    "CRED_TYPE_DOMAIN_PASSWORD",
    "CRED_TYPE_DOMAIN_VISIBLE_PASSWORD",
    "CRED_TYPE_GENERIC",
    "ENCRYPTED_CREDENTIALW",
    "LSA_STRING",
    "LSA_TOKEN_INFORMATION_NULL",
    "LSA_TOKEN_INFORMATION_V1",
    "LUID_AND_ATTRIBUTES",
    "SID_AND_ATTRIBUTES",
    "TOKEN_SOURCE",
]

_USHORT_MAX = 0xFFFF
_NEVER = 0x7FFF_FFFF_FFFF_FFFF  # the latest time that a LARGE_INTEGER says
_SOURCE_NAME = 8  # bytes
_NULL = type(None)


@attrs.frozen
class LSA_STRING:
    """Bytes, how many there are, and how many there is room for.

    Plain ``str`` does wherever the room does not matter. A text counts as its UTF-8 bytes.

    Args:
        buffer: the text at hand, or where its bytes are.
        length: bytes in use, 0 to 65535; those of the text unless given.
        maximum_length: bytes of room, `length` to 65535; just enough unless given.

    Raises:
        ValueError: a length that the structure cannot carry, or less room than bytes.
        TypeError: a pointer without a length, or neither text nor a pointer.
    """

    buffer: str | Pointer = attrs.field(default="", validator=member(str, Pointer))
    length: int = attrs.field()
    maximum_length: int = attrs.field()

    @length.default
    def _length_of_the_text(self) -> int:
        given: object = self.buffer
        if isinstance(given, str):
            # Half a surrogate pair is no character, but a key may hold anything.
            return len(given.encode("utf-8", "surrogatepass"))
        if isinstance(given, Pointer):
            raise TypeError(f"LSA_STRING({given!r}): say how many bytes are there: length=...")
        return 0  # the validator is about to refuse it

    @maximum_length.default
    def _just_enough(self) -> int:
        return self.length

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.length <= self.maximum_length <= _USHORT_MAX:
            raise ValueError(
                f"LSA_STRING(length={self.length}, maximum_length={self.maximum_length}): expected "
                f"0 <= length <= maximum_length <= {_USHORT_MAX}"
            )


@attrs.frozen
class SID_AND_ATTRIBUTES:
    """A user or group, and how it counts: SE_GROUP bits of winnt.h. Raises TypeError for other types of members."""

    sid: str = attrs.field(validator=member(str))
    attributes: int = attrs.field(default=0, validator=member(int))


@attrs.frozen
class LUID_AND_ATTRIBUTES:
    """A privilege by its LUID, and whether it is on: SE_PRIVILEGE bits of winnt.h. Raises TypeError likewise."""

    luid: int = attrs.field(validator=member(int))
    attributes: int = attrs.field(default=0, validator=member(int))


@attrs.frozen
class TOKEN_SOURCE:
    """Who made a token.

    Args:
        source_name: at most eight bytes. source_identifier: a LUID.

    Raises:
        ValueError: a longer name. TypeError: a member of another type.
    """

    source_name: str = attrs.field(validator=member(str))
    source_identifier: int = attrs.field(default=0, validator=member(int))

    def __attrs_post_init__(self) -> None:
        size = len(self.source_name.encode("utf-8", "surrogatepass"))
        if size > _SOURCE_NAME:
            raise ValueError(f"TOKEN_SOURCE({self.source_name!r}): {size} bytes; SourceName holds {_SOURCE_NAME}")


@attrs.frozen(kw_only=True)
class LSA_TOKEN_INFORMATION_NULL:
    """What an anonymous token is made of. `expiration_time` counts 100 ns since 1601; the default is never.

    Raises:
        TypeError: a member of another type.
    """

    groups: tuple[SID_AND_ATTRIBUTES, ...] = attrs.field(
        default=(), validator=member(tuple, Pointer, each=SID_AND_ATTRIBUTES)
    )
    expiration_time: int = attrs.field(default=_NEVER, validator=member(int))


@attrs.frozen(kw_only=True)
class LSA_TOKEN_INFORMATION_V1:
    """What the token of a user is made of.

    Args:
        user: SID of the user. primary_group: SID of a group, required.
        groups: without those that LSA adds itself; at hand, or where a TOKEN_GROUPS lies in the private heap.
        privileges: LSA's policy adds to them.
        owner: SID of the default owner, None for the user. default_dacl: bytes of it, None for no protection.
        expiration_time: in 100 ns since 1601; the default is never.

    Raises:
        TypeError: a member of another type, such as the text of a SID for `user`.
    """

    user: SID_AND_ATTRIBUTES = attrs.field(validator=member(SID_AND_ATTRIBUTES))
    primary_group: str = attrs.field(validator=member(str))
    groups: tuple[SID_AND_ATTRIBUTES, ...] | Pointer = attrs.field(
        default=(), validator=member(tuple, Pointer, each=SID_AND_ATTRIBUTES)
    )
    privileges: tuple[LUID_AND_ATTRIBUTES, ...] = attrs.field(
        default=(), validator=member(tuple, each=LUID_AND_ATTRIBUTES)
    )
    owner: str | None = attrs.field(default=None, validator=member(str, _NULL))
    default_dacl: bytes | None = attrs.field(default=None, validator=member(bytes, _NULL))
    expiration_time: int = attrs.field(default=_NEVER, validator=member(int))


CRED_TYPE_GENERIC: Final = 1
CRED_TYPE_DOMAIN_PASSWORD: Final = 2
CRED_TYPE_DOMAIN_CERTIFICATE: Final = 3
CRED_TYPE_DOMAIN_VISIBLE_PASSWORD: Final = 4
CRED_TYPE_DOMAIN_EXTENDED: Final = 6


@attrs.frozen
class ENCRYPTED_CREDENTIALW:
    """What the credential manager stores for a user, who has one for each target and type.

    The members of its CREDENTIALW stand here themselves. `repr` leaves the secret out, so no event shows it.

    Args:
        target_name: what it is for. type: a CRED_TYPE_ value. user_name: whom it logs on.
        credential_blob: the secret, in the format of whoever wrote it.
        block: where LSA holds those bytes for a package that read them; None in what a package makes.

    Raises:
        TypeError: the secret is not bytes.
    """

    target_name: str
    type: int = CRED_TYPE_GENERIC
    user_name: str = ""
    credential_blob: bytes = attrs.field(default=b"", repr=False, validator=member(bytes, bytearray))
    comment: str = ""
    block: Pointer | None = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class CREDENTIAL_TARGET_INFORMATIONW:
    """What a target is called. A name that is not known is empty.

    Args:
        cred_types: the CRED_TYPE_ values that the target takes; all of them when empty.
    """

    target_name: str = ""
    netbios_server_name: str = ""
    dns_server_name: str = ""
    netbios_domain_name: str = ""
    dns_domain_name: str = ""
    dns_tree_name: str = ""
    cred_types: tuple[int, ...] = ()
