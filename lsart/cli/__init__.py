"""Floor 9: the command line. It reads arguments, calls the floors below, and says what went wrong in one message."""

from lsart.cli._main import main

__all__ = ["main"]
