"""What NDIS and its providers stand on: one machine's kernel memory, its clock, and the IRQL of whoever calls."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import attrs

from lsart.contract import LsartError
from lsart.events import IrqlTooHigh, Origin
from lsart.memory import AddressSpace, Environment, Machine
from lsart.ndis._physical import MemoryNode, NodeStatistics, PhysicalMemory

__all__ = ["SYSTEM_SPACE", "BugCheck", "Irql", "Kernel"]

SYSTEM_SPACE = "system"
"""Name of the kernel's address space."""

_SYSTEM_START = 0xF000_0000_0000  # above whatever a process maps; still exact as a JSON number


class Irql(IntEnum):
    """Interrupt request levels that software runs at."""

    PASSIVE_LEVEL = 0
    APC_LEVEL = 1
    DISPATCH_LEVEL = 2


class BugCheck(LsartError):
    """The modelled machine stops: a driver did what the kernel cannot survive.

    Likely causes: a call above PASSIVE_LEVEL, or a wrong free while ``Choices`` asks for ``"bug_check"``.
    """


@attrs.define
class Kernel:
    """Handed in from above, so that this floor can be proved without an event loop.

    Args:
        machine: charged for every provider's memory; give LSA's own, and both live within one commit limit.
        environment: bus, choices and clock.
        irql: the level at which the caller runs, asked for at each call.
        nodes: memory nodes of the machine, at least one; all providers take their frames from them.

    Raises:
        ValueError: there is no node.
    """

    machine: Machine
    environment: Environment = attrs.field(factory=Environment)
    irql: Callable[[], int] = lambda: Irql.PASSIVE_LEVEL
    nodes: tuple[MemoryNode, ...] = attrs.field(default=(MemoryNode(),), on_setattr=attrs.setters.frozen)
    physical: tuple[PhysicalMemory, ...] = attrs.field(init=False, repr=False)
    space: AddressSpace = attrs.field(factory=lambda: AddressSpace(SYSTEM_SPACE, start=_SYSTEM_START), init=False)

    @nodes.validator
    def _check_nodes(self, attribute: object, value: tuple[MemoryNode, ...]) -> None:
        if not value:
            raise ValueError("Kernel(nodes=()): a machine has at least one memory node")

    @physical.default
    def _frames(self) -> tuple[PhysicalMemory, ...]:
        return tuple(PhysicalMemory(number, node) for number, node in enumerate(self.nodes))

    def node_statistics(self) -> tuple[NodeStatistics, ...]:
        """What is taken of each node, and by whom."""
        return tuple(each.statistics() for each in self.physical)

    def origin(self, driver: str, function: str) -> Origin:
        """Who does it, now."""
        return Origin(driver, function=function, time_ns=self.environment.clock())

    def is_passive(self, origin: Origin) -> bool:
        """Whether the caller may run a function of PASSIVE_LEVEL; if not, the event says so."""
        irql = self.irql()
        if irql == Irql.PASSIVE_LEVEL:
            return True
        self.environment.bus.emit(
            IrqlTooHigh(time_ns=origin.time_ns, function=origin.function, irql=irql, origin=origin)
        )
        return False

    def require_passive(self, origin: Origin) -> None:
        """Likewise, for functions that can say so.

        No status is documented for it: on Windows such a call ends in a bug check, if not at once then when the
        function first touches paged memory.

        Raises:
            BugCheck: the caller runs above PASSIVE_LEVEL.
        """
        if not self.is_passive(origin):
            raise BugCheck(
                f"DRIVER_IRQL_NOT_LESS_OR_EQUAL: {origin.package} called {origin.function} at IRQL {self.irql()}; "
                "it runs at PASSIVE_LEVEL only. Queue a work item and call it there."
            )
