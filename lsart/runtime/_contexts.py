"""Credentials and contexts of client processes, as LSA keeps them, and how they end.

A client has a `SecHandle`, a package a number of its own; what lies between is a record here. A record has users: the
client's handle, each call under way with it, and, of a credential, each context made with it. Whoever is the last to
let go enters the package, exactly once for each number that the package gave out.

    its function returned a number ──> open ──last user lets go──> SpDeleteContext or SpFreeCredentialsHandle

For the half of a context in the client's process see `_client_sspi`: what it puts there is the context's `mapped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import attrs

from lsart.contract import SEC_E_INTERNAL_ERROR, SEC_E_INVALID_HANDLE, Slot, StatusError, constants
from lsart.engine import exploring, touch
from lsart.runtime._current import current_request
from lsart.runtime._dispatch import Dispatcher
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._package import Package
from lsart.runtime._results import Returned

if TYPE_CHECKING:
    from lsart.runtime._client import Client

__all__ = ["ClientContext", "ClientCredential", "Contexts", "contexts_of"]

_DELETE, _FREE = entry("DeleteContext"), entry("FreeCredentialsHandle")
_ENDED = constants.SECPKG_CALL_CLEANUP | constants.SECPKG_CALL_PROCESS_TERM


def contexts_of(client: str) -> str:
    """What making, looking up and ending of a client's contexts and credentials touch, as schedules are explored."""
    return f"the contexts of {client}"


@attrs.define(eq=False)
class ClientCredential:
    """What a package's SpAcquireCredentialsHandle made for a client.

    Args:
        package: whose it is. handle: its own number of it. client: the process that asked.
        uses: who still needs it. is_gone: the package was told, or is no longer there to be told.
        number: LSA's own.
    """

    package: Package
    handle: int
    client: Client
    uses: int = 1
    is_gone: bool = False
    number: int = 0
    is_in_lsa: ClassVar[bool] = True
    kind: ClassVar[str] = "credential"
    ends_with: ClassVar[Slot] = _FREE


@attrs.define(eq=False)
class ClientContext:
    """What the first leg of a context made in a package.

    Args:
        package, handle, client, uses, is_gone, number: as of a credential. credential: with which it was made, if any.
        is_complete: the last leg was the last that is needed.
        mapped: the half of it in the client's process, which only the code there knows; None while there is none.
        is_in_lsa: whether there is a half in LSA; an imported context has none.
    """

    package: Package
    handle: int
    client: Client
    credential: ClientCredential | None
    is_complete: bool = False
    mapped: object | None = None
    is_in_lsa: bool = True
    uses: int = 1
    is_gone: bool = False
    number: int = 0
    kind: ClassVar[str] = "context"
    ends_with: ClassVar[Slot] = _DELETE


class Contexts:
    """The records of one LSA, of all clients.

    Args:
        dispatcher: whose workers enter packages for clients that do not wait, or are gone.
    """

    def __init__(self, dispatcher: Dispatcher, entrance: Entrance) -> None:
        self._dispatcher = dispatcher
        self._entrance = entrance
        self._explores = exploring()
        self._records: dict[int, ClientCredential | ClientContext] = {}  # by the order they came in
        self._next = 1

    # ------------------------------------------------------------------ how they begin

    def add(self, record: ClientCredential | ClientContext) -> None:
        """A package's function made it; a context holds its credential from now on."""
        self._touch(record, "make")
        self._records[self._next] = record
        record.number = self._next
        self._next += 1
        if isinstance(record, ClientContext) and record.credential is not None:
            record.credential.uses += 1

    def follow(self, credential: ClientCredential | None, context: ClientContext | None, number: int) -> ClientContext:
        """The context that a call left, by the number which the package gave: the one it was about, or a new one. 0 is
        the number as before.

        Raises:
            StatusError: SEC_E_INTERNAL_ERROR: there is none.
        """
        if context is not None and number in (0, context.handle):
            return context
        owner = context or credential
        assert owner is not None
        if not number:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{owner.package.name} gave no handle of the new context")
        if credential is None and context is not None:
            credential = context.credential
        made = ClientContext(owner.package, number, owner.client, credential)
        self.add(made)
        return made

    # ------------------------------------------------------------------ how they are used

    async def enter(self, record: ClientCredential | ClientContext, slot: Slot, *arguments: object) -> Returned:
        """Enter the package with its own number of the record and these arguments. In a worker; the record stays until
        it is through, whoever gives it back meanwhile.

        Raises:
            StatusError: as `Entrance.enter`; SEC_E_INVALID_HANDLE when it went before.
        """
        with self.holding(record):
            return await self._entrance.enter(record.package, slot, record.handle, *arguments)

    @contextmanager
    def holding(self, *records: ClientCredential | ClientContext) -> Iterator[None]:
        """They stay while the block runs, whoever gives them back meanwhile.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE when one of them went before.
        """
        if any(each.is_gone for each in records):
            raise StatusError(SEC_E_INVALID_HANDLE, "it was given back meanwhile")
        for each in records:
            self._touch(each, "use")
            each.uses += 1
        try:
            yield
        finally:
            for each in records:
                self.drop(each)

    # ------------------------------------------------------------------ how they end

    async def let_go(self, record: ClientCredential | ClientContext) -> StatusError | None:
        """One user fewer, in a task that may enter packages. Returns how the package failed, if it was told and did."""
        self._touch(record, "let go of")
        record.uses -= 1
        if record.uses or record.is_gone:
            return None
        self._forget(record)
        request = current_request.get()
        if request is not None and not record.client.is_alive:
            request.attributes |= _ENDED
        failure = None
        try:
            if record.package.state.is_available and record.is_in_lsa:
                await self._entrance.enter(record.package, record.ends_with, record.handle)
        except StatusError as error:
            failure = error
        finally:
            if isinstance(record, ClientContext) and record.credential is not None:
                self.drop(record.credential)
        return failure

    def drop(self, record: ClientCredential | ClientContext) -> None:
        """Likewise from where nothing can wait: if it was the last user, a worker enters the package, for nobody."""
        self._touch(record, "let go of")
        if record.uses > 1 or record.is_gone:
            record.uses -= 1
            return
        is_there = record.package.state.is_available and record.is_in_lsa
        slot = record.ends_with.name
        if not is_there or not self._dispatcher.post(
            record.client, record.package, slot, lambda _: self.let_go(record), partial(self.drop, record)
        ):
            record.uses -= 1  # nobody is there to be told
            self._forget(record)
            if isinstance(record, ClientContext) and record.credential is not None:
                self.drop(record.credential)

    def release_package(self, package: str) -> None:
        """A package is gone, and all that it made."""
        for record in tuple(self._records.values()):
            if record.package.key == package:
                self._forget(record)

    def close(self) -> None:
        """LSASS ends: nobody is told."""
        for record in tuple(self._records.values()):
            self._forget(record)

    def __len__(self) -> int:
        return len(self._records)

    def check(self) -> list[str]:
        """Every invariant; [] when sound."""
        messages = []
        made_with: dict[int, int] = {}
        for record in self._records.values():
            if isinstance(record, ClientContext) and record.credential is not None:
                made_with[record.credential.number] = made_with.get(record.credential.number, 0) + 1
                if record.credential.is_gone and not record.credential.package.state.is_available:
                    continue
                if record.credential.is_gone:
                    messages.append(f"context {record.number} of {record.client.name}: its credential is gone")
        for number, record in self._records.items():
            name = f"{record.kind} {number} of {record.client.name}"
            if record.number != number or record.is_gone:
                messages.append(f"{name}: listed as {record.number}, gone: {record.is_gone}")
            if record.uses < max(made_with.get(number, 0), 1):
                messages.append(f"{name}: {record.uses} users, {made_with.get(number, 0)} contexts made with it")
        return messages

    def _forget(self, record: ClientCredential | ClientContext) -> None:
        record.is_gone = True
        self._records.pop(record.number, None)

    def _touch(self, record: ClientCredential | ClientContext, verb: str) -> None:
        if self._explores:
            touch(contexts_of(record.client.name), "w", f"{verb} a {record.kind}", is_told=False)
