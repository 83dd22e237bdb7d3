"""What happens to the user-mode halves of packages, in client processes."""

from __future__ import annotations

import attrs

from lsart.events._base import Event

__all__ = ["CallbackRegistered", "ClientCrashed", "ContextMapped", "ContextShared", "UserModeLoaded"]


@attrs.frozen(kw_only=True)
class UserModeLoaded(Event):
    """The module of a package was loaded into a client process, or a DLL of providers that LSA does not have.

    Args:
        packages: keys of those of its packages that have a user-mode half there; or the names of the providers.
    """

    client: str
    module: str
    packages: tuple[str, ...]


@attrs.frozen(kw_only=True)
class CallbackRegistered(Event):
    """A function in a client process can be reached by ClientCallback. `function` is its name."""

    client: str
    package: str
    callback_id: int
    function: str


@attrs.frozen(kw_only=True)
class ContextMapped(Event):
    """A context was set up in a client process, which uses it there from now on.

    Args:
        context: the LSA-mode half's own handle. size: bytes of the data from which it was set up.
    """

    client: str
    package: str
    context: int
    size: int


@attrs.frozen(kw_only=True)
class ContextShared(Event):
    """Two tasks of a process do the same to the messages of one context at the same time, which it is not made for
    (CEM-3).

    Args:
        function: ``"EncryptMessage"`` or ``"DecryptMessage"``.
    """

    client: str
    package: str
    context: int
    function: str


@attrs.frozen(kw_only=True)
class ClientCrashed(Event):
    """Package code failed in a client process, which ended with it. LSASS and the other processes go on.

    Args:
        entry_point: what raised. reason: what it raised, in words.
    """

    client: str
    package: str
    entry_point: str
    reason: str
