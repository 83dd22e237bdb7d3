"""The function table, hosted once from the declared signatures.

Each row of the contract becomes one awaitable function: it binds and checks the arguments, tells the bus, and asks
the service that has a method of the slot's name. A slot that no service offers is reported and answers with its
documented failure; whether nobody knows what it does or it is only not built yet, the report says. Nothing here knows
any slot by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from lsart.contract import (
    LSA_DISPATCH_SLOTS,
    LSA_SECPKG_SLOTS,
    STATUS_INVALID_PARAMETER,
    STATUS_NOT_IMPLEMENTED,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    Choices,
    ClientRequest,
    FailureValue,
    FunctionTable,
    Parameter,
    Slot,
    StatusError,
)
from lsart.engine import now_ns
from lsart.events import (
    Bus,
    DispatchTableExceeded,
    Origin,
    SlotCalled,
    SlotMisused,
    SlotReturned,
    SlotUnavailable,
)
from lsart.runtime._arguments import arguments, checker
from lsart.runtime._current import current_request
from lsart.runtime._identity import Identities
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._win32 import Win32
from lsart.security import Security

__all__ = ["DECLARATION_ONLY", "Host"]

DECLARATION_ONLY = "declaration only: no page says what it does"
_NOT_SERVED = "not served by this version of lsart"
_GONE = "its package is unloaded"
_ANSWERS_THE_GONE = ("CreateThread", "RegisterNotification", "UnloadPackage")  # and says more of why

_OURS = ("verify_password", "user_credentials", "save_supplemental_credential")  # of which Windows has no slots

Service = Callable[..., Awaitable[object]]


class Host:
    """Makes tables for packages; one per LSA.

    Args:
        services: objects whose methods implement slots: ``async def CreateSharedMemory(origin, max_size, ...)``.
        choices: what a slot answers that nobody knows more of than its declaration.
        security, identities: what `table.win32` of each package works on.
    """

    def __init__(
        self,
        bus: Bus,
        services: Sequence[object],
        choices: Choices,
        security: Security,
        identities: Identities,
    ) -> None:
        self._bus = bus
        self._choices = choices
        self._security = security
        self._identities = identities
        self._services = services
        self._gone: set[str] = set()  # packages, by key

    def origin(self, package: str, function: str) -> Origin:
        """Who is calling, now."""
        request = current_request.get()
        if request is None:
            return Origin(package, None, "", function, now_ns())
        return Origin(package, request.number, request.client.name, function, now_ns())

    def retire(self, package: str) -> None:
        """The package is unloaded. What of it goes on gets nothing from its table."""
        self._gone.add(package)

    def table(self, package: str, memory: MemoryView) -> FunctionTable:
        """The full table for one package."""
        win32 = Win32(
            self._security,
            self._identities,
            self._bus,
            package,
            origin_of=lambda function: self.origin(package, function),
            is_gone=lambda: package in self._gone,
        )
        table = _Table(memory, win32)
        for slot in LSA_SECPKG_SLOTS:
            setattr(table, slot.name, self.function(slot, package))
        for name in _OURS:
            setattr(table, name, self._ours(name, package))
        return cast(FunctionTable, table)

    def _ours(self, name: str, package: str) -> Service:
        """A function of the table that Windows does not have. It is no slot, so its arguments are not told."""
        service = next(getattr(each, name) for each in self._services if hasattr(each, name))

        async def call(*args: Any, **kwargs: Any) -> object:
            return await service(self.origin(package, name), *args, **kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def dispatch_table(self, package: str, table: FunctionTable) -> FunctionTable:
        """The 11 slots for LsaApInitializePackage. Reaching beyond slot 10 works, as it does for real packages
        that cast the pointer, and is reported."""
        return cast(FunctionTable, _DispatchTable(package, table, self._bus))

    def function(self, slot: Slot, package: str) -> Service:
        """What one package gets for one row, of any table whose functions packages call."""
        service = next((getattr(each, slot.name) for each in self._services if hasattr(each, slot.name)), None)
        parameters = slot.in_parameters
        names = tuple(parameter.name for parameter in parameters)
        checks = tuple(map(checker, parameters))
        count = len(names)
        bus, name, origin_of = self._bus, slot.name, self.origin
        missing, status = _NOT_SERVED, STATUS_NOT_IMPLEMENTED
        if slot.declared_only:
            missing, status = DECLARATION_ONLY, self._choices.undocumented_slot
        gone = frozenset[str]() if name in _ANSWERS_THE_GONE else self._gone

        async def call(*args: Any, **kwargs: Any) -> object:
            if kwargs or len(args) != count:
                args = arguments(slot, names, args, kwargs)
            origin = origin_of(package, name)
            if bus.wants(SlotCalled):
                shown = tuple(_shown(argument, each) for argument, each in zip(args, parameters, strict=True))
                bus.emit(SlotCalled(time_ns=origin.time_ns, slot=name, arguments=shown, origin=origin))
            for index, check in enumerate(checks):
                problem = check(args[index])
                if problem:
                    bus.emit(
                        SlotMisused(
                            time_ns=origin.time_ns,
                            slot=name,
                            parameter=names[index],
                            problem=problem,
                            origin=origin,
                        )
                    )
                    return _fail(slot, f"{name}: {names[index]} {problem}", STATUS_INVALID_PARAMETER)
            if service is None or package in gone:
                why, answer = (missing, status) if service is None else (_GONE, STATUS_UNSUCCESSFUL)
                bus.emit(SlotUnavailable(time_ns=origin.time_ns, slot=name, reason=why, origin=origin))
                return _fail(slot, f"{name}: {why}", answer)
            if not bus.wants(SlotReturned):
                return await service(origin, *args)
            try:
                result = await service(origin, *args)
            except StatusError as error:
                bus.emit(SlotReturned(time_ns=now_ns(), slot=name, result=str(error), origin=origin))
                raise
            bus.emit(SlotReturned(time_ns=now_ns(), slot=name, result=repr(result), origin=origin))
            return result

        call.__name__ = call.__qualname__ = name
        call.__doc__ = slot.summary
        return call


class _Table:
    """Slots are set on the instance by the host, and what is lsart's own beside them."""

    def __init__(self, memory: MemoryView, win32: Win32) -> None:
        self.memory = memory
        self.win32 = win32

    async def reply(self, client_request: ClientRequest, data: bytes, protocol_status: int = 0) -> CallPackageReply:
        table = cast(FunctionTable, self)
        address = await table.AllocateClientBuffer(client_request, len(data))
        try:
            await table.CopyToClientBuffer(client_request, len(data), address, data)
        except BaseException:  # a cancellation too: under an interloper the copy lets others run
            await table.FreeClientBuffer(client_request, address)
            raise
        return CallPackageReply(address, len(data), protocol_status)


class _DispatchTable:
    def __init__(self, package: str, table: FunctionTable, bus: Bus) -> None:
        self._package = package
        self._table = table
        self._bus = bus
        self.memory = table.memory
        self.win32 = table.win32
        self.reply = table.reply
        for name in _OURS:
            setattr(self, name, getattr(table, name))
        for slot in LSA_DISPATCH_SLOTS:
            setattr(self, slot.name, getattr(table, slot.name))

    def __getattr__(self, name: str) -> object:
        if any(slot.name == name for slot in LSA_SECPKG_SLOTS):
            self._bus.emit(DispatchTableExceeded(time_ns=now_ns(), package=self._package, slot=name))
            return getattr(self._table, name)
        raise AttributeError(f"LSA_DISPATCH_TABLE has no slot {name!r}")


def _shown(argument: object, parameter: Parameter) -> str:
    """An argument as text. Credentials are secrets, which no event shows, of whatever type they are."""
    if parameter.takes_bytes and parameter.type == "PLSA_STRING":
        return f"<{len(argument)} bytes>" if isinstance(argument, (bytes, bytearray)) else type(argument).__name__
    if parameter.is_secret:
        return f"<{len(argument)} characters>" if isinstance(argument, str) else type(argument).__name__
    return _text(argument)


def _text(value: Any) -> str:
    """The same in every run: the repr of a package's own object may hold an address."""
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"  # a message may be a password
    if isinstance(value, (int, float, str)) or type(value).__module__.startswith("lsart."):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_text, value))})"
    return "None" if value is None else f"<{type(value).__qualname__}>"


def _fail(slot: Slot, message: str, status: int) -> object:
    """The documented failure of a slot: NULL, FALSE, nothing, or a status."""
    if slot.failure_value is FailureValue.STATUS:
        has_detail = any(each.name == "sub_status" for each in slot.out_parameters)
        raise StatusError(status, message, sub_status=status if has_detail else 0)
    return False if slot.failure_value is FailureValue.FALSE else None
