"""Structures of logon sessions and credentials, as frozen values.

Attributes are the Windows members in snake_case: ``MaximumLength`` is ``maximum_length``.
Page: sdk-api ns-lsalookup-lsa_string.
"""

from __future__ import annotations

import attrs

from lsart.contract._pointer import Pointer

__all__ = ["LSA_STRING"]

_USHORT_MAX = 0xFFFF


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
        TypeError: a pointer without a length.
    """

    buffer: str | Pointer = ""
    length: int = attrs.field()
    maximum_length: int = attrs.field()

    @length.default
    def _length_of_the_text(self) -> int:
        if isinstance(self.buffer, str):
            # Half a surrogate pair is no character, but a key may hold anything.
            return len(self.buffer.encode("utf-8", "surrogatepass"))
        raise TypeError(f"LSA_STRING({self.buffer!r}): say how many bytes are there: length=...")

    @maximum_length.default
    def _just_enough(self) -> int:
        return self.length

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.length <= self.maximum_length <= _USHORT_MAX:
            raise ValueError(
                f"LSA_STRING(length={self.length}, maximum_length={self.maximum_length}): expected "
                f"0 <= length <= maximum_length <= {_USHORT_MAX}"
            )
