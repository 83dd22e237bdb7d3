"""The exceptions of lsart, by whose fault they are.

LsartError
├── ConfigurationError      the person who started lsart asked for something that cannot be: a usage error
│   └── PackageLoadError    a package cannot be found, imported or started
├── StatusError             no fault: a documented NTSTATUS on its way to whoever called the function
│   ├── KeyBufferTooSmall   GetCredentials found an entry whose key needs more room
│   ├── LogonFailure        a package logged nobody on, and says who it was
│   └── StringNotDecoded    CrediUnmarshalandDecodeString got what it cannot decode
├── AccessViolation         whoever ran touched memory that is not mapped, not committed or not writable
├── ProcessTerminated       the client process that made the call has ended
├── LsassTerminated         the modelled LSASS went down, in a way that the real one is known to
└── InternalError           lsart's own fault: please report it
"""

from __future__ import annotations

from lsart.contract._pointer import Pointer
from lsart.contract._status import NTSTATUS

__all__ = [
    "AccessViolation",
    "ConfigurationError",
    "InternalError",
    "KeyBufferTooSmall",
    "LogonFailure",
    "LsartError",
    "LsassTerminated",
    "PackageLoadError",
    "ProcessTerminated",
    "StatusError",
    "StringNotDecoded",
]


class LsartError(Exception):
    """Base of every exception that lsart raises on purpose."""


class ConfigurationError(LsartError):
    """What was asked for cannot be done as written; the message says what, where and what to write instead."""


class PackageLoadError(ConfigurationError):
    """A package could not be found, imported or started.

    Likely causes: a misspelt name, a module that fails on import, a class without ``SpInitialize``, an
    ``SpInitialize`` that returned an error, or a name that another package has already taken.
    """

    def __init__(self, message: str, *, package: str = "") -> None:
        super().__init__(message)
        self.package = package


class StatusError(LsartError):
    """A function that returns NTSTATUS returned this one.

    Raised to the caller of the function. Leaving a package's entry point, bare or as the only leaf of an
    exception group, it is that entry point's status.

    Args:
        sub_status: the SubStatus parameter of the functions that have one: why, if the status does not say it all.
    """

    def __init__(self, status: int, message: str = "", *, sub_status: int = 0) -> None:
        self.status = status if isinstance(status, NTSTATUS) else NTSTATUS(status)
        self.sub_status = sub_status if isinstance(sub_status, NTSTATUS) else NTSTATUS(sub_status)
        super().__init__(f"{self.status!r}: {message}" if message else repr(self.status))


class KeyBufferTooSmall(StatusError):
    """GetCredentials found an entry whose key does not fit: STATUS_MORE_ENTRIES, and the bytes it needs (GCR-7)."""

    def __init__(self, status: int, message: str, *, primary_key_length: int) -> None:
        super().__init__(status, message)
        self.primary_key_length = primary_key_length


class LogonFailure(StatusError):
    """A package logged nobody on. LsaApLogonUser and its like raise it in place of a plain StatusError, as they must
    return the account name whatever comes of it (LLU-10).

    Args:
        sub_status: only with STATUS_ACCOUNT_RESTRICTION: which restriction (LLU-12).
        account_name: who tried, for the audit; text, or a UNICODE_STRING in the LSA heap, which LSA frees.
        authenticating_authority, machine_name: likewise, if they are known.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        account_name: str | Pointer | None,
        authenticating_authority: str | Pointer | None = None,
        machine_name: str | Pointer | None = None,
        sub_status: int = 0,
    ) -> None:
        super().__init__(status, message, sub_status=sub_status)
        self.account_name = account_name
        self.authenticating_authority = authenticating_authority
        self.machine_name = machine_name


class StringNotDecoded(StatusError):
    """CrediUnmarshalandDecodeString got what it cannot decode.

    Args:
        is_failure_fatal: the IsFailureFatal parameter: the text is a packed string, but a broken one, so nobody should
            go on with it. Text that never was packed may be a name or a password as it is.
    """

    def __init__(self, status: int, message: str, *, is_failure_fatal: bool) -> None:
        super().__init__(status, message)
        self.is_failure_fatal = is_failure_fatal


class AccessViolation(LsartError):
    """Memory was touched that is not mapped, not committed, or not writable (STATUS_ACCESS_VIOLATION)."""

    def __init__(self, *, space: str, address: int, length: int, kind: str, reason: str) -> None:
        self.space = space
        self.address = address
        self.length = length
        self.kind = kind
        self.reason = reason
        super().__init__(f"access violation: {kind} of {length} bytes at {address:#x} in {space}: {reason}")


class ProcessTerminated(LsartError):
    """The client process ended while this call was under way; its result, if any, is discarded."""


class LsassTerminated(LsartError):
    """The modelled LSASS process went down; the message names the known way in which it did.

    Only choices that ask for it (``Choices(shared_double_free="terminate")`` and its like) make this happen.
    """


class InternalError(LsartError):
    """An invariant of lsart itself does not hold. This is our fault; please report the line that replays it."""
