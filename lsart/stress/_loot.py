"""What hostile processes pass: what they got hold of, what others have, what nobody has, what is of no right type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Literal

import attrs

from lsart.contract import TOKEN_SOURCE, Pointer, SecHandle, enumerations
from lsart.runtime import Client, Lsa
from lsart.stress._operations import MessageMaker, make_message

__all__ = ["MESSAGE_SIZES", "Kind", "Loot", "Values"]

Kind = Literal["connections", "handles", "buffers", "credentials", "contexts", "messages", "packed", "tokens"]

_KEPT = 64  # of each kind; what is older is forgotten, so that most of what is kept still means something
_OWN, _OTHERS, _WRONG_TYPE, _FORGETS = 0.7, 0.9, 0.02, 0.7
_NUMBERS = (0, 1, 2, 3, 5, 7, -1, -4, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x1_0000_0000, 2**63, 2**64 - 1, 2**64, 10**30)
_LENGTHS = (0, 1, 7, 8, 64, 4095, 4096, 4097, 65_536, 2**31, 2**32, 2**64, -1)
_TEXTS = ("", " ", "\0", "x" * 127, "x" * 128, "ä" * 64, "Negotiate", "no such package", "a\0b", "\udcff", "😀" * 32)
MESSAGE_SIZES = (0, 1, 2, 3, 5, 8, 16, 17, 40, 64, 200, 1000)


@attrs.define
class Loot:
    """What a hostile process got hold of, or all those of one battery, as they work together.

    Attributes:
        connections: handles of LsaConnectUntrusted and its like. handles: to objects. buffers: of replies.
        credentials, contexts: of SSPI. messages: that some context has signed or sealed: types and bytes of buffers.
        packed: contexts, as they were exported. tokens: that legs of contexts gave, for the other side.
    """

    connections: list[int] = attrs.field(factory=list)
    handles: list[int] = attrs.field(factory=list)
    buffers: list[Pointer] = attrs.field(factory=list)
    credentials: list[SecHandle] = attrs.field(factory=list)
    contexts: list[SecHandle] = attrs.field(factory=list)
    messages: list[tuple[tuple[int, bytes], ...]] = attrs.field(factory=list)
    packed: list[bytes] = attrs.field(factory=list)
    tokens: list[bytes] = attrs.field(factory=list)

    def keep(self, kind: list[Any], found: Any, random: Random) -> None:
        """Remember something, in the place of something else once there is much."""
        if len(kind) < _KEPT:
            kind.append(found)
        else:
            kind[random.randrange(_KEPT)] = found


class Values:
    """What one thread of a hostile process passes next. Each kind of value has a method.

    Args:
        everybodys: what all hostile processes have seen. makers: of messages that packages understand.

    Attributes:
        client: the process. own: what it got hold of itself. everybodys: as given.
        has_wrong_type: whether anything since `begin` is of a type that no C compiler would let through.
    """

    def __init__(self, lsa: Lsa, everybodys: Loot, random: Random, makers: Mapping[str, MessageMaker]) -> None:
        self.random = random
        self.client: Client
        self.own: Loot
        self.has_wrong_type = False
        self._lsa = lsa
        self.everybodys = everybodys
        self._makers = tuple(makers.items())

    def begin(self, client: Client, own: Loot) -> None:
        """The next call, of this process."""
        self.client, self.own = client, own
        self.has_wrong_type = False

    def found(self, kind: Kind, what: Any) -> None:
        """Remember something of use."""
        for loot in (self.own, self.everybodys):
            loot.keep(getattr(loot, kind), what, self.random)

    def lost(self, kind: Kind, what: Any) -> None:
        """It was given back. Most of the time the process knows that, else it tries its luck with it."""
        kept = getattr(self.own, kind)
        if what in kept and self.random.random() < _FORGETS:
            kept.remove(what)

    def connection(self) -> Any:
        """A connection handle: most often of this process, else of anybody or nobody."""
        others = [each.handle for each in self._lsa.clients] + self.everybodys.connections
        return self.one_of(self.own.connections, others, self.number)

    def object_handle(self) -> Any:
        """A handle to an object, in this process or another."""
        return self.one_of(self.own.handles, self.everybodys.handles, self.number)

    def flags(self) -> int:
        """Bits, most of which mean something to somebody."""
        return self.random.choice((0, 1, 2, 3, 0x10, 0x100, 0xFFFF_FFFF))

    def logon_type(self) -> Any:
        """A kind of logon."""
        return self.or_wrong(self.random.choice(tuple(enumerations.SECURITY_LOGON_TYPE)))

    def source(self) -> Any:
        """Who claims to ask for a logon."""
        return self.or_wrong(TOKEN_SOURCE("hostile"))

    def buffer(self) -> Any:
        """An address: of a reply, within one, of somebody else's memory, of nothing; or NULL."""
        random = self.random
        if random.random() < 0.1:
            return None
        found = self.one_of(self.own.buffers, self.everybodys.buffers, self.address)
        if isinstance(found, Pointer) and random.random() < 0.2:
            return found + random.choice((1, -1, 8, 16, 4096, -4096, 2**32))
        return found

    def buffer_that_is(self) -> Any:
        """An address as `buffer`, where NULL is as wrong as a text."""
        found = self.buffer()
        self.has_wrong_type |= found is None
        return found

    def package(self) -> Any:
        """The number of a package, or of none."""
        numbers = [each.authentication_id for each in self._lsa.packages]
        return self.one_of(numbers, numbers, self.number)

    def text(self) -> Any:
        """The name of a package, or text that is none."""
        names = [each.name for each in self._lsa.packages]
        return self.one_of(names, _TEXTS, lambda: self.random.choice(_TEXTS))

    def message(self) -> Any:
        """Bytes for a package: messages that it understands, whole or damaged, and such as begin like one."""
        random = self.random
        if random.random() < 0.05:
            return None
        size = random.choice(MESSAGE_SIZES)
        content: bytes | bytearray | memoryview
        if self._makers and random.random() < 0.6:
            content = self.damaged(make_message(*random.choice(self._makers), random, size))
        else:
            content = random.randbytes(size)
            if content and random.random() < 0.8:  # many begin with a small number that says what they are
                content = bytes([random.randrange(12), *content[1:]])
        if random.random() < 0.1:
            content = random.choice((bytearray, memoryview))(content)
        return self.or_wrong(content)

    def damaged(self, message: bytes) -> bytes:
        """Half of them stay as they are; others are cut off, go on too long, or have one byte changed."""
        random = self.random
        match random.randrange(6):
            case 0:
                return message[: random.randrange(len(message) + 1)]
            case 1:
                return message + random.randbytes(random.choice(MESSAGE_SIZES))
            case 2 if message:
                place = random.randrange(len(message))
                return message[:place] + random.randbytes(1) + message[place + 1 :]
            case _:
                return message

    def data(self) -> Any:
        """Bytes to write."""
        return self.or_wrong(self.random.randbytes(self.random.choice(MESSAGE_SIZES)))

    def length(self) -> Any:
        """How many bytes."""
        if self.random.random() < 0.6:
            return self.random.randrange(256)
        return self.or_wrong(self.random.choice(_LENGTHS))

    def offset(self) -> Any:
        """Where in a section: mostly in its first page."""
        if self.random.random() < 0.8:
            return self.random.randrange(4096)
        return self.or_wrong(self.random.choice(_LENGTHS))

    def yes_or_no(self) -> bool:
        """Either."""
        return self.random.random() < 0.5

    def number(self) -> Any:
        """A number that somebody could have guessed."""
        random = self.random
        return random.randrange(0, 4000, 4) if random.random() < 0.5 else random.choice(_NUMBERS)

    def address(self) -> Pointer:
        """Somewhere: within this process or another, or nowhere."""
        random = self.random
        spaces = ("lsass", self.client.name, *(each.name for each in self._lsa.clients[:4]), "nobody")
        address = self.client.process.space.regions()[0].base if self.client.process.space.regions() else 4096
        return Pointer(random.choice((address, address + 16, 8, 2**48, 2**64 - 8)), random.choice(spaces))

    def one_of(self, own: Sequence[Any], others: Sequence[Any], otherwise: Callable[[], Any]) -> Any:
        """What the process has itself most often, else what others have, else what nobody may have."""
        share = self.random.random()
        if own and share < _OWN:
            return self.or_wrong(self.random.choice(own))
        if others and share < _OTHERS:
            return self.or_wrong(self.random.choice(others))
        return self.or_wrong(otherwise())

    def or_wrong(self, value: Any) -> Any:
        """The value, or seldom something of another type."""
        if self.random.random() >= _WRONG_TYPE:
            return value
        self.has_wrong_type = True
        return self.random.choice((None, "text", 1.5, b"bytes", (), [], {}, object, Ellipsis, -3, Pointer(1, "lsass")))
