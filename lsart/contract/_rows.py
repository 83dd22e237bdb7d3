"""What one function of the contract looks like as data.

A row is the one declaration from which the host, argument checks, events and documentation are made: a new
function is a new row, not new machinery. Rows are generated into `lsart.contract._tables`.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

import attrs

__all__ = ["Direction", "DocumentedStatus", "FailureValue", "Parameter", "Slot"]

Direction = Literal["in", "out", "inout"]


class FailureValue(Enum):
    """How a function says that it failed, and what Python code sees instead."""

    NULL = "NULL"  # returns None
    FALSE = "FALSE"  # returns False
    STATUS = "status"  # raises StatusError
    NOTHING = "nothing"  # returns None and never raises; misuse becomes an event


_FAILURE_VALUES = {
    "PVOID": FailureValue.NULL,
    "HANDLE": FailureValue.NULL,
    "BOOLEAN": FailureValue.FALSE,
    "NTSTATUS": FailureValue.STATUS,
    "NDIS_STATUS": FailureValue.STATUS,
    "SECURITY_STATUS": FailureValue.STATUS,
    "VOID": FailureValue.NOTHING,
}


@attrs.frozen
class Parameter:
    """One parameter of a function.

    Args:
        name: the Python name, snake_case.
        windows_name: the name in the C declaration, its misspellings included.
        type: the C type.
        direction: "in", "out" or "inout".
        optional: whether the documentation allows it to be absent (NULL).
        meaning: one sentence.
        tolerates_null: whether NULL reaches the function, which decides what it means.
        takes_bytes: whether bytes at hand may stand for a pointer to them.
        takes_string: whether an LSA_STRING may stand for text, where the room in it may matter.
        takes_value: whether any value at hand may stand for a pointer to it: a structure, or what only its owner reads.
        is_secret: whether no event may show what is passed.
    """

    name: str
    windows_name: str
    type: str
    direction: Direction
    optional: bool
    meaning: str
    tolerates_null: bool = False
    takes_bytes: bool = False
    takes_string: bool = False
    takes_value: bool = False
    is_secret: bool = False


@attrs.frozen
class DocumentedStatus:
    """A status that a page lists for a function, and when it is returned."""

    name: str
    when: str


@attrs.frozen
class Slot:
    """One function: a slot of a function table, a client function or an NDIS function.

    Args:
        index: position in the table from 0; for functions without a table the position in
            the contract's list.
        name: name of the slot.
        table: name of the table, "client API" or "NDIS".
        returns: C result type.
        parameters: in the order of the C declaration.
        statuses: what the page lists, in its order.
        status_sets: sets of statuses that may be returned besides (statuses.toml).
        rule_ids: rules about this function, in the contract's order.
        summary, failure, ownership: one sentence each.
        doc: the page. doc_level: "full", "thin" (mentioned only) or "none" (declaration only).
        family: what it has to do with, for example "shared-memory".
        entry_name: the name of the function that a package offers for this slot (``SpInitialize`` for the
            slot Initialize); elsewhere equal to `name`.
        interface_version: first SECPKG_INTERFACE_VERSION number with this slot, 0 where versions do
            not apply.
        typedef: name of its C function type. convention: the calling convention of that type.
        declared_only: no page says what it does; only a header declares it.
    """

    index: int
    name: str
    table: str
    returns: str
    parameters: tuple[Parameter, ...]
    statuses: tuple[DocumentedStatus, ...]
    status_sets: tuple[str, ...]
    rule_ids: tuple[str, ...]
    summary: str
    failure: str
    ownership: str
    doc: str
    doc_level: str
    family: str
    entry_name: str
    interface_version: int
    typedef: str = ""
    convention: str = ""
    declared_only: bool = False

    in_parameters: tuple[Parameter, ...] = attrs.field(init=False, repr=False, eq=False)
    """What a Python caller passes, in order: everything but pure out-parameters."""

    out_parameters: tuple[Parameter, ...] = attrs.field(init=False, repr=False, eq=False)
    """What a Python caller gets back, in order. A VOID function gives nothing back: what it changes, it changes in
    place."""

    @in_parameters.default
    def _in_parameters(self) -> tuple[Parameter, ...]:
        return tuple(each for each in self.parameters if each.direction != "out")

    @out_parameters.default
    def _out_parameters(self) -> tuple[Parameter, ...]:
        if self.returns == "VOID":
            return ()
        return tuple(each for each in self.parameters if each.direction != "in")

    @property
    def failure_value(self) -> FailureValue:
        """How this function says that it failed."""
        return _FAILURE_VALUES[self.returns]
