"""Functions of SECPKG_DLL_FUNCTIONS: what the security provider DLL does for packages in a client process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from lsart.contract import (
    SECPKG_DLL_SLOTS,
    STATUS_INVALID_PARAMETER,
    ClientCallbackFunction,
    DllFunctions,
    Pointer,
    StatusError,
)
from lsart.engine import Label, announce, now_ns
from lsart.events import CallbackRegistered, Origin
from lsart.runtime._enter_task import name_of
from lsart.runtime._host import Host
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._pacer import touch_commit

if TYPE_CHECKING:
    from lsart.runtime._client import Client
    from lsart.runtime._lsa import Lsa

__all__ = ["DllHost", "DllServices"]


class DllServices:
    """What one process's packages share."""

    def __init__(self, lsa: Lsa, client: Client) -> None:
        self._lsa = lsa
        self._client = client
        self._callbacks: dict[tuple[str, int], ClientCallbackFunction] = {}

    async def AllocateHeap(self, origin: Origin, length: int) -> Pointer | None:
        await self._point("allocate from")
        return self._client.process.dll_heap.allocate(length, origin) if self._client.is_alive else None

    async def FreeHeap(self, origin: Origin, base: Pointer) -> None:
        await self._point("free to")
        if self._client.is_alive:
            self._client.process.dll_heap.free_or_tell(base, origin)

    async def RegisterCallback(self, origin: Origin, callback_id: int, callback: ClientCallbackFunction) -> None:
        if self._client.explores:
            name = f"the callbacks of {self._client.name}"
            await announce(Label(name, "w", f"register callback {callback_id}"))
        key = origin.package, callback_id
        if key in self._callbacks and self._lsa.settings.choices.callback_again == "refuse":
            raise StatusError(STATUS_INVALID_PARAMETER, f"RegisterCallback: the number {callback_id} is taken")
        self._callbacks[key] = callback
        self._lsa.bus.emit(
            CallbackRegistered(
                time_ns=origin.time_ns,
                client=self._client.name,
                package=origin.package,
                callback_id=callback_id,
                function=name_of(callback),
            )
        )

    def find_callback(self, package: str, key: int | str) -> ClientCallbackFunction | None:
        """What a package registered in this process, by its number or its function's name, as `Choices` has it."""
        if self._lsa.settings.choices.callback_key == "id":
            return self._callbacks.get((package, key)) if isinstance(key, int) else None
        mine = (function for (owner, _), function in self._callbacks.items() if owner == package)
        return next((each for each in mine if name_of(each) == key), None)

    async def _point(self, verb: str) -> None:
        if self._client.explores:
            heap = f"heap of {self._client.name}"
            await announce(Label(heap, "w", f"{verb} {heap}"))
            touch_commit()


class DllHost(Host):
    """Makes SECPKG_DLL_FUNCTIONS tables; one per client process."""

    def __init__(self, lsa: Lsa, client: Client, services: DllServices) -> None:
        super().__init__(lsa.bus, (services,), lsa.settings.choices, lsa.security, lsa.identities)
        self._lsa = lsa
        self._client = client

    def origin(self, package: str, function: str) -> Origin:
        """Who is calling: package code in this process, which serves no call."""
        return Origin(package, None, self._client.name, function, now_ns())

    def dll_functions(self, package: str) -> DllFunctions:
        """The table for one package."""
        client, lsa = self._client, self._lsa

        def origin(function: str) -> Origin:
            return self.origin(package, function)

        table = _DllTable(client, MemoryView(client.process.space, lsa.pacer, lsa.bus, origin), origin)
        for slot in SECPKG_DLL_SLOTS:
            setattr(table, slot.name, self.function(slot, package))
        return cast(DllFunctions, table)


class _DllTable:
    """Slots are set on the instance by the host."""

    def __init__(self, client: Client, memory: MemoryView, origin: Callable[[str], Origin]) -> None:
        self.memory = memory
        self._client = client
        self._origin = origin

    async def FreeContextBuffer(self, buffer: Pointer) -> None:
        if self._client.explores:
            touch_commit()
        self._client.free_sspi_buffer(buffer)

    async def allocate_client_buffer(self, length: int) -> Pointer | None:
        client = self._client
        if client.explores:
            touch_commit()
        return client.process.allocate(length, self._origin("AllocateClientBuffer")) if client.is_alive else None
