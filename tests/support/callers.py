"""A package that calls packages, one that is called, and the three slots by which that goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsas import Scripted, scripted

from lsart.contract import NTSTATUS, CallPackageReply, ClientRequest, FunctionTable, Pointer

__all__ = ["SLOTS", "Callee", "calls", "calls_with"]

Result = tuple[Pointer | None, int, NTSTATUS]

SLOTS = ("CallPackage", "CallPackageEx", "CallPackagePassthrough")


async def calls(
    table: FunctionTable, slot: str, name: str, message: Any, *, length: int | None = None, base: Pointer | None = None
) -> Result:
    """Call a package by one of `SLOTS`; the first has no place for a base address."""
    length = len(message) if length is None else length
    if slot == "CallPackage":
        return await table.CallPackage(name, message, length)
    return await getattr(table, slot)(name, base, message, length)  # type: ignore[no-any-return]  # by name


def calls_with(does: Callable[[FunctionTable, ClientRequest, bytes], Any], name: str = "a") -> Scripted:
    """A package whose every call of a client does this."""
    return scripted(name, call=does)


class Callee(Scripted):
    """Package "b": all three of its entry points note what they were given, and do what the test says."""

    def __init__(self, does: Callable[[FunctionTable, ClientRequest, Any], Any] | None = None) -> None:
        super().__init__("b")
        self.does = does if does is not None else self.echo
        self.entered: list[tuple[str, tuple[Any, ...]]] = []

    @staticmethod
    async def echo(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return await table.reply(request, b"re " + message, protocol_status=7)

    async def LsaApCallPackage(self, *given: Any) -> Any:
        return await self._enter("CallPackage", given)

    async def LsaApCallPackageUntrusted(self, *given: Any) -> Any:
        return await self._enter("CallPackageUntrusted", given)

    async def LsaApCallPackagePassthrough(self, *given: Any) -> Any:
        return await self._enter("CallPackagePassthrough", given)

    async def _enter(self, name: str, given: tuple[Any, ...]) -> Any:
        self.entered.append((name, given))
        result = self.does(self.table, given[0], given[1])
        return await result if hasattr(result, "__await__") else result
