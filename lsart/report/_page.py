"""A page of text: headings, tables and paragraphs that keep to a width.

Colour is on top of a layout that reads without it. The layout uses only characters of Latin-1, so that any terminal
shows it, and nothing that a package or a client wrote reaches the terminal as a control character.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.text import Text

__all__ = ["INDENT", "Page"]

INDENT = 2
"""Columns by which what belongs to a heading is set in."""

_GAP = "  "
_QUANTITY = re.compile(r"(?<=\d) (?=(?:%|B|KiB|MiB|GiB|TiB|ns|\u00b5s|ms|s)\b|%)")
_NO_BREAK = "\u00a0"


class Page:
    """Collects lines of at most `width` columns."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._lines: list[Text] = []

    def text(self) -> Text:
        """All lines so far."""
        return Text("\n", no_wrap=True).join(self._lines)

    def blank(self) -> None:
        """An empty line, unless the last one is empty."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line from pieces of text, or of (text, style); cut where the page ends."""
        line = Text()
        for part in parts:
            content, style = (part, "") if isinstance(part, str) else part
            line.append(_printable(content), style)
        if len(line) > self.width:
            line.truncate(self.width - 3)
            line.append("...")
        line.rstrip()
        self._lines.append(line)

    def paragraph(self, label: str, content: str, *, indent: int = 0, label_width: int = 0, style: str = "") -> None:
        """Text beside its label; what does not fit goes on under the text."""
        lead = label.ljust(label_width)
        room = max(self.width - indent - len(lead), 20)
        bound = _QUANTITY.sub(_NO_BREAK, _printable(content))
        for index, piece in enumerate(textwrap.wrap(bound, room, break_on_hyphens=False) or [""]):
            shown = lead if index == 0 else " " * len(lead)
            self.line(" " * indent, (shown, style or "dim"), piece.replace(_NO_BREAK, " "))

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
    ) -> None:
        """Rows under a header whose first cell is the heading. `right` are the columns set flush right.

        When they do not fit side by side, the first column is cut.
        """
        inset = [[" " * INDENT + row[0], *row[1:]] for row in rows]
        widths = [max(len(row[column]) for row in [list(header), *inset]) for column in range(len(header))]
        others = sum(widths[1:]) + len(_GAP) * (len(widths) - 1)
        widths[0] = max(min(widths[0], self.width - others), 8)
        for index, row in enumerate([list(header), *inset]):
            cells = [_cut(_printable(row[0]), widths[0]).ljust(widths[0])]
            for column, cell in enumerate(row[1:], start=1):
                cells.append(cell.rjust(widths[column]) if column in right else cell.ljust(widths[column]))
            if index == 0:
                self.line((cells[0], "bold"), (_GAP + _GAP.join(cells[1:]), "dim"))
            else:
                self.line(_GAP.join(cells))


def _cut(content: str, width: int) -> str:
    return content if len(content) <= width else content[: width - 3] + "..."


def _printable(content: str) -> str:
    return "".join(each if each.isprintable() or each == _NO_BREAK else " " for each in content)
