"""Tables of slots as typing Protocols, laid out as the formatter leaves them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from _contract_names import ENUMS, Record, parameter_type, python_name, result_type
from _contract_rows import HEADER, WIDTH, string

__all__ = ["protocols"]


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


STRUCTURES = {
    "_caller_structures": ("SECPKG_CLIENT_INFO",),
    "_logon_structures": ("SECPKG_PRIMARY_CRED", "SECPKG_SUPPLEMENTAL_CRED"),
    "_security_structures": (
        "CREDENTIAL_TARGET_INFORMATIONW",
        "ENCRYPTED_CREDENTIALW",
        "LSA_STRING",
        "LSA_TOKEN_INFORMATION_NULL",
        "LSA_TOKEN_INFORMATION_V1",
        "SID_AND_ATTRIBUTES",
        "TOKEN_SOURCE",
    ),
}
"""By the module of lsart.contract that has them."""


def structures_import(module: str, code: str) -> str:
    """The import of the structures of one module that a protocol names, as the formatter leaves it."""
    used = [each for each in STRUCTURES[module] if re.search(rf"\b{each}\b", code)]
    line = f"from lsart.contract.{module} import {', '.join(used)}\n"
    if len(line) + 3 > WIDTH:
        line = "".join(
            [f"from lsart.contract.{module} import (\n", *(f"        {each},\n" for each in used), "    )\n"]
        )
    return line if used else ""


def protocol_module(name: str, bases: Sequence[str], doc: str, slots: Sequence[Record], imports: str = "") -> str:
    body = [line for slot in slots for line in method(slot)]
    code = "\n".join(body)
    signatures = re.sub(r'""".*?"""', "", code, flags=re.DOTALL)
    constants = [each for each in sorted(ENUMS) if re.search(rf"\b{each}\b", code)]
    needed = [
        structures_import("_caller_structures", code),
        structures_import("_logon_structures", code),
        "from lsart.contract._pointer import Pointer\n" if re.search(r"\bPointer\b", code) else "",
        structures_import("_security_structures", code),
        "from lsart.contract._sspi_structures import SecBuffer\n" if re.search(r"\bSecBuffer\b", signatures) else "",
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
