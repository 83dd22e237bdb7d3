"""The way in and the only way out: arguments come in, an exit code goes out, and no traceback reaches a person.

Everything heavy is imported when a command needs it, so that `lsart --version` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from lsart._version import __version__

__all__ = ["main"]

INTERRUPTED = 130  # as a shell counts a process that SIGINT ended
BROKEN_PIPE = 141  # likewise SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` are the process's own by default.

    Returns:
        0 fine, 1 a package or an invariant failed, 2 the command or a file is wrong, 3 a package did not start,
        70 lsart itself is broken, 99 a threshold was crossed, 130 Ctrl-C, 141 nobody reads the output any more.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without some character shows a question mark
    try:
        code = _dispatch(given)
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print("lsart: stopped", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        from lsart.cli._failures import report

        return report(error, give_up_output=_give_up_output)
    return code


def _dispatch(given: list[str]) -> int:
    if given == ["--version"]:
        print(f"lsart {__version__}")
        return 0
    from lsart.cli._app import run

    return run(given)


def _give_up_output() -> None:
    """Python flushes standard output once more when it ends; what cannot be written then would be a second error."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # not a real stream: nothing is flushed
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
