"""What a package returned of a logon, as LSA takes it: text and structures, and the blocks that LSA frees (LLU-9)."""

from __future__ import annotations

from typing import Any

from lsart.contract import (
    STATUS_INVALID_PARAMETER,
    AccessViolation,
    LogonFailure,
    LogonUserResult,
    Pointer,
    StatusError,
)
from lsart.events import Origin, OutputNotFromHeap
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._arguments import token_information_problem
from lsart.security import unpack_token_information, unpack_unicode_string

__all__ = ["LogonOutputs", "Names"]

Names = tuple[str | None, str | None, str | None]
"""Account, authority, machine."""


class LogonOutputs:
    """The outputs of one logon.

    Args:
        package: whose they are. origin: of LSA, which frees them.
    """

    def __init__(self, memory: LsaMemory, package: str, origin: Origin) -> None:
        self._memory = memory
        self._package = package
        self._origin = origin
        self._checks = memory.environment.choices.lsa_heap_outputs == "checked"
        self._blocks: dict[int, None] = {}  # in the order in which they were found

    def names(self, source: LogonUserResult | LogonFailure) -> Names:
        """The names that the package returned; one that cannot be read is missing, and told."""
        return (
            self._name("AccountName", source.account_name),
            self._name("AuthenticatingAuthority", source.authenticating_authority),
            self._name("MachineName", source.machine_name),
        )

    def token_information(self, form: int, value: Any) -> Any:
        """What the token is made of.

        Raises:
            StatusError: STATUS_INVALID_PARAMETER: no token is made of this.
            TypeError: it is not the structure of that form, nor a Pointer.
        """
        if not isinstance(value, Pointer):
            problem = token_information_problem(form, value)
            if problem:
                raise StatusError(STATUS_INVALID_PARAMETER, f"TokenInformation {problem}")
            if isinstance(value.groups, Pointer):
                raise StatusError(STATUS_INVALID_PARAMETER, "Groups of a logon are at hand, or in the LSA heap")
            return value
        return self._read(
            "TokenInformation", value, lambda base, read, extent: unpack_token_information(form, base, read, extent)
        )

    def free(self) -> None:
        """LSA is through with them."""
        for address in self._blocks:
            self._memory.FreeLsaHeap(Pointer(address, LSASS), self._origin)
        self._blocks.clear()

    def _name(self, output: str, value: object) -> str | None:
        if not isinstance(value, Pointer):
            return value if isinstance(value, str) else None
        try:
            text: str = self._read(output, value, unpack_unicode_string)
        except StatusError:
            return None
        return text

    def _read(self, output: str, pointer: Pointer, unpack: Any) -> Any:
        def extent(address: int) -> int:
            return self._take(output, Pointer(address, pointer.space))

        try:
            return unpack(pointer.address, self._memory.space.read, extent)
        except (ValueError, AccessViolation) as error:
            raise StatusError(STATUS_INVALID_PARAMETER, f"{output}: {error}") from None

    def _take(self, output: str, pointer: Pointer) -> int:
        """The size of the block that begins there, which LSA will free.

        Raises:
            ValueError: it is no block of the LSA heap, so that LSA leaves it alone; it is told.
        """
        heap = self._memory.lsa_heap
        block = heap.block_at(pointer.address) if heap is not None and pointer.space == LSASS else None
        if block is None and self._checks:
            self._memory.environment.bus.emit(
                OutputNotFromHeap(
                    time_ns=self._origin.time_ns, package=self._package, output=output, address=pointer.address
                )
            )
            raise ValueError(f"{pointer!r} is no block of the LSA heap")
        self._blocks[pointer.address] = None
        return block.size if block is not None else _ANY


_ANY = 0x1_0000  # LSA does not look, so it reads on until a fault stops it
