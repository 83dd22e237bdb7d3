"""Write docs/choices.md from `lsart.contract.Choices`, so that the page cannot differ from the code.

Run ``python tools/generate_choices_doc.py``; with ``--check`` it only says whether the page is up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lsart.contract import NTSTATUS, choice_infos, gaps

PAGE = Path(__file__).resolve().parent.parent / "docs" / "choices.md"

HEAD = """\
# What lsart does where no page says what happens

Generated from `lsart.contract.Choices` by `tools/generate_choices_doc.py`; do not edit.

Each row is one field of the frozen class `Choices`. Pass other values to `LsaSettings(choices=Choices(...))`, or write
them under `[choices]` in a scenario. The first value is the default, the others are what a real system could show just
as well: a package whose outcome changes under one of them leans on undocumented behaviour.
"""


def render() -> str:
    """The page as it should be."""
    texts = {gap.id: gap.text for gap in gaps()}
    lines = [HEAD]
    last: tuple[str, ...] = ()
    for info in choice_infos():
        if info.gaps != last:
            last = info.gaps
            lines.append(f"\n## {', '.join(info.gaps)}\n")
            lines.extend(f"> {texts[gap]}" for gap in info.gaps)
            lines.append("\n| field | values | why |\n|---|---|---|")
        values = " · ".join([f"**{_show(info.default)}**", *(_show(each) for each in info.alternatives)])
        lines.append(f"| `{info.name}` | {values} | {info.reason} |")
    return "\n".join(lines) + "\n"


def _show(value: object) -> str:
    return value.name if isinstance(value, NTSTATUS) else f"`{value}`"


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit code."""
    page = render()
    if "--check" in arguments:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != page:
            print(f"{PAGE.name} is out of date: run python tools/generate_choices_doc.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
