"""The rules of the contract and what it leaves open, read from the data on first use.

Rules are prose with an id. Tests name the ids they prove; reports and messages name the ids they rest on.
Nothing on the way of a call needs them, so they are parsed when somebody first asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

__all__ = ["Gap", "Rule", "gaps", "gaps_of", "rules", "rules_of"]

_UNTESTABLE = {"advice", "availability"}

# Sections whose records have no name of their own, and what their rules are then about.
_NUMBERED = {"step": "LSA-mode step", "user_step": "user-mode step"}
_UNNAMED = {"session_rule": "session life", "list_change": "list change", "usage_scene": "usage scene"}


@attrs.frozen
class Rule:
    """One sentence of the contract.

    Args:
        id: unique over all files, for example "ASM-5".
        kind: return, effect, ownership, precondition, duty, signature, lifecycle, advice or availability.
        text: the sentence.
        basis: "seed", "doc", "header" or "derived"; derived rules are our inference.
        source: the table it belongs to, or the data file where there is no table.
        subject: the slot, function, structure or step it is about; the table or file for a
            rule about the whole.
        doc: the page.
    """

    id: str
    kind: str
    text: str
    basis: str
    source: str
    subject: str
    doc: str

    @property
    def testable(self) -> bool:
        """Whether a test could show it: advice and availability in Windows releases cannot be shown."""
        return self.kind not in _UNTESTABLE


@attrs.frozen
class Gap:
    """Something that no page states, so that a model has to choose.

    Args:
        id: "GAP-n" for the load sequence, elsewhere subject and number from 1: "CreateSharedMemory/1".
            Where two tables have a slot of that name, the later table's gaps carry it: "TABLE.Slot/1".
        subject: the slot, function or structure it is about.
        source: the table it belongs to, or the data file.
        text: what is not stated.
    """

    id: str
    subject: str
    source: str
    text: str


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by id, in the order of the files."""
    found: dict[str, Rule] = {}
    for source, document in _documents():
        for subject, doc, records in _groups(source, document):
            for each in records:
                found[each["id"]] = Rule(each["id"], each["kind"], each["text"], each["basis"], source, subject, doc)
    return MappingProxyType(found)


def rules_of(subject: str, source: str | None = None) -> tuple[Rule, ...]:
    """Rules about one slot, function or structure; `source` tells slots of the same name apart."""
    return tuple(each for each in rules().values() if each.subject == subject and source in (None, each.source))


@cache
def gaps() -> tuple[Gap, ...]:
    """Everything the contract leaves open, in the order of the files."""
    found: dict[str, Gap] = {}
    for source, document in _documents():
        for each in document.get("gap", ()):
            found[each["id"]] = Gap(each["id"], source, source, each["text"])
        for _, subject, record in _records(document):
            for number, text in enumerate(record.get("gaps", ()), start=1):
                short = f"{subject}/{number}"
                name = f"{source}.{short}" if short in found else short
                found[name] = Gap(name, subject, source, text)
    return tuple(found.values())


def gaps_of(subject: str, source: str | None = None) -> tuple[str, ...]:
    """What the contract leaves open about one slot, function or structure."""
    return tuple(each.text for each in gaps() if each.subject == subject and source in (None, each.source))


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    # Imported here, as most runs never ask for a rule.
    import tomllib
    from importlib import resources

    folder = resources.files("lsart.contract").joinpath("data")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            document = tomllib.loads(file.read_text("utf-8"))
            yield document.get("table", file.name.removesuffix(".toml")), document


def _records(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each record of each section: section, what it is about, the record."""
    for section, content in document.items():
        records = [content] if isinstance(content, dict) else content
        if not isinstance(records, list) or section in ("rules", "table_rules", "gap"):
            continue
        for each in records:
            if section in _NUMBERED:
                yield section, f"{_NUMBERED[section]} {each['number']}", each
            else:
                yield section, each.get("name") or _UNNAMED.get(section, section), each


def _groups(source: str, document: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Rules that stand together: subject, page, rules."""
    for section in ("rules", "table_rules"):
        if section in document:
            yield source, "", document[section]
    for section, subject, record in _records(document):
        # A route names rules that stand elsewhere; a dispatch slot's rules stand with the function table's.
        if section != "route" and "rules" in record:
            yield subject, record.get("doc", ""), record["rules"]
