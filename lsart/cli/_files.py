"""Files that a command writes: they appear under their name when they are complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import TextIO

from lsart.cli._failures import OutputError

__all__ = ["ResultFile"]


class ResultFile:
    """A text file that is written beside its target and takes the target's name in `complete`.

    Entering the context creates the temporary file, so that a directory that does not exist or may not be written to
    is told before a long run and not after it. Leaving it without `complete` leaves nothing behind.

    A target that is no regular file (a pipe, ``/dev/stderr``) is written to as it is: it must not be replaced.

    Args:
        option: what asked for it, for messages: ``"--json"``.

    Raises:
        OutputError: from every method; says what to do.
    """

    def __init__(self, option: str, path: Path) -> None:
        self.option = option
        self.path = path
        self._target = Path(os.path.realpath(path))  # a link stays a link
        self._temporary: Path | None = None
        self._stream: TextIO | None = None

    def __enter__(self) -> ResultFile:
        try:
            self._stream = self._open()
        except OSError as error:
            raise self._failed(error) from None
        return self

    def write(self, text: str) -> None:
        """Append text."""
        assert self._stream is not None
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failed(error) from None

    def complete(self) -> None:
        """Nothing more to come: give the file its name."""
        assert self._stream is not None
        try:
            self._stream.flush()
            if self._temporary is not None:
                os.fsync(self._stream.fileno())  # some disks tell only now that they are full
            self._stream.close()
            if self._temporary is not None:
                os.replace(self._temporary, self._target)
                self._temporary = None
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    def _open(self) -> TextIO:
        target = self._target
        if target.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not target.exists():
            return self._beside()
        if not os.access(target, os.W_OK):  # replacing it would get round its protection
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        if not target.is_file():
            return target.open("w", encoding="utf-8")
        stream = self._beside()
        assert self._temporary is not None
        shutil.copymode(target, self._temporary)
        return stream

    def _beside(self) -> TextIO:
        temporary = self._target.with_name(f".{self._target.name}.{secrets.token_hex(4)}.part")
        stream = temporary.open("x", encoding="utf-8")
        self._temporary = temporary
        return stream

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(self.option, self.path, error)
