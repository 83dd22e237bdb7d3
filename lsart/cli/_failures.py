"""What a person is told when something goes wrong: what, where, what to do; and which exit code says it to a script."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable

from lsart.contract import ConfigurationError, LsassTerminated

__all__ = ["FAILED", "SHOWS_WHERE", "OutputError", "explain", "report", "say", "wants_tracebacks", "width"]

FAILED, WRONG, BROKEN = 1, 2, 70
WIDEST = 100
TRACEBACK = "LSART_TRACEBACK"
SHOWS_WHERE = f"{TRACEBACK}=1 shows where."


class OutputError(ConfigurationError):
    """A file that was asked for cannot be written.

    Likely causes: a directory that does not exist or that one may not write to, a full disk.
    """

    def __init__(self, what: str, path: str | os.PathLike[str], error: OSError) -> None:
        self.errno = error.errno
        super().__init__(
            f"{what} {os.fspath(path)} cannot be written: {error.strerror or error}. Nothing half-written was left. "
            f"{_remedy(error)}"
        )


def wants_tracebacks() -> bool:
    """Whether the person asked to see where things go wrong."""
    return os.environ.get(TRACEBACK, "") not in ("", "0")


def report(error: Exception, *, give_up_output: Callable[[], None]) -> int:
    """Say what went wrong on standard error; the exit code."""
    if wants_tracebacks():
        traceback.print_exception(error, file=sys.stderr)
    error = _leaf(error)
    if isinstance(error, OSError) and error.filename is None and _is_output(error):
        give_up_output()
    message, code = explain(error)
    say(message, "internal error" if code == BROKEN else "error")
    return code


def explain(error: Exception) -> tuple[str, int]:
    """The message for an error, and the exit code."""
    from cyclopts import CycloptsError

    from lsart.engine import DeadlockError, SystemTaskError

    if isinstance(error, ConfigurationError):
        hides_cause = error.__cause__ is not None and not wants_tracebacks()
        return f"{error}\n{SHOWS_WHERE}" if hides_cause else str(error), WRONG
    if isinstance(error, CycloptsError):
        return f"{str(error).strip()}\nTry: {_help_command(error)}", WRONG
    if isinstance(error, LsassTerminated):
        return f"the modelled LSASS went down: {error}", FAILED
    if isinstance(error, DeadlockError):
        return f"the run can never go on: {error}", FAILED
    if isinstance(error, SystemTaskError):
        return f"{error}. Start it in a nursery, or let it handle its own errors.", FAILED
    if isinstance(error, OSError):
        nameless = "standard output" if _is_output(error) else "this computer"
        return f"{error.filename or nameless}: {error.strerror or error}. {_remedy(error)}", WRONG
    where = "" if wants_tracebacks() else f" Run it again with {TRACEBACK}=1 to see where."
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{what}. This is a fault of lsart: please report it with the command you ran.{where}", BROKEN


def say(message: str, kind: str = "error") -> None:
    """One message on standard error, wrapped to the terminal, later lines indented."""
    head = f"lsart: {kind}: " if kind else "lsart: "
    lines = []
    for number, paragraph in enumerate(message.splitlines()):
        indent = len(paragraph) - len(paragraph.lstrip())
        lines += textwrap.wrap(
            paragraph.strip(),
            width(),
            initial_indent=" " * max(indent, 2) if number else head,
            subsequent_indent=" " * max(indent + 2, 2),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    print("\n".join(lines), file=sys.stderr)


def width() -> int:
    """Columns of the terminal, 80 where there is none; no more than can be read with ease."""
    return max(40, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))


def _leaf(error: Exception) -> Exception:
    """What is inside a group of one, however deep."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _help_command(error: Exception) -> str:
    chain = getattr(error, "command_chain", None) or ()
    return " ".join(["lsart", *chain, "--help"])


def _is_output(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def _remedy(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "Free some space, or write to another place."
        case errno.EFBIG:
            return "Raise the limit on the size of files (ulimit -f), or write less."
        case errno.EISDIR:
            return "Name a file in it."
        case errno.ENOENT | errno.ENOTDIR:
            return "Create the directory first, or write to another place."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "Choose a place that you may write to."
        case errno.EMFILE | errno.ENFILE | errno.ENOMEM:
            return "Use a smaller scenario, or raise the limit (ulimit)."
        case _:
            return "Try another place."
