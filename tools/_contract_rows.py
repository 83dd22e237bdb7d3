"""One row of the contract as Python text, and modules of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from _contract_names import (
    NULL_TOLERATED,
    SECRETS,
    VALUES_TAKEN,
    Record,
    entry_name,
    is_declared_only,
    parameter_type,
    python_name,
)

__all__ = ["HEADER", "WIDTH", "row", "rows_module", "string", "strings"]

WIDTH = 120

HEADER = '''"""{doc}

Written by tools/generate_contract.py from lsart/contract/data/{source}; do not edit.
"""

'''


def string(text: str) -> str:
    """A Python literal in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(texts: Iterable[str]) -> str:
    items = [string(each) for each in texts]
    return "()" if not items else f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def row(slot: Record, index: int, table: str, family: str) -> list[str]:
    names = [python_name(each["name"]) for each in slot["parameters"]]
    if len(set(names)) != len(names):
        raise SystemExit(f"{table}.{slot['name']}: two parameters become one Python name: {names}")
    lines = [
        "    Slot(",
        f"        {index}, {string(slot['name'])}, {string(table)}, {string(slot['returns'])},",
    ]
    for field, made in (
        ("parameters", [parameter_row(slot, each) for each in slot["parameters"]]),
        ("statuses", [status_row(each) for each in slot["statuses"]]),
    ):
        if made:
            lines += [f"        {field}=(", *(f"            {each}," for each in made), "        ),"]
        else:
            lines.append(f"        {field}=(),")
    rule_ids = slot.get("rule_ids", [each["id"] for each in slot.get("rules", [])])
    lines.append(f"        status_sets={strings(slot.get('status_sets', ()))}, rule_ids={strings(rule_ids)},")
    lines += [f"        {field}={string(slot[field])}," for field in ("summary", "failure", "ownership", "doc")]
    lines.append(
        f"        doc_level={string(slot.get('doc_level', 'full'))}, family={string(family)}, "
        f"entry_name={string(entry_name(slot, table))}, "
        f"interface_version={slot.get('interface_version', 0)},"
    )
    extra = [f"{field}={string(slot[field])}" for field in ("typedef", "convention") if slot.get(field)]
    if is_declared_only(slot):
        extra.append("declared_only=True")
    if extra:
        lines.append(f"        {', '.join(extra)},")
    return [*lines, "    ),"]


def parameter_row(slot: Record, parameter: Record) -> str:
    texts = (python_name(parameter["name"]), parameter["name"], parameter["type"], parameter["direction"])
    fields = [*map(string, texts), str(parameter["optional"]), string(parameter["meaning"])]
    if (slot["name"], parameter["name"]) in NULL_TOLERATED:
        fields.append("tolerates_null=True")
    kind = parameter_type(slot, parameter)
    if parameter["direction"] == "in" and "bytes" in kind:
        fields.append("takes_bytes=True")
    if parameter["type"] == "PLSA_STRING" and parameter["direction"] != "out" and "LSA_STRING" in kind:
        fields.append("takes_string=True")
    if (slot["name"], parameter["name"]) in VALUES_TAKEN:
        fields.append("takes_value=True")
    if (slot["name"], parameter["name"]) in SECRETS:
        fields.append("is_secret=True")
    return f"Parameter({', '.join(fields)})"


def status_row(status: Record) -> str:
    return f"DocumentedStatus({string(status['name'])}, {string(status['when'])})"


def rows_module(name: str, doc: str, source: str, records: Sequence[list[str]]) -> str:
    body = [line for record in records for line in record]
    used = [each for each in ("DocumentedStatus", "Parameter", "Slot") if any(f"{each}(" in x for x in body)]
    return (
        HEADER.format(doc=doc, source=source)
        + "# fmt: off\n"
        + "from __future__ import annotations\n\n"
        + f"from lsart.contract._rows import {', '.join(used)}\n\n"
        + f"__all__ = [{string(name)}]\n\n"
        + "\n".join([f"{name}: tuple[Slot, ...] = (", *body, ")", ""])
    )
