"""Write the generated half of lsart.contract from lsart/contract/data/*.toml.

    python tools/generate_contract.py            write the modules
    python tools/generate_contract.py --check    fail when the tree differs from what would be written

The output depends on nothing but the data and the two files of this tool. Rows are written one record per
line under `# fmt: off`, so that a change of the data is a small diff; Protocols are written as the formatter
leaves them.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from _contract_names import ENUMS, NULL_TOLERATED, Record, entry_name, parameter_type, python_name, result_type

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "lsart" / "contract"
WIDTH = 120

# ------------------------------------------------------------------------------------------------ rows


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
    return [*lines, "    ),"]


def parameter_row(slot: Record, parameter: Record) -> str:
    texts = (python_name(parameter["name"]), parameter["name"], parameter["type"], parameter["direction"])
    fields = [*map(string, texts), str(parameter["optional"]), string(parameter["meaning"])]
    if (slot["name"], parameter["name"]) in NULL_TOLERATED:
        fields.append("tolerates_null=True")
    if parameter["direction"] == "in" and "bytes" in parameter_type(slot, parameter):
        fields.append("takes_bytes=True")
    return f"Parameter({', '.join(fields)})"


def status_row(status: Record) -> str:
    return f"DocumentedStatus({string(status['name'])}, {string(status['when'])})"


HEADER = '''"""{doc}

Written by tools/generate_contract.py from lsart/contract/data/{source}; do not edit.
"""

'''


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


# ------------------------------------------------------------------------------------------------ protocols


def docstring(slot: Record) -> list[str]:
    """Summary, then what failure looks like."""
    paragraphs = [slot["summary"]]
    match slot["returns"]:
        case "PVOID" | "HANDLE":
            paragraphs.append("Returns None on failure.")
        case "BOOLEAN":
            paragraphs.append("Returns False on failure.")
        case "VOID":
            paragraphs.append("Returns nothing and never raises.")
        case _:
            named = [f"{x['name']} ({x['when']})" for x in slot["statuses"] if x["name"] != "STATUS_SUCCESS"]
            named += [f"any status of the set {each}" for each in slot.get("status_sets", ())]
            listed = "; ".join(named) or "no page lists which"
            paragraphs.append(f"Raises StatusError: {listed}.")
    wrapped = [textwrap.wrap(each, WIDTH - 8, break_long_words=False) for each in paragraphs]
    lines = [*wrapped[0], "", *wrapped[1]]
    return [
        f'        """{lines[0]}',
        *(f"        {each}" if each else "" for each in lines[1:]),
        '        """',
    ]


def method(slot: Record) -> list[str]:
    ins = [each for each in slot["parameters"] if each["direction"] != "out"]
    arguments = ["self", *(f"{python_name(each['name'])}: {parameter_type(slot, each)}" for each in ins)]
    result = result_type(slot)
    line = f"    async def {slot['name']}({', '.join(arguments)}) -> {result}:"
    if len(line) <= WIDTH:
        signature = [line]
    else:
        inner = f"        {', '.join(arguments)}"
        parts = [inner] if len(inner) <= WIDTH else [f"        {each}," for each in arguments]
        signature = [f"    async def {slot['name']}(", *parts, f"    ) -> {result}:"]
    return [*signature, *docstring(slot), ""]


def protocol_module(name: str, bases: Sequence[str], doc: str, slots: Sequence[Record], imports: str = "") -> str:
    body = [line for slot in slots for line in method(slot)]
    code = "\n".join(body)
    constants = [each for each in sorted(ENUMS) if re.search(rf"\b{each}\b", code)]
    needed = [
        "from lsart.contract._pointer import Pointer\n" if re.search(r"\bPointer\b", code) else "",
        "from lsart.contract._status import NTSTATUS\n" if re.search(r": NTSTATUS|-> .*NTSTATUS", code) else "",
        "from lsart.contract._structures import ClientRequest\n" if "ClientRequest" in code else "",
    ]
    checking = "".join(f"    {line}" for line in needed if line)
    if constants:
        listed = "".join(f"        {each},\n" for each in constants)
        checking += f"    from lsart.contract._tables._enumerations import (\n{listed}    )\n"
    typing = "TYPE_CHECKING, Protocol" if checking else "Protocol"
    return (
        HEADER.format(doc=doc, source="lsa_secpkg_function_table.toml")
        + f"from __future__ import annotations\n\nfrom typing import {typing}\n\n"
        + imports
        + (f"if TYPE_CHECKING:\n{checking}\n" if checking else "")
        + f"__all__ = [{string(name)}]\n\n\n"
        + f'class {name}({", ".join(bases)}):\n    """{doc}"""\n'
        + ("\n" + code.rstrip() + "\n" if body else "")
    )


# ------------------------------------------------------------------------------------------------ constants


def statuses_module(statuses: Sequence[Record]) -> str:
    kept = [each for each in statuses if each["use"] != "misprint"]
    lines = []
    for each in kept:
        number = f"0x{each['value']:08X}"
        # A Win32 code is not an NTSTATUS, even where a page lists it among the results of such a function.
        value = number if each["kind"] == "win32" else f"NTSTATUS({number}, {string(each['name'])})"
        kind = "int" if each["kind"] == "win32" else "NTSTATUS"
        lines.append(f"{each['name']}: Final[{kind}] = {value}  # {each['meaning']}")
    names = sorted(each["name"] for each in kept)
    return (
        HEADER.format(doc="Every status code of the contract as a constant.", source="statuses.toml")
        + "# fmt: off\nfrom __future__ import annotations\n\nfrom typing import Final\n\n"
        + "from lsart.contract._status import NTSTATUS\n\n"
        + "\n".join(["__all__ = [", *(f"    {string(each)}," for each in names), "]", "", *lines, ""])
    )


def status_names_module(statuses: Sequence[Record]) -> str:
    order = ("ntstatus", "security", "ndis")
    kept = [each for each in statuses if each["kind"] in order and each["use"] != "misprint"]
    names: dict[int, list[str]] = {}
    for each in sorted(kept, key=lambda status: (status["value"], order.index(status["kind"]))):
        names.setdefault(each["value"], []).append(each["name"])
    lines = [f"    0x{value:08X}: {strings(texts)}," for value, texts in names.items()]
    return (
        HEADER.format(doc="Names of status numbers, the NTSTATUS name first.", source="statuses.toml")
        + "# fmt: off\nfrom __future__ import annotations\n\n"
        + '__all__ = ["STATUS_NAMES"]\n\n'
        + "\n".join(["STATUS_NAMES: dict[int, tuple[str, ...]] = {", *lines, "}", ""])
    )


def number_of(value: Record, kind: str) -> str:
    return hex(value["value"]) if kind == "bits" or value["value"] > 0xFFF else str(value["value"])


def constants_module(doc: str, source: str, groups: Sequence[Record], width: int = 84) -> str:
    """Numbers as module constants, C enumerations as IntEnum classes with the members' Windows names."""
    lines: list[str] = []
    names: list[str] = []
    for group in groups:
        if group["kind"] == "enum":
            names.append(group["name"])
            lines += ["", f"class {group['name']}(IntEnum):", f'    """{group["doc"]}"""', ""]
            lines += [f"    {each['name']} = {each['value']}  # {each['meaning']}" for each in group["values"]]
            lines.append("")
            continue
        lines.append("")
        for each in group.get("values", ()):
            names.append(each["name"])
            lines.append(f"{each['name']}: Final = {number_of(each, group['kind'])}  # {each['meaning']}")
    # Strings joined and split keep the export list shorter than one name per line would.
    listed = textwrap.wrap(", ".join(string(each) for each in sorted(names)), width)
    return (
        HEADER.format(doc=doc, source=source)
        + "# fmt: off\nfrom __future__ import annotations\n\n"
        + ("from enum import IntEnum\n" if any("(IntEnum)" in each for each in lines) else "")
        + ("from typing import Final\n" if any(": Final" in each for each in lines) else "")
        + "\n".join(["", "__all__ = [", *(f"    {line}" for line in listed), "]", *lines]).rstrip()
        + "\n"
    )


def ndis_groups(ndis: Record) -> list[Record]:
    groups: list[Record] = []
    for structure in ndis["structure"]:
        values: list[Record] = []
        if structure.get("header_type"):
            meaning = f"Type in the header of {structure['name']}."
            values.append(
                {
                    "name": structure["header_type"],
                    "value": structure["header_type_value"],
                    "meaning": meaning,
                }
            )
        for each in structure.get("revisions", ()):
            size = each["macro"].replace("NDIS_", "NDIS_SIZEOF_", 1)
            values.append({"name": each["macro"], "value": each["revision"], "meaning": f"Since NDIS {each['ndis']}."})
            meaning = f"Size in bytes on x64 ({each['size_basis']})."
            values.append({"name": size, "value": each["size_x64"], "meaning": meaning})
        groups.append({"name": structure["name"], "kind": "values", "values": values})
        groups.append({"name": "flags", "kind": "bits", "values": structure.get("flag_values", [])})
        groups.append({"name": "constants", "kind": "values", "values": structure.get("constants", [])})
    doc = "What the memory is for (windows-driver-docs: ne-ndis-_ndis_shared_memory_usage)."
    usage = {"name": "NDIS_SHARED_MEMORY_USAGE", "kind": "enum", "doc": doc, "values": ndis["usage"]}
    return [each for each in groups if each["values"]] + [usage]


# ------------------------------------------------------------------------------------------------ all of it


def generate() -> dict[Path, str]:
    """Every generated file, by path, from the data in the tree."""

    def load(name: str) -> Record:
        return tomllib.loads((CONTRACT / "data" / f"{name}.toml").read_text("utf-8"))

    lsa, package = load("lsa_secpkg_function_table"), load("secpkg_function_table")
    client, ndis = load("client_api"), load("ndis_shared_memory")
    statuses, structures = load("statuses")["status"], load("structures")
    tables = CONTRACT / "_tables"
    files = {CONTRACT / "_status_names.py": status_names_module(statuses)}
    files[tables / "_statuses.py"] = statuses_module(statuses)
    versions = [
        {"name": x["macro"], "value": x["value"], "meaning": f"Through {x['last_slot']}."}
        for x in package["interface_version"]
    ]
    groups = [*structures["constants"], {"name": "versions", "kind": "values", "values": versions}]
    enums = [each for each in groups if each["kind"] == "enum"]
    numbers = [each for each in groups if each["kind"] != "enum"]
    doc = "Flags and values of structures and parameters."
    files[tables / "_constants.py"] = constants_module(doc, "structures.toml", numbers)
    doc = "C enumerations of the contract."
    files[tables / "_enumerations.py"] = constants_module(doc, "structures.toml", enums)
    doc = "Numbers of the NDIS shared-memory structures."
    files[tables / "_ndis_constants.py"] = constants_module(doc, "ndis_shared_memory.toml", ndis_groups(ndis))

    parts: dict[str, list[str]] = {}
    for stem, table, source, records, size in (
        ("lsa_secpkg", "LSA_SECPKG_FUNCTION_TABLE", "lsa_secpkg_function_table", lsa["slot"], 16),
        ("secpkg", "SECPKG_FUNCTION_TABLE", "secpkg_function_table", package["slot"], 11),
        ("client", "client API", "client_api", client["function"], 9),
        ("ndis", "NDIS", "ndis_shared_memory", ndis["function"], 9),
    ):
        for start in range(0, len(records), size):
            part = list(enumerate(records))[start : start + size]
            last = part[-1][0]
            name = f"{stem.upper()}_{start}_TO_{last}"
            rows = [row(x, i, table, x.get("family", x.get("api", "ndis-shared-memory"))) for i, x in part]
            path = tables / f"_{stem}_{start:02}_{last:02}.py"
            files[path] = rows_module(name, f"Rows of {table}: {start} to {last}.", f"{source}.toml", rows)
            parts.setdefault(stem, []).append(f"{path.stem}:{name}")
    files |= protocols(tables, lsa["slot"])
    files[tables / "__init__.py"] = face(parts)
    return files


def protocols(tables: Path, slots: Sequence[Record]) -> dict[Path, str]:
    doc = "Functions LSA offers to an authentication package (slots 0 to 10)."
    files = {tables / "_dispatch_protocol.py": protocol_module("LSA_DISPATCH_TABLE", ["Protocol"], doc, slots[:11])}
    bases, imports = (
        ["LSA_DISPATCH_TABLE"],
        ["from lsart.contract._tables._dispatch_protocol import LSA_DISPATCH_TABLE\n"],
    )
    for start, stop in ((11, 29), (29, 46), (46, 64)):
        name, stem = f"Slots{start}To{stop - 1}", f"_slots_{start}_{stop - 1}_protocol"
        doc = f"Slots {start} to {stop - 1} of LSA_SECPKG_FUNCTION_TABLE."
        files[tables / f"{stem}.py"] = protocol_module(name, ["Protocol"], doc, slots[start:stop])
        bases.append(name)
        imports.append(f"from lsart.contract._tables.{stem} import {name}\n")
    doc = "Functions LSA offers to a package (SpInitialize, third parameter), all 64 slots."
    files[tables / "_secpkg_protocol.py"] = protocol_module(
        "LSA_SECPKG_FUNCTION_TABLE", [*bases, "Protocol"], doc, [], "".join(imports) + "\n"
    )
    return files


def face(parts: dict[str, list[str]]) -> str:
    imports = [
        f"from lsart.contract._tables.{x.split(':')[0]} import {x.split(':')[1]}" for p in parts.values() for x in p
    ]
    imports += [
        "from lsart.contract._tables._dispatch_protocol import LSA_DISPATCH_TABLE",
        "from lsart.contract._tables._secpkg_protocol import LSA_SECPKG_FUNCTION_TABLE",
    ]

    def joined(stem: str, between: str = ", ") -> str:
        return between.join(f"*{each.split(':')[1]}" for each in parts[stem])

    tuples = {
        "CLIENT_FUNCTIONS": f"({joined('client')})",
        "LSA_SECPKG_SLOTS": "(\n    " + joined("lsa_secpkg", ",\n    ") + ",\n)",
        "NDIS_FUNCTIONS": parts["ndis"][0].split(":")[1],
        "SECPKG_SLOTS": f"({joined('secpkg')})",
    }
    comments = {"LSA_DISPATCH_SLOTS": "LST-2: the same functions, so the same rows"}
    tuples["LSA_DISPATCH_SLOTS"] = "LSA_SECPKG_SLOTS[:11]"
    names = sorted([*tuples, "LSA_DISPATCH_TABLE", "LSA_SECPKG_FUNCTION_TABLE"])
    order = ["LSA_SECPKG_SLOTS", "LSA_DISPATCH_SLOTS", "SECPKG_SLOTS", "CLIENT_FUNCTIONS", "NDIS_FUNCTIONS"]
    lines = [
        f"{each}: tuple[Slot, ...] = {tuples[each]}" + (f"  # {comments[each]}" if each in comments else "")
        for each in order
    ]
    return (
        HEADER.format(doc="The tables of the contract, whole.", source="*.toml")
        + "from __future__ import annotations\n\n"
        + "\n".join(["from lsart.contract._rows import Slot", *sorted(imports)])
        + "\n\n__all__ = [\n"
        + "".join(f"    {string(each)},\n" for each in names)
        + "]\n\n"
        + "\n".join([*lines, ""])
    )


def differences() -> list[str]:
    """What in the tree is not as it would be written: one message per file."""
    files = generate()
    found = [
        f"{path.relative_to(ROOT)}: differs from the data; run python tools/generate_contract.py"
        for path, text in files.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    stray = set((CONTRACT / "_tables").glob("*.py")) - set(files)
    return found + [f"{path.relative_to(ROOT)}: no longer generated; delete it" for path in sorted(stray)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write lsart.contract's generated modules.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when something differs")
    if parser.parse_args().check:
        found = differences()
        print("\n".join(found) or "generated modules agree with the data")
        return 1 if found else 0
    for path, text in generate().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
