"""`lsart contract`: what of the Windows contract is served and what proves it; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from rich.text import Text

from lsart._version import __version__
from lsart.contract import (
    CLIENT_FUNCTIONS,
    LSA_SECPKG_SLOTS,
    NDIS_FUNCTIONS,
    SECPKG_DLL_SLOTS,
    SECPKG_SLOTS,
    SECPKG_USER_SLOTS,
    Gap,
    Proof,
    Rule,
    Slot,
    choice_infos,
    gaps,
    proofs,
    rules,
    rules_of,
)
from lsart.report._page import INDENT, Page

__all__ = [
    "CONTRACT_SCHEMA",
    "TABLES",
    "ContractLine",
    "contract_json",
    "contract_lines",
    "contract_overview",
    "gap_report",
    "rule_report",
    "slot_report",
    "slot_state",
    "table_report",
]

CONTRACT_SCHEMA: Final = "lsart.contract/1"

TABLES: Final[Mapping[str, tuple[Slot, ...]]] = {
    "LSA_SECPKG_FUNCTION_TABLE": LSA_SECPKG_SLOTS,
    "SECPKG_FUNCTION_TABLE": SECPKG_SLOTS,
    "SECPKG_USER_FUNCTION_TABLE": SECPKG_USER_SLOTS,
    "SECPKG_DLL_FUNCTIONS": SECPKG_DLL_SLOTS,
    "client_api": CLIENT_FUNCTIONS,
    "ndis_shared_memory": NDIS_FUNCTIONS,
}
"""The tables, by what `Rule.source` calls them."""

# Documented, and documented as not called by LSA (SCT-1): to serve it would be to call it.
_NEVER_CALLED: Final = frozenset({("SECPKG_FUNCTION_TABLE", "ApplyControlToken")})

Served = Mapping[str, frozenset[str]]
_WITHOUT_PROOF: Final = Proof()


@attrs.frozen(kw_only=True)
class ContractLine:
    """Where one table, or one file of rules without a table, stands.

    Args:
        slots: functions in it. served: those that do their job. declared_only: those that no page describes.
        never_called: those that LSA does not call, as their page says.
        rules, testable: of it. proved: testable ones with a test. waived: testable ones that no test can show.
        derived: rules that are our own inference. missing: testable rules of other bases with neither test nor waiver.
    """

    source: str
    slots: int
    served: int
    declared_only: int
    never_called: int
    rules: int
    testable: int
    proved: int
    waived: int
    derived: int
    missing: int


def _proof(rule: Rule) -> Proof:
    return proofs().get(rule.id, _WITHOUT_PROOF)


def _is_missing(rule: Rule) -> bool:
    return rule.testable and rule.basis != "derived" and not _proof(rule).tests and not _proof(rule).waived


def contract_lines(served: Served) -> list[ContractLine]:
    """One line for each table, then one for each file of rules that belongs to none."""
    sources = dict.fromkeys([*TABLES, *(each.source for each in rules().values())])
    return [_line_of(source, served) for source in sources]


def _line_of(source: str, served: Served) -> ContractLine:
    slots = TABLES.get(source, ())
    own = [each for each in rules().values() if each.source == source]
    testable = [each for each in own if each.testable]
    return ContractLine(
        source=source,
        slots=len(slots),
        served=len(served.get(source, ())),
        declared_only=sum(each.declared_only for each in slots),
        never_called=sum((source, each.name) in _NEVER_CALLED for each in slots),
        rules=len(own),
        testable=len(testable),
        proved=sum(bool(_proof(each).tests) for each in testable),
        waived=sum(bool(_proof(each).waived) for each in testable),
        derived=sum(each.basis == "derived" for each in own),
        missing=sum(map(_is_missing, own)),
    )


_HEAD = ("slots", "served", "testable", "proved", "derived", "missing")


def contract_overview(served: Served, *, width: int = 80) -> Text:
    """Every table in a line, and how far the whole is."""
    page = Page(width)
    lines = contract_lines(served)
    rows = [_cells(each) for each in lines]
    total = ContractLine(
        source="all",
        **{
            field: sum(getattr(each, field) for each in lines)
            for field in (each.name for each in attrs.fields(ContractLine) if each.name != "source")
        },
    )
    page.table(("Table", *_HEAD), [*rows, _cells(total)], right=frozenset(range(1, len(_HEAD) + 1)))
    page.blank()
    uncalled = ", ".join(name for _, name in sorted(_NEVER_CALLED))
    for line in (
        "served: LSA or a client calls it, or a package can; it does its job",
        f"declared: {total.declared_only} slots are known from a header alone, and answer so",
        f"uncalled: LSA never calls {uncalled}, as its page says",
        f"testable: {total.testable} of {total.rules} rules: a test could show it; advice to authors is not",
        f"proved: a test fails when the rule is broken; {_counted(total.waived, 'rule is', 'rules are')} waived with "
        "a reason",
        "derived: our own inference, and no page's word; not asked for",
        "missing: testable, of a page or a header, and neither proved nor waived",
    ):
        label, _, meaning = line.partition(": ")
        page.paragraph(f"{label}  ", meaning, label_width=10)
    page.blank()
    page.line("More: lsart contract TABLE, a slot (CreateSharedMemory), a rule (CSM-5), a gap")
    return page.text()


def _cells(line: ContractLine) -> list[str]:
    slots = [str(line.slots), str(line.served)] if line.slots else ["", ""]
    return [line.source, *slots, *(str(getattr(line, name)) for name in _HEAD[2:])]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def table_report(source: str, served: Served, *, width: int = 80) -> Text:
    """The functions of a table, each with what it stands for, or the rules of a file without one."""
    page = Page(width)
    page.line((source, "bold"))
    page.blank()
    if source not in TABLES:
        for each in rules().values():
            if each.source == source:
                page.paragraph(f"{each.id}  ", f"{each.text} ({_standing(each)})", label_width=9, hanging=INDENT)
        return page.text()
    rows = []
    for slot in TABLES[source]:
        own = [each for each in rules_of(slot.name, source) if each.testable]
        proved = sum(bool(_proof(each).tests) for each in own)
        rows.append([str(slot.index), slot.name, slot_state(slot, source, served), f"{proved}/{len(own)}"])
    page.table(("Slot", "name", "", "proved"), rows, right=frozenset({3}))
    return page.text()


def slot_state(slot: Slot, source: str, served: Served) -> str:
    """How a function stands: "served", "declared only", "never called" (by LSA, as its page says), or "not served
    yet"."""
    if slot.name in served.get(source, ()):
        return "served"
    if (source, slot.name) in _NEVER_CALLED:
        return "never called"
    return "declared only" if slot.declared_only else "not served yet"


def _standing(rule: Rule) -> str:
    if not rule.testable:
        return f"{rule.kind}, not testable"
    found = _proof(rule)
    if found.waived:
        return "waived"
    return f"{_counted(len(found.tests), 'test', 'tests')}" if found.tests else "no test"


def slot_report(slot: Slot, source: str, served: Served, *, width: int = 80) -> Text:
    """One function: how it is called, what it may answer, its rules and what no page says of it."""
    page = Page(width)
    page.line((slot.name, "bold"), f"  {source} {slot.index}, {slot_state(slot, source, served)}")
    page.paragraph("", slot.summary, indent=INDENT)
    if slot.entry_name != slot.name:
        page.paragraph("offered as  ", slot.entry_name, indent=INDENT)
    page.paragraph("parameters  ", ", ".join(map(_parameter, slot.parameters)) or "none", indent=INDENT)
    page.paragraph("returns     ", f"{slot.returns}; on failure {slot.failure}", indent=INDENT)
    if slot.statuses:
        told = "; ".join(f"{each.name}: {each.when}" for each in slot.statuses)
        page.paragraph("statuses    ", told, indent=INDENT)
    if slot.status_sets:
        page.paragraph("            ", f"or any of {', '.join(slot.status_sets)}", indent=INDENT)
    page.paragraph("ownership   ", slot.ownership, indent=INDENT)
    page.paragraph("page        ", slot.doc, indent=INDENT)
    _rules(page, rules_of(slot.name, source))
    _gaps(page, [each for each in gaps() if each.subject == slot.name and each.source == source])
    return page.text()


def _parameter(parameter: Any) -> str:
    optional = ", optional" if parameter.optional else ""
    return f"{parameter.name} ({parameter.direction} {parameter.type}{optional})"


def _rules(page: Page, found: Iterable[Rule]) -> None:
    for number, each in enumerate(found):
        if not number:
            page.blank()
            page.line(("Rules", "bold"))
        page.paragraph(f"{each.id}  ", f"{each.text} ({_standing(each)})", indent=INDENT, label_width=9)


def _gaps(page: Page, found: Iterable[Gap]) -> None:
    for number, each in enumerate(found):
        if not number:
            page.blank()
            page.line(("What no page says", "bold"))
        page.paragraph(f"{each.id}  ", f"{each.text} {_chosen(each)}", indent=INDENT)


def _chosen(gap: Gap) -> str:
    fields = [f"{each.name} = {each.default}" for each in choice_infos() if gap.id in each.gaps]
    return f"lsart: {', '.join(fields)}." if fields else "Not decided yet."


def rule_report(rule: Rule, *, width: int = 80) -> Text:
    """One rule: what it says, whose word it is, and what proves it."""
    page = Page(width)
    page.line((rule.id, "bold"), f"  {rule.kind}, {rule.source}, {rule.subject}")
    page.paragraph("", rule.text, indent=INDENT)
    basis = {
        "seed": "one of the pages that lsart began with",
        "doc": "the page",
        "header": "a C declaration",
        "derived": "our own inference",
    }[rule.basis]
    page.paragraph("word of  ", f"{basis}{f': {rule.doc}' if rule.doc else ''}", indent=INDENT)
    found = _proof(rule)
    for test in found.tests:
        page.whole_line(f"{' ' * INDENT}proved by  {test}")
    if found.waived:
        page.paragraph("waived   ", found.waived, indent=INDENT)
    if not found.tests and not found.waived:
        page.paragraph("", _standing(rule), indent=INDENT)
    return page.text()


def gap_report(gap: Gap, *, width: int = 80) -> Text:
    """Something that no page says, and what lsart does there."""
    page = Page(width)
    page.line((gap.id, "bold"), f"  {gap.source}, {gap.subject}")
    page.paragraph("", gap.text, indent=INDENT)
    for each in choice_infos():
        if gap.id in each.gaps:
            others = ", ".join(map(str, each.alternatives)) or "none"
            page.paragraph("choice   ", f"{each.name} = {each.default}; others: {others}", indent=INDENT)
            page.paragraph("because  ", each.reason, indent=INDENT)
    return page.text()


def contract_json(served: Served) -> dict[str, Any]:
    """The whole as plain data in a stable order; see docs/json.md."""
    return {
        "schema": CONTRACT_SCHEMA,
        "lsart": __version__,
        "tables": [attrs.asdict(each) for each in contract_lines(served)],
        "slots": [
            {
                "table": source,
                "index": slot.index,
                "name": slot.name,
                "state": slot_state(slot, source, served),
                "rules": [each.id for each in rules_of(slot.name, source)],
            }
            for source, slots in TABLES.items()
            for slot in slots
        ],
        "rules": [
            {
                "id": each.id,
                "table": each.source,
                "subject": each.subject,
                "kind": each.kind,
                "basis": each.basis,
                "text": each.text,
                "page": each.doc,
                "testable": each.testable,
                "tests": list(_proof(each).tests),
                "waived": _proof(each).waived,
            }
            for each in rules().values()
        ],
        "gaps": [
            {
                "id": each.id,
                "subject": each.subject,
                "text": each.text,
                "choices": [info.name for info in choice_infos() if each.id in info.gaps],
            }
            for each in gaps()
        ],
    }
