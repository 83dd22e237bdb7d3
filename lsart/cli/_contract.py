"""`lsart contract`: what of the Windows contract is served, and what proves it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TextIO

from rich.console import Console
from rich.text import Text

from lsart.cli._failures import width
from lsart.contract import ConfigurationError, gaps, rules
from lsart.report import (
    TABLES,
    contract_json,
    contract_overview,
    gap_report,
    rule_report,
    slot_report,
    table_report,
)
from lsart.runtime import implemented

__all__ = ["show_contract"]


def show_contract(what: str | None, *, as_json: bool, missing: bool, out: TextIO) -> int:
    """Print a view of the contract; 0.

    Raises:
        ConfigurationError: there is nothing of that name.
    """
    served = implemented()
    if as_json:
        if what is not None or missing:
            raise ConfigurationError("--json prints all there is; leave the name and --missing out")
        json.dump(contract_json(served), out, indent=1)
        print(file=out)
        return 0
    if missing:
        return _show_missing(what, out)
    views = [contract_overview(served, width=width())] if what is None else _views(what)
    for number, view in enumerate(views):
        if number:
            print(file=out)
        Console(file=out, highlight=False, soft_wrap=True).print(view)
    return 0


def _show_missing(what: str | None, out: TextIO) -> int:
    """Ids of rules that should be proved and are not, one in a line, for one table or all."""
    found = contract_json(implemented())["rules"]
    if what is not None and what not in {each["table"] for each in found}:
        raise _unknown(what, sorted({each["table"] for each in found}))
    for each in found:
        is_open = each["testable"] and each["basis"] != "derived" and not each["tests"] and not each["waived"]
        if is_open and what in (None, each["table"]):
            print(f"{each['id']:<8} {each['subject']}", file=out)
    return 0


def _views(what: str) -> list[Text]:
    """Everything that goes by a name: several tables may have a slot of it."""
    served, columns, wanted = implemented(), width(), what.lower()
    for rule in rules().values():
        if rule.id.lower() == wanted:
            return [rule_report(rule, width=columns)]
    for gap in gaps():
        if gap.id.lower() == wanted:
            return [gap_report(gap, width=columns)]
    sources = list(dict.fromkeys([*TABLES, *(each.source for each in rules().values())]))
    for source in sources:
        if source.lower() == wanted:
            return [table_report(source, served, width=columns)]
    found = [
        slot_report(slot, source, served, width=columns)
        for source, slots in TABLES.items()
        for slot in slots
        if wanted in (slot.name.lower(), slot.entry_name.lower())
    ]
    if not found:
        names = [slot.name for slots in TABLES.values() for slot in slots]
        raise _unknown(what, [*names, *rules(), *sources, *(each.id for each in gaps())])
    return found


def _unknown(what: str, names: list[str]) -> ConfigurationError:
    known = {name.lower(): name for name in names}
    near = [known[each] for each in get_close_matches(what.lower(), known, 3)]
    hint = f" Did you mean {' or '.join(near)}?" if near else " `lsart contract` lists the tables."
    return ConfigurationError(f"the contract has no table, function, rule or gap {what!r}.{hint}")
