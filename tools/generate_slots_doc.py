"""Write docs/slots.md: every function of the contract, what it does, and whether this version serves it.

Made from the contract's rows, `lsart.contract.Choices` and what the code serves, so that the page cannot differ from
them. Run ``python tools/generate_slots_doc.py``; with ``--check`` it only says whether the page is up to date.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path

import attrs

from lsart.contract import NTSTATUS, ChoiceInfo, FailureValue, Gap, Parameter, Slot, choice_infos, gaps
from lsart.ndis import Ndis, SharedMemoryProvider
from lsart.report import TABLES, slot_state
from lsart.runtime import Client, implemented

__all__ = ["PAGE", "render"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "slots.md"

HEAD = """\
# Every function, and what lsart makes of it

Generated from the contract and the code by `tools/generate_slots_doc.py`; do not edit.

Windows and its security packages talk through tables of C functions. This page goes through them in the order of the
tables. The names are those of Microsoft's pages, to which each entry leads; the sentences are ours.

- **served**: it does its job, and a test fails for each sentence of its page that is broken.
- **declared only**: only a header of Windows names it. What it does is said nowhere, so nobody can serve it honestly;
  a package that calls it gets the failure of its type, and an event says why.
- **never called**: its page says that LSA does not call it, so lsart does not either. A package may offer it.

How a C function looks in Python: out-parameters are what comes back, in their order; a function that returns an
NTSTATUS raises `StatusError` when it fails; NULL is `None`, FALSE is `False`; one that returns VOID never raises.
Where no page says what happens, lsart chose; a choice is a field of `Choices`, whose first value in a list is what
happens by default. [choices.md](choices.md) has all of them by themselves.

`lsart contract NAME` prints an entry in a terminal, with the rules of its page and the tests that prove each.
"""


@attrs.frozen
class Table:
    """How the page speaks of one table.

    Args:
        anchor: what links to its functions begin with. title, text: its heading, and who passes it to whom.
        call: how a call of one of its functions is written in Python: "{name}", "{arguments}", "{results}".
        owners: classes whose methods the functions are. What their signatures say is better than what rows do.
    """

    anchor: str
    title: str
    text: str
    call: str
    owners: tuple[type[object], ...] = ()


CALLED = "{name}({arguments}){results}"
TABLE_TEXTS = {
    "LSA_SECPKG_FUNCTION_TABLE": Table(
        "lsa",
        "LSA_SECPKG_FUNCTION_TABLE: what LSA offers to a package",
        "LSA passes this table to `SpInitialize`. Slots 0 to 10 are also the LSA_DISPATCH_TABLE, which "
        "`LsaApInitializePackage` is given. A package awaits the functions.",
        f"await table.{CALLED}",
    ),
    "SECPKG_FUNCTION_TABLE": Table(
        "secpkg",
        "SECPKG_FUNCTION_TABLE: what a package offers to LSA",
        "A package is a class whose methods have these names, or a module whose functions have them; it offers what it "
        "has. LSA calls them. They may be `async`.",
        f"async def {CALLED}",
    ),
    "SECPKG_USER_FUNCTION_TABLE": Table(
        "user",
        "SECPKG_USER_FUNCTION_TABLE: what a package offers in a client process",
        "The half of a package that runs in the process of the client, without LSA.",
        f"def {CALLED}",
    ),
    "SECPKG_DLL_FUNCTIONS": Table(
        "dll",
        "SECPKG_DLL_FUNCTIONS: what that half of a package can call",
        "Passed to `SpInstanceInit`, once for each client process.",
        CALLED,
    ),
    "client_api": Table(
        "client",
        "Functions of a client process",
        "What a program calls: methods of `lsart.Client`, which `Lsa.connect` and `Lsa.start_client` give. Messages of "
        "`LsaCallAuthenticationPackage` end at a package.",
        f"await client.{CALLED}",
        owners=(Client,),
    ),
    "ndis_shared_memory": Table(
        "ndis",
        "NDIS shared memory",
        "Another place of Windows where memory is shared under rules: a provider offers two handlers to NDIS, and "
        "network drivers allocate through NDIS. `lsart.ndis` has both sides.",
        CALLED,
        owners=(Ndis, SharedMemoryProvider),
    ),
}

STATES = ("served", "declared only", "never called")

SITES = {
    "sdk-api": "https://learn.microsoft.com/windows/win32/api",
    "windows-driver-docs": "https://learn.microsoft.com/windows-hardware/drivers/ddi",
}


def render() -> str:
    """The page as it should be."""
    served = implemented()
    lines = [HEAD, f"| table | functions | {' | '.join(STATES)} |", "|---|--:|--:|--:|--:|"]
    for source, slots in TABLES.items():
        states = [slot_state(slot, source, served) for slot in slots]
        counts = [states.count(each) for each in STATES]
        text = TABLE_TEXTS[source]
        lines.append(f"| [{text.title}](#{text.anchor}) | {len(slots)} | {' | '.join(map(str, counts))} |")
    lines.append("")
    for source in TABLES:
        lines.extend(table(source, served))
    lines.extend(status_sets())
    return "\n".join(lines) + "\n"


def table(source: str, served: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Heading, a list to find a function in, and the functions."""
    text, slots = TABLE_TEXTS[source], TABLES[source]
    yield f'<a id="{text.anchor}"></a>\n\n## {text.title}\n\n{text.text}\n'
    yield "| | function | | what it does |\n|--:|---|---|---|"
    for slot in slots:
        name = f"[{slot.name}](#{text.anchor}-{slot.index})"
        if slot.entry_name != slot.name:
            name += f", as {slot.entry_name}"
        yield f"| {slot.index} | {name} | {slot_state(slot, source, served)} | {cell(slot.summary)} |"
    yield ""
    for slot in slots:
        yield from entry(slot, source, slot_state(slot, source, served))


def entry(slot: Slot, source: str, standing: str) -> Iterator[str]:
    """One function."""
    text = TABLE_TEXTS[source]
    yield f'<a id="{text.anchor}-{slot.index}"></a>\n\n### {slot.index}. {slot.name} ({standing})\n'
    yield f"{prose(slot.summary)}\n"
    if slot.declared_only:
        yield "Only its declaration is known: no page says what it does, so lsart has nothing to serve.\n"
    yield f"```text\n{python_call(slot, text)}\n{c_declaration(slot)}\n```\n"
    if slot.parameters:
        yield "| parameter | in C | | |\n|---|---|---|---|"
        for each in slot.parameters:
            optional = ", may be NULL" if each.optional else ""
            direction = each.direction.replace("inout", "in, out")
            c_name = cell(f"`{each.type} {each.windows_name}`")
            yield f"| `{each.name}` | {c_name} | {direction}{optional} | {cell(each.meaning)} |"
        yield ""
    yield from told(slot)
    yield from chosen([each for each in gaps() if (each.subject, each.source) == (slot.name, source)], standing)


def python_call(slot: Slot, text: Table) -> str:
    """How the function is called in Python, and what comes back."""
    for owner in text.owners:
        if hasattr(owner, slot.name):
            given, returned = signature_of(getattr(owner, slot.name))
            return filled(text.call.format(name=slot.name, arguments=given, results=returned))
    form = text.call
    arguments = [each.name for each in slot.in_parameters]
    if form.startswith(("def", "async def")):
        arguments.insert(0, "self")
    results = {
        FailureValue.NULL: " -> a Pointer, or None" if slot.returns == "PVOID" else " -> a handle, or None",
        FailureValue.FALSE: " -> True or False",
        FailureValue.NOTHING: "",
        FailureValue.STATUS: "",
    }[slot.failure_value]
    if slot.failure_value is FailureValue.STATUS and slot.out_parameters:
        results = f" -> {', '.join(each.name for each in slot.out_parameters)}"
    return filled(form.format(name=slot.entry_name, arguments=", ".join(arguments), results=results))


def signature_of(function: Callable[..., object]) -> tuple[str, str]:
    """Arguments without their types, and the type of the result, of a method as it stands in the code."""
    signature = inspect.signature(function)
    _, *parameters = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    arguments = str(inspect.Signature(parameters)).removeprefix("(").removesuffix(")")
    result = signature.return_annotation
    return arguments, "" if result in (None, "None", signature.empty) else f" -> {result}"


def c_declaration(slot: Slot) -> str:
    """The function as the header has it."""
    parameters = ", ".join(map(c_parameter, slot.parameters)) or "void"
    return filled(f"{slot.returns} {slot.name}({parameters});")


def c_parameter(parameter: Parameter) -> str:
    space = "" if parameter.type.endswith("*") else " "
    return f"{parameter.type}{space}{parameter.windows_name}"


def filled(text: str, width: int = 110) -> str:
    """Long signatures go on below their arguments."""
    lines, indent = [""], " " * 4
    for word in re.split(r"(?<=, )", text):
        if len(lines[-1]) + len(word.rstrip()) > width:
            lines.append(indent)
        lines[-1] += word
    return "\n".join(each.rstrip() for each in lines)


def told(slot: Slot) -> Iterator[str]:
    """Failure, statuses, ownership and the page, a point each."""
    yield f"- **On failure**: {prose(slot.failure)}{python_failure(slot)}."
    named = [f"`{each.name}`: {prose(each.when)}" for each in slot.statuses]
    named += [f"any of [{each}](#{each})" for each in slot.status_sets]
    if named:
        yield "- **Statuses**:"
        yield from (f"  - {each}" for each in named)
    yield f"- **Who owns what**: {prose(slot.ownership)}"
    if slot.interface_version:
        yield f"- **Since**: interface version {slot.interface_version}."
    yield f"- **Page**: {page(slot.doc)}."


def python_failure(slot: Slot) -> str:
    return {
        FailureValue.NULL: "; in Python `None`",
        FailureValue.FALSE: "; in Python `False`",
        FailureValue.STATUS: "; in Python `StatusError` with it",
        FailureValue.NOTHING: "; in Python nothing is raised, and misuse becomes an event",
    }[slot.failure_value]


def page(doc: str) -> str:
    """Where to read on: a link for each page that has an address of a known form."""
    found = []
    for each in doc.split("; "):
        kind, _, name = each.partition(": ")
        header = re.match(r"n[a-z]-([a-z0-9]+)-", name)
        if kind in SITES and header:
            found.append(f"[{name}]({SITES[kind]}/{header[1]}/{name})")
        elif not each.startswith("seed "):  # one of those that lsart began with; the same page has its name beside it
            found.append(prose(each))
    return ", ".join(found)


def chosen(open_points: list[Gap], standing: str) -> Iterator[str]:
    """What no page says, and what lsart does there."""
    for gap in open_points:
        yield f"- **No page says** ({gap.id}): {prose(gap.text)}"
        infos = [each for each in choice_infos() if gap.id in each.gaps]
        yield from map(choice_line, infos)
        if not infos:
            yield f"  - Not decided{'' if standing == 'served' else ', as it is not served'}."
    yield ""


def choice_line(info: ChoiceInfo) -> str:
    values = " or ".join([f"**{shown(info.default)}**", *map(shown, info.alternatives)])
    return f"  - `{info.name}`: {values}. {prose(info.reason)}"


def shown(value: object) -> str:
    return f"`{value.name}`" if isinstance(value, NTSTATUS) else f"`{value}`"


def status_sets() -> Iterator[str]:
    """The sets of statuses that functions name as a whole."""
    data = tomllib.loads(resources.files("lsart.contract").joinpath("data", "statuses.toml").read_text("utf-8"))
    yield "## Sets of statuses\n"
    for each in data["set"]:
        members = ", ".join(f"`{name}`" for name in each["members"])
        yield f'<a id="{each["name"]}"></a>\n\n**{each["name"]}**: {prose(each["meaning"])} {members}.'


def prose(text: str) -> str:
    """Text in which C's asterisks, underscores and brackets stay what they are."""
    return re.sub(r"([*_<>\[\]])", r"\\\1", text)


def cell(text: str) -> str:
    """Text for a cell of a table; what stands between backquotes needs no protection but from the cell's end."""
    return (text if text.startswith("`") else prose(text)).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit code."""
    text = render()
    if "--check" in arguments:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != text:
            print(f"{PAGE.name} is out of date: run python tools/generate_slots_doc.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
