"""Write the generated half of lsart.contract from lsart/contract/data/*.toml.

    python tools/generate_contract.py            write the modules
    python tools/generate_contract.py --check    fail when the tree differs from what would be written

The output depends on nothing but the data and the two files of this tool. Rows are written one record per
line under `# fmt: off`, so that a change of the data is a small diff; Protocols are written as the formatter
leaves them.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path

from _contract_names import Record
from _contract_protocols import protocols
from _contract_rows import HEADER, row, rows_module, string, strings

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "lsart" / "contract"

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
    user, dll = load("secpkg_user_function_table"), load("secpkg_dll_functions")
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
        ("user", "SECPKG_USER_FUNCTION_TABLE", "secpkg_user_function_table", user["slot"], 15),
        ("dll", "SECPKG_DLL_FUNCTIONS", "secpkg_dll_functions", dll["slot"], 4),
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
        "SECPKG_DLL_SLOTS": parts["dll"][0].split(":")[1],
        "SECPKG_SLOTS": f"({joined('secpkg')})",
        "SECPKG_USER_SLOTS": parts["user"][0].split(":")[1],
    }
    comments = {"LSA_DISPATCH_SLOTS": "LST-2: the same functions, so the same rows"}
    tuples["LSA_DISPATCH_SLOTS"] = "LSA_SECPKG_SLOTS[:11]"
    names = sorted([*tuples, "LSA_DISPATCH_TABLE", "LSA_SECPKG_FUNCTION_TABLE"])
    order = ["LSA_SECPKG_SLOTS", "LSA_DISPATCH_SLOTS", "SECPKG_SLOTS", "SECPKG_USER_SLOTS", "SECPKG_DLL_SLOTS"]
    order += ["CLIENT_FUNCTIONS", "NDIS_FUNCTIONS"]
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
