"""NTSTATUS: a 32-bit status that is a number to code and a name to people (STS-1 to STS-3)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lsart.contract._status_names import STATUS_NAMES

__all__ = ["NDIS_STATUS", "NTSTATUS", "Severity"]

Severity = Literal["success", "informational", "warning", "error"]
_SEVERITIES: tuple[Severity, ...] = ("success", "informational", "warning", "error")

# SEC_ codes are HRESULTs of facility 9: their top bit alone says "error" (STS-2), where the two top bits of
# an NTSTATUS would say "warning". Both travel through the same type (STS-3), so the upper half decides.
_SECURITY_ERRORS = 0x8009


class NTSTATUS(int):
    """A status code.

    It is an ``int``: two statuses are equal when their numbers are, whatever they are called. Several names
    can share one number (``STATUS_INSUFFICIENT_RESOURCES``, ``NDIS_STATUS_RESOURCES``); a constant shows the
    name it was declared with.

    Args:
        value: the unsigned 32-bit number, or the same bits as a negative C long.
        name: the name to show; the first documented name of the number unless given.

    Raises:
        ValueError: the value does not fit in 32 bits.
    """

    _shown: str

    def __new__(cls, value: int, name: str = "") -> NTSTATUS:
        if not -0x8000_0000 <= value <= 0xFFFF_FFFF:
            raise ValueError(f"NTSTATUS({value:#x}): a status has 32 bits; give 0 to 0xFFFFFFFF")
        self = super().__new__(cls, value & 0xFFFF_FFFF)
        self._shown = name
        return self

    @property
    def name(self) -> str:
        """The name shown; eight hexadecimal digits when no page of the contract names the number."""
        if self._shown:
            return self._shown
        names = STATUS_NAMES.get(int(self))
        return names[0] if names else f"0x{int(self):08X}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name the contract has for this number, the NTSTATUS name first."""
        return STATUS_NAMES.get(int(self), ())

    @property
    def severity(self) -> Severity:
        """What the two top bits say; for SEC_ codes what the top bit says."""
        if int(self) >> 16 == _SECURITY_ERRORS:
            return "error"
        return _SEVERITIES[int(self) >> 30]

    @property
    def is_success(self) -> bool:
        """Whether the status counts as success: not negative as a signed number (STS-1)."""
        return int(self) < 0x8000_0000

    def __repr__(self) -> str:
        number = f"0x{int(self):08X}"
        return f"{self.name} ({number})" if self.name != number else number

    def __reduce__(self) -> tuple[type[NTSTATUS], tuple[int, str]]:
        return NTSTATUS, (int(self), self._shown)


NDIS_STATUS: TypeAlias = NTSTATUS
"""NDIS calls the same 32-bit number by this name."""
