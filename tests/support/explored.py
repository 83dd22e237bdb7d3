"""An LSA under an explorer: settings without costs, and one run with its trace."""

from __future__ import annotations

from typing import Any

import lsart
from lsart.contract import FunctionTable, Pointer
from lsart.engine import Choose, Ready, Trace, labelled_primitives, run_schedule
from lsart.runtime import LsaSettings

__all__ = ["NOTHING", "explored", "makes_a_section", "sections", "settings"]

NOTHING = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)


def settings(**given: Any) -> LsaSettings:
    """Nothing takes time."""
    return LsaSettings(costs=NOTHING, watchdog=None, **given)


def explored(main: Any, choose: Choose = Ready.canonical) -> Trace:
    """One run, which must not fail."""
    with labelled_primitives():
        trace = run_schedule(main, choose)
    assert trace.error is None, trace.error
    return trace


sections: list[Pointer] = []


async def makes_a_section(table: FunctionTable) -> None:
    """For SpInitialize: the section of this run."""
    section = await table.CreateSharedMemory(65536, 4096)
    assert section is not None
    sections[:] = [section]
