"""The half of a context that lives in the client's process."""

from __future__ import annotations

from lsart.engine import now_ns
from lsart.events import Bus, ContextShared
from lsart.runtime._contexts import ClientContext
from lsart.runtime._user_mode import UserTable

__all__ = ["MappedContext"]

_ALONE = ("EncryptMessage", "DecryptMessage")


class MappedContext:
    """What of a context only its process knows.

    Args:
        table: of the package, in that process.
    Attributes:
        is_leaving: the context was deleted while functions of it were under way; the last one ends this half.
        is_gone: the package has ended it itself, so that nobody else must.
    """

    __slots__ = ("_bus", "_under_way", "is_gone", "is_leaving", "table")

    def __init__(self, table: UserTable, bus: Bus) -> None:
        self.table = table
        self.is_leaving = self.is_gone = False
        self._bus = bus
        self._under_way: list[str] = []

    @property
    def is_idle(self) -> bool:
        """Whether no function of it is under way."""
        return not self._under_way

    def begin(self, context: ClientContext, function: str) -> None:
        """A function that waits begins. Two that seal, or two that unseal, are told (CEM-3)."""
        if function in _ALONE and self._under_way.count(function) == 1:
            self._bus.emit(
                ContextShared(
                    time_ns=now_ns(),
                    client=context.client.name,
                    package=context.package.key,
                    context=context.handle,
                    function=function,
                )
            )
        self._under_way.append(function)

    def end(self, function: str) -> bool:
        """It has ended. Returns whether this half has to end now."""
        self._under_way.remove(function)
        return self.is_leaving and self.is_idle
