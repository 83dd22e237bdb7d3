"""The failure database: failing tokens are kept in the project's cache directory and tried first next time.

One text file per model, one token per line, the newest last. It is a cache: deleting it loses nothing but time.
"""

from __future__ import annotations

import os
from pathlib import Path
from zlib import crc32

import attrs

from lsart.exploration._token import Token, TokenError, decode

__all__ = ["FailureDatabase"]

_KEPT = 20
_VARIABLE = "LSART_CACHE"


@attrs.frozen
class FailureDatabase:
    """Tokens of failures, by the name of their model.

    Args:
        directory: where they are. By default ``.lsart_cache`` in the current directory, or what LSART_CACHE says.
    """

    directory: Path = attrs.field(factory=lambda: Path(os.environ.get(_VARIABLE) or ".lsart_cache"))

    def tokens(self, model: str) -> list[tuple[str, Token]]:
        """Those of a model, the newest first, as text and as token. What cannot be read is passed over."""
        return self._read(self._file(model))

    def add(self, model: str, text: str) -> bool:
        """Keep a token; whether that was possible. A token already there becomes the newest."""
        kept = [each for each, _ in reversed(self.tokens(model)) if each != text]
        return self._write(model, [*kept, text])

    def remove(self, model: str, text: str) -> None:
        """Forget a token that fails no more."""
        kept = [each for each, _ in reversed(self.tokens(model)) if each != text]
        self._write(model, kept)

    def all(self) -> list[tuple[str, Token]]:
        """Every token, by model, the newest first."""
        found = [pair for file in self._files() for pair in self._read(file)]
        return sorted(found, key=lambda pair: pair[1].model)

    def _files(self) -> list[Path]:
        try:
            return sorted((self.directory / "failures").glob("*.tokens"))
        except OSError:
            return []

    def _file(self, model: str) -> Path:
        plain = "".join(each if each.isalnum() or each in "-_." else "-" for each in model)[:60]
        return self.directory / "failures" / f"{plain}-{crc32(model.encode()):08x}.tokens"

    def _read(self, file: Path) -> list[tuple[str, Token]]:
        try:
            lines = file.read_text("utf-8").split()
        except (OSError, UnicodeDecodeError):
            return []
        found = []
        for line in reversed(lines):
            try:
                found.append((line, decode(line)))
            except TokenError:
                continue
        return found

    def _write(self, model: str, tokens: list[str]) -> bool:
        file = self._file(model)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            ignore = self.directory / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", "utf-8")
            partial = file.with_suffix(f".{os.getpid()}")
            partial.write_text("".join(f"{each}\n" for each in tokens[-_KEPT:]), "utf-8")
            partial.replace(file)
        except OSError:
            return False
        return True
