"""A page of text: headings, tables and paragraphs that keep to a width.

Colour is on top of a layout that reads without it. The layout uses only characters of Latin-1, so that any terminal
shows it, and nothing that a package or a client wrote reaches the terminal as a control character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

__all__ = ["INDENT", "Page"]

INDENT = 2
"""Columns by which what belongs to a heading is set in."""

_GAP = "  "
_DEEPEST = 8  # columns that a line may be set in by itself; a narrow page still has room for its text
_QUANTITY = re.compile(r"(?<=\d) (?=(?:%|B|KiB|MiB|GiB|TiB|ns|\u00b5s|ms|s)\b|%)")
_QUOTED = re.compile("`[^`]*`")
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
        if line.cell_len > self.width:
            line.truncate(self.width - 3)
            line.append("...")
        line.rstrip()
        self._lines.append(line)

    def whole_line(self, content: str) -> None:
        """One line that is never cut, however long: something to copy."""
        self._lines.append(Text(_printable(content), "bold"))

    def paragraph(
        self, label: str, content: str, *, indent: int = 0, label_width: int = 0, style: str = "", hanging: int = 0
    ) -> None:
        """Text beside its label; what does not fit goes on under the text, set in by `hanging` columns."""
        lead = label.ljust(label_width)
        room = max(self.width - indent - len(lead) - hanging, 20)
        bound = _QUANTITY.sub(_NO_BREAK, _printable(content))
        bound = _QUOTED.sub(lambda found: found[0].replace(" ", _NO_BREAK), bound)
        for index, piece in enumerate(_wrapped(bound, room)):
            shown = lead if index == 0 else " " * (len(lead) + hanging)
            self.line(" " * indent, (shown, style or "dim"), piece.replace(_NO_BREAK, " "))

    def passage(self, label: str, content: str, *, indent: int = 0) -> None:
        """Text of several lines beside its label: they stay lines, and keep how far they are set in."""
        first, *rest = content.split("\n")
        self.paragraph(label, first, indent=indent)
        for each in filter(str.strip, rest):
            inset = min(len(each) - len(each.lstrip(" ")), _DEEPEST)
            self.paragraph(" " * len(label), each.strip(" "), indent=indent + inset, hanging=INDENT)

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
    ) -> None:
        """Rows under a header whose first cell is the heading. `right` are the columns set flush right.

        When they do not fit side by side, the first column is cut.
        """
        inset = [[" " * INDENT + row[0], *row[1:]] for row in rows]
        widths = [max(cell_len(row[column]) for row in [header, *inset]) for column in range(len(header))]
        others = sum(widths[1:]) + len(_GAP) * (len(widths) - 1)
        widths[0] = max(min(widths[0], self.width - others), 8)
        for index, row in enumerate([header, *inset]):
            first, *rest = (
                _fitted(cell, widths[column], flush_right=column in right) for column, cell in enumerate(row)
            )
            if index == 0:
                self.line((first, "bold"), (_GAP + _GAP.join(rest), "dim"))
            else:
                self.line(_GAP.join([first, *rest]))


def _fitted(content: str, width: int, *, flush_right: bool) -> str:
    """Text of exactly so many columns: padded or cut."""
    content = _printable(content)
    missing = width - cell_len(content)
    if missing < 0:
        return set_cell_size(content, width - 3) + "..."
    return " " * missing + content if flush_right else content + " " * missing


def _wrapped(content: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns. Not textwrap's: a name may hold characters two columns wide, or none."""
    line = ""
    for word in content.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = ""
        pieces = chop_cells(word, width) or [""]
        for piece in pieces[:-1]:
            if line:
                yield line
                line = ""
            yield piece
        line = f"{line} {pieces[-1]}" if line else pieces[-1]
    yield line


def _printable(content: str) -> str:
    """Without line ends, escape sequences and the like, which a package or a client may have put there."""
    return "".join(each if each.isprintable() else " " for each in content)
