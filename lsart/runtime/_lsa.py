"""The LSA: everything in lsart revolves around this file.

The main path: load packages, serve clients, drain, shut packages down in reverse order, account for what is left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from lsart.contract import (
    SECPKG_PARAMETERS,
    STATUS_NO_SUCH_PACKAGE,
    StatusError,
    constants,
)
from lsart.engine import exploring, now_ns, touch
from lsart.events import Bus, MachineStateChanged, PackagePreferred
from lsart.memory import Environment, LsaMemory, Machine
from lsart.runtime._accepted_credentials import CredentialOffice
from lsart.runtime._account_services import AccountServices
from lsart.runtime._belongings import Belongings
from lsart.runtime._client import Client
from lsart.runtime._contexts import Contexts
from lsart.runtime._dispatch import Dispatcher
from lsart.runtime._enter import Entrance
from lsart.runtime._faults import Faults
from lsart.runtime._host import Host
from lsart.runtime._identity import Identities
from lsart.runtime._legs import Legs
from lsart.runtime._loader import CLEAN_UP
from lsart.runtime._logon import Logons
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._negotiation import Negotiation
from lsart.runtime._pacer import Pacer
from lsart.runtime._package import Package
from lsart.runtime._providers import ProviderModule
from lsart.runtime._reload import Reloader
from lsart.runtime._resolve import PackageSpec
from lsart.runtime._services import make_services
from lsart.runtime._settings import LsaSettings
from lsart.runtime._terminations import Terminations
from lsart.runtime._unloading import Unloading
from lsart.security import AccessToken, Accounts, Security

__all__ = ["Lsa"]


_FIRST_PROCESS_ID = 4096  # Windows process ids are multiples of four; LSASS itself has a low one


class Lsa:
    """A running LSA. Made by `open_lsa`.

    Attributes:
        bus: where events are told. machine: what is left of everything. memory: LSASS's sections and heaps.
        security: logon sessions, credentials, LSASS's handles. belongings: the packages' tasks and notifications.
        dispatcher: the worker pool. entrance: the way into packages. contexts, legs: of SSPI, of all clients.
        office: where credentials are given to all packages. logons: LsaLogonUser.
        pacer: where hostile clients come between.
        provider_modules, default_tls: what the registry says that only client processes read.
    """

    def __init__(self, nursery: trio.Nursery, settings: LsaSettings, bus: Bus) -> None:
        self.settings = settings
        self.bus = bus
        self.machine = Machine(settings.machine)
        self.death: str | None = None  # how LSASS went down, if it did
        environment = Environment(bus=bus, choices=settings.choices, clock=now_ns, terminate=self._die)
        self.memory = LsaMemory(self.machine, environment)
        self.pacer = Pacer(tears=settings.torn_writes)
        self.dispatcher = Dispatcher(nursery, bus, settings.workers)
        faults = Faults(bus, contains=settings.contain_faults)
        self.entrance = Entrance(faults, bus)
        self.contexts = Contexts(self.dispatcher, self.entrance)
        self.legs = Legs(self.entrance, self.contexts, self.memory)
        self._nursery = nursery
        self._explores = exploring()
        self.security = Security(self.memory)
        choices, patience = settings.choices, max(settings.grace / 1e9, CLEAN_UP)
        self.belongings = Belongings(nursery, self.security.handles, bus, choices, faults, patience)
        self.accounts = AccountServices(settings.accounts, self.memory, self.pacer, bus)
        self.office = CredentialOffice(self.memory, bus, self.entrance, lambda: self.packages)
        self.logons = Logons(self, self.entrance, self.office)
        self.identities = Identities(self.security.handles, bus)
        self._host = Host(bus, make_services(self), choices, self.security, self.identities)
        self.loader = Reloader(self._host, self.memory, self._view_of, bus, settings, self._release, self.belongings)
        self.negotiation = Negotiation(self.loader)
        self.unloading = Unloading(nursery, self.loader, choices)
        self.terminations = Terminations(nursery, self.entrance, lambda: self.loader.packages, bus, patience)
        self.security.sessions.on_ended.append(self.terminations.ended)
        self.provider_modules: tuple[ProviderModule, ...] = ()
        self.default_tls: str | None = None
        self._farewell = trio.CancelScope()  # cancelled when LSASS goes down while it ends
        self._preferred: Package | None = None
        self._clients: dict[str, Client] = {}
        self._connections: dict[int, tuple[Client, bool]] = {}
        self._next_process = _FIRST_PROCESS_ID
        self._next_handle = 4

    # ------------------------------------------------------------------ packages

    @property
    def packages(self) -> tuple[Package, ...]:
        """Packages that clients can find now, in load order."""
        return tuple(each for each in self.loader.packages if each.state.is_available)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why packages did not come up, one message each."""
        return tuple(f"package {each.name!r} did not start: {each.failure}" for each in self.loader.refused)

    def find_package(self, name: str) -> Package:
        """The available package of this name.

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE; the message says why, if it is known.
        """
        for package in self.loader.packages:
            if package.name == name and package.state.is_available:
                return package
        failed = next((each for each in (*self.loader.packages, *self.loader.refused) if each.name == name), None)
        why = f"it is {failed.state.value}: {failed.failure}" if failed is not None else "no package has that name"
        raise StatusError(STATUS_NO_SUCH_PACKAGE, f"package {name!r}: {why}")

    def package_by_id(self, number: int) -> Package | None:
        """The available package with this authentication package id."""
        for package in self.loader.packages:
            if package.authentication_id == number and package.state.is_available:
                return package
        return None

    @property
    def preferred(self) -> Package | None:
        """The package that `prefer` named last, while clients can find it."""
        found = None if self._preferred is None else self._preferred.latest()
        return found if found is not None and found.state.is_available else None

    @property
    def negotiable(self) -> tuple[Package, ...]:
        """Packages that the negotiating package may choose from, in load order."""
        return self.negotiation.packages

    @property
    def current_accounts(self) -> Accounts:
        """The accounts as they stand, with what packages saved of credentials; see `lsart.security.accounts_text`."""
        return self.accounts.sam.current()

    async def load_on_demand(self, source: Any) -> None:
        """Load a package, or a module of several, while the LSA runs. One that fails to start is among `refusals`.

        Args:
            source: anything that `PackageSpec` takes, or a PackageSpec.

        Raises:
            ConfigurationError: it cannot be found. StatusError: the LSA is shutting down.
        """
        spec = source if isinstance(source, PackageSpec) else PackageSpec(source)
        await self.loader.load_on_demand(spec, lambda: self.dispatcher.is_open)

    def prefer(self, name: str) -> None:
        """Make a package the preferred one; packages that registered for package changes hear of it (RNO-10).

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE.
        """
        self._preferred = package = self.find_package(name)
        self.bus.emit(PackagePreferred(time_ns=now_ns(), package=package.key))
        self.belongings.tell_of(package, constants.SECPKG_PACKAGE_CHANGE_SELECT)

    async def reload(self, name: str) -> Package:
        """Load the package of this name again from its file or module, while clients use it.

        Calls that have entered the old code end there; every later one enters the new, by name or by the id that a
        client knows. The old one is unloaded when its last call has ended, and what it leaves behind is told. If the
        new one does not come up, the old one stays. Packages of one module are loaded again together.

        Returns:
            The new package, under a key of its own; a disabled one is replaced, too.

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE; or the status with which the new one did not come up.
            PackageLoadError: the file does not import, or offers something else; a finished object cannot be reloaded.
        """
        return await self.loader.reload(name, lambda: self.dispatcher.is_open, self._retire)

    @property
    def parameters(self) -> SECPKG_PARAMETERS:
        """The machine's state: what the next SpInitialize is told."""
        return self.loader.parameters

    def change_machine_state(self, parameters: SECPKG_PARAMETERS) -> None:
        """Let the machine's domain or installation state be another one; packages that registered hear of it
        (RNO-6), and of another domain those, too, that registered for that class (PAR-1). The same state is no change.
        """
        before, self.loader.parameters = self.loader.parameters, parameters
        if before == parameters:
            return
        state, domain = parameters.machine_state, parameters.domain_name
        self.bus.emit(MachineStateChanged(time_ns=now_ns(), machine_state=state, domain_name=domain))
        self.belongings.notifications.tell_state_change()
        if _domain_of(before) != _domain_of(parameters):
            self.belongings.notifications.tell_event(constants.NOTIFY_CLASS_DOMAIN_CHANGE, parameters)

    # ------------------------------------------------------------------ clients

    def start_client(
        self,
        name: str | None = None,
        *,
        has_tcb_privilege: bool = False,
        token: int | None = None,
        is_restricted: bool = False,
    ) -> Client:
        """A new client process without a connection. It lives until `Client.terminate`.

        Args:
            token: whom it runs for, by a handle of LSASS; it gets a handle of its own. None: in the system's session.
            is_restricted: whether it is limited in what its user may do, as in a sandbox.

        Raises:
            ValueError: another live client has that name, or the handle names no token.
        """
        held = self.security.handles.find(token)
        if token is not None and not isinstance(held, AccessToken):
            raise ValueError(f"{token!r} is no handle of LSASS to a token")
        process_id = self._next_process
        self._next_process += 4
        if name is None:
            name = f"client-{(process_id - _FIRST_PROCESS_ID) // 4}"
        if name in self._clients:
            raise ValueError(f"a client named {name!r} is running already; names of live clients are unique")
        client = Client(self, name, process_id, has_tcb_privilege=has_tcb_privilege, is_restricted=is_restricted)
        if isinstance(held, AccessToken):
            client.run_by(held)
        self._clients[name] = client
        return client

    @asynccontextmanager
    async def connect(self, name: str | None = None, *, trusted: bool = False) -> AsyncIterator[Client]:
        """A client process with a connection, for the length of the block.

        Args:
            trusted: a logon process with SeTcbPrivilege (LsaRegisterLogonProcess) instead of an untrusted connection.
        """
        client = self.start_client(name, has_tcb_privilege=trusted)
        try:
            client.connect(trusted=trusted)
            yield client
        finally:
            client.terminate()

    @property
    def clients(self) -> tuple[Client, ...]:
        """Live client processes, oldest first."""
        return tuple(self._clients.values())

    def check(self) -> list[str]:
        """Every invariant of what LSASS holds, and whether the machine's books close; [] when sound."""
        committed = sum(client.process.committed for client in self.clients)
        processes = [message for client in self.clients for message in client.check()]
        memory = self.memory.check(committed, self.security.due())
        return [*memory, *self.security.check(), *self.contexts.check(), *processes]

    # ------------------------------------------------------------------ for this floor only

    def open_handle(self, client: Client, *, trusted: bool) -> int:
        """A new connection handle."""
        if self._explores:
            touch("the handles of LSA", "w", "open a handle", is_told=False)
        handle = self._next_handle
        self._next_handle += 4
        self._connections[handle] = (client, trusted)
        return handle

    def close_handle(self, handle: int) -> None:
        """A connection ended."""
        if self._explores:
            touch("the handles of LSA", "w", "close a handle", is_told=False)
        self._connections.pop(handle, None)

    def connection(self, handle: int) -> tuple[Client, bool] | None:
        """Whose connection a handle is, and whether it is trusted."""
        if self._explores:
            touch("the handles of LSA", "r", "look a handle up", is_told=False)
        return self._connections.get(handle)

    def forget(self, client: Client) -> None:
        """A client process ended."""
        self._clients.pop(client.name, None)

    def _view_of(self, package: str) -> MemoryView:
        return MemoryView(
            self.memory.space, self.pacer, self.bus, lambda function: self._host.origin(package, function)
        )

    def names_of(self, key: str) -> tuple[str, ...]:
        """What a package is called: as it was listed, and as it calls itself."""
        return key, *(each.name for each in self.loader.packages if each.key == key)

    def _release(self, package: str) -> None:
        """A package is gone: tell what it left behind, and give it all back."""
        self.contexts.release_package(package)
        self.accounts.release_package(package, now_ns())
        self.security.release_package(package, now_ns())
        self.memory.release_package(package, now_ns())

    def _retire(self, package: Package) -> None:
        self.unloading.begin_with(package, "it was loaded again")

    def _die(self, reason: str) -> None:
        if self.death is None:
            self.death = reason
            self.dispatcher.stop()
            self.loader.stop()
            self.unloading.stop()
            self.terminations.stop()
            self.belongings.stop()
            self._farewell.cancel()
            self._nursery.cancel_scope.cancel()

    async def close(self) -> None:
        """Drain, shut down, account. Shielded: whatever happens, packages hear of the end."""
        grace = self.settings.grace / 1e9
        with trio.CancelScope(shield=True):
            with trio.move_on_after(grace):
                await self.dispatcher.drain()
            if len(self.contexts):
                for client in self.clients:
                    client.run_down()  # processes end before LSASS does
                with trio.move_on_after(grace):
                    await self.dispatcher.drain()
            self.dispatcher.stop()
            with trio.move_on_after(max(grace, CLEAN_UP)):  # before their packages shut down
                await self.dispatcher.drain()
            await self.loader.settle(grace)
            if self.death is None:
                with self._farewell:
                    await self._say_farewell()
            self.terminations.stop()
            self.belongings.stop()  # of packages that never came up
            for client in self.clients:
                client.terminate()
            await self._wait_for_the_last()
            self.contexts.close()
            self.security.close(now_ns())
            self.memory.close()

    async def _say_farewell(self) -> None:
        """Clients end, and then packages."""
        await self._settle()
        for client in self.clients:  # while packages are there, who hear of the sessions that end with them
            client.terminate()
        await self.terminations.close(self.security.sessions)
        await self.loader.unload_all(self.terminations.settle)
        await self._settle()  # one may have been asked to go meanwhile

    async def _settle(self) -> None:
        """Packages that are being unloaded wait until nobody is in them, which a task of another may be for ever."""
        with trio.move_on_after(max(self.settings.grace / 1e9, CLEAN_UP)) as patience:
            await self.unloading.settle()
        if patience.cancelled_caught:
            self.unloading.hurry()
            with trio.move_on_after(CLEAN_UP):
                await self.unloading.settle()

    async def _wait_for_the_last(self) -> None:
        """Whoever shields itself from being cancelled ends when it likes; the books are closed after that."""
        await self.belongings.wait_until_over()
        await self.terminations.settle()
        await self.dispatcher.drain()
        await self.unloading.settle()
        if self.death is None:
            self.loader.account()


def _domain_of(parameters: SECPKG_PARAMETERS) -> tuple[str, str, str, str]:
    return parameters.domain_name, parameters.dns_domain_name, parameters.domain_sid, parameters.domain_guid
