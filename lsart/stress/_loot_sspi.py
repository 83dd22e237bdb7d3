"""What hostile processes pass to SSPI: handles, buffers whose lengths lie, messages and contexts whole and damaged."""

from __future__ import annotations

from typing import Any, Final

from lsart.contract import Pointer, SecBuffer, SecBufferDesc, SecHandle, constants
from lsart.stress._loot import MESSAGE_SIZES, Values

__all__ = ["SspiValues"]

_READONLY, _CHECKED = constants.SECBUFFER_READONLY, constants.SECBUFFER_READONLY_WITH_CHECKSUM
_DATA, _TOKEN = constants.SECBUFFER_DATA, constants.SECBUFFER_TOKEN
_KINDS: Final = (0, _DATA, _DATA, _TOKEN, _TOKEN, 3, 5, 10, _DATA | _READONLY, _DATA | _CHECKED, 2**31, 2**32 - 1)
_ATTRIBUTES: Final = (0, 0, 1, 1, 2, 4, 10, 12, 18, 0x80, 2**31, 2**32 - 1)
_SMALL: Final = (0, 0, 0, 1, 2, 3, 2**31, 2**32 - 1)
_ROOM: Final = 64  # as much as most packages want for a signature


class SspiValues(Values):
    """The part of `Values` that only SSPI has a use for."""

    def credential(self) -> Any:
        """A handle to credentials, or to a context, or to nothing."""
        return self.one_of(self.own.credentials, self.everybodys.contexts, self._secure_handle)

    def context(self) -> Any:
        """A handle to a context, or to credentials, or to nothing; seldom somebody else's."""
        others = self.everybodys.contexts if self.yes_or_no() else self.everybodys.credentials
        return self.one_of(self.own.contexts, others, self._secure_handle)

    def new_or_context(self) -> Any:
        """A context to go on with, or none, as for the first leg."""
        return None if self.random.random() < 0.4 else self.context()

    def principal(self) -> Any:
        """Whose credentials: of the caller, or of somebody by name."""
        return None if self.yes_or_no() else self.text()

    def tokens(self) -> Any:
        """Buffers for a leg of a context: none, or one that the other side made, or some that lie."""
        return None if self.random.random() < 0.2 else self.tokens_that_are()

    def tokens_that_are(self) -> Any:
        """As `tokens`, where NULL is as wrong as a text."""
        random = self.random
        if self.everybodys.tokens and random.random() < 0.5:
            token = self.damaged(random.choice(self.everybodys.tokens))
            return self.or_wrong(SecBufferDesc((SecBuffer(_TOKEN, token),)))
        kinds = [random.choice((0, 1, 2, 3, 2**31)) for _ in range(random.randrange(4))]
        return self.or_wrong(SecBufferDesc([self._any_buffer(kind) for kind in kinds], random.choice((0, 0, 0, 7))))

    def room(self) -> Any:
        """Buffers that a package may fill, or none of one's own."""
        return None if self.yes_or_no() else self.message_to_protect()

    def message_to_protect(self) -> Any:
        """A message with room for a signature, mostly; else buffers of any kind, some of which cannot be written to."""
        random = self.random
        if random.random() < 0.6:
            token, data = bytearray(_ROOM), bytearray(random.randbytes(random.choice(MESSAGE_SIZES)))
            return self.or_wrong(SecBufferDesc((SecBuffer(_TOKEN, token), SecBuffer(_DATA, data))))
        return self._any_message()

    def protected_message(self) -> Any:
        """A message that somebody signed or sealed, whole, damaged or once more; or one that nobody did."""
        random = self.random
        if not self.everybodys.messages or random.random() < 0.3:
            return self._any_message()
        kept = random.choice(self.everybodys.messages)
        buffers = [SecBuffer(kind, bytearray(self.damaged(content))) for kind, content in kept]
        if random.random() < 0.1:
            random.shuffle(buffers)
        return self.or_wrong(SecBufferDesc(tuple(buffers)))

    def packed(self) -> Any:
        """A context that was exported, whole or damaged, at hand or at an address; or one that was made up."""
        random = self.random
        if random.random() < 0.2:
            return self.or_wrong(self._any_buffer(random.choice(_KINDS)))
        known = self.everybodys.packed
        content = self.damaged(random.choice(known)) if known else random.randbytes(random.choice(MESSAGE_SIZES))
        return self.or_wrong(SecBuffer(random.choice(_KINDS), content))

    def structure(self) -> Any:
        """A structure of the process: bytes of it, or where it is."""
        random = self.random
        if random.random() < 0.2:
            return self.address()
        if random.random() < 0.1:
            self.has_wrong_type = True  # NULL, where something must be
            return None
        return self.or_wrong(bytearray(random.randbytes(random.choice(MESSAGE_SIZES))))

    def sized_structure(self) -> tuple[Any, Any]:
        """A structure, and how long it is said to be; None says nothing, which will not do for one at an address. Which
        of the two goes with one of another call is not known here."""
        structure, length = self.structure(), None if self.yes_or_no() else self.length()
        self.has_wrong_type |= isinstance(structure, Pointer)
        if length is not None:
            self.has_wrong_type |= not isinstance(length, int) or not 0 <= length < 2**32
        return structure, length

    def attribute(self) -> Any:
        """The number of an attribute of credentials or contexts."""
        return self.or_wrong(self.random.choice(_ATTRIBUTES))

    def small(self) -> Any:
        """A quality of protection, or the number of a message."""
        return self.or_wrong(self.random.choice(_SMALL))

    def session(self) -> Any:
        """A logon session, of the process or another, or a number that no LUID is."""
        found = None if self.yes_or_no() else self.number()
        self.has_wrong_type |= found is not None and not 0 <= found < 2**64
        return found

    def token_or_none(self) -> Any:
        """A handle to a token, or none."""
        return None if self.yes_or_no() else self.object_handle()

    def _any_message(self) -> Any:
        random = self.random
        kinds = [random.choice(_KINDS) for _ in range(random.randrange(5))]
        return self.or_wrong(SecBufferDesc([self._any_buffer(kind) for kind in kinds], random.choice((0, 0, 0, 7))))

    def _any_buffer(self, kind: int) -> SecBuffer:
        random = self.random
        match random.randrange(8):
            case 0 | 1:
                address = (
                    self.address() if self.yes_or_no() or not self.own.buffers else random.choice(self.own.buffers)
                )
                return SecBuffer(kind, address, random.choice((0, 16, 4096, 2**31)))
            case 2:
                return SecBuffer(kind, None, random.choice((0, 16, 2**31)))
            case 3:
                content = bytearray(random.choice(MESSAGE_SIZES))
                return SecBuffer(kind, memoryview(content), random.randrange(len(content) + 1))
            case 4:
                self.has_wrong_type = True  # wherever it must be written to
                return SecBuffer(kind, random.randbytes(random.choice(MESSAGE_SIZES)))
            case _:
                return SecBuffer(kind, bytearray(random.randbytes(random.choice(MESSAGE_SIZES))))

    def _secure_handle(self) -> SecHandle:
        return SecHandle(*(self.random.choice((0, 1, 2, 4096, 2**63, 2**64 - 1)) for _ in range(2)))
