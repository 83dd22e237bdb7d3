"""The legs of contexts in the client's process: what goes to the package, and what the client gets of what it said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import trio

from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    ContextLeg,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart.runtime._client_contexts import ClientContexts
from lsart.runtime._contexts import ClientContext
from lsart.runtime._duties import information_fault
from lsart.runtime._enter import entry
from lsart.runtime._legs import Leg, LegResult
from lsart.runtime._package import Package
from lsart.runtime._sspi_status import sspi_error

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["Asked", "ClientLegs", "bytes_of", "check_luid", "check_number", "check_text", "room_of"]

_T = TypeVar("_T")
_INFO = entry("GetInfo")
_ULONG_MAX = 0xFFFF_FFFF
_LUID_MAX = 0xFFFF_FFFF_FFFF_FFFF
_UNICODE_MAX = 0xFFFE  # bytes that a UNICODE_STRING can count


@attrs.frozen
class Asked:
    """The arguments of a leg beside its handles."""

    is_initiator: bool
    target_name: str | None
    requirements: int
    data_rep: int
    input: SecBufferDesc | None
    output: SecBufferDesc | None

    @property
    def allocates(self) -> bool:
        """Whether the output is allocated for the client. The flags of both sides have this value in common."""
        return bool(self.requirements & constants.ISC_REQ_ALLOCATE_MEMORY)


class ClientLegs(ClientContexts):
    """One leg of a context, on either side."""

    __slots__ = ()

    async def _begun(self, credential: SecHandle | None, context: SecHandle | None, asked: Asked) -> Leg:
        """The leg as it goes to the package."""
        check_text("target_name", asked.target_name, may_be_none=True)
        check_number("context_req", asked.requirements)
        check_number("target_data_rep", asked.data_rep)
        message = await self._copied(asked.input)
        held = None if context is None else self._context_of(context)
        used = None if credential is None else self._credential_of(credential)
        record = held or used
        if record is None or (used is not None and used.package is not record.package):  # of two packages
            raise self._not_a_handle(credential)
        package = record.package
        is_sized = asked.allocates or asked.output is not None
        room = room_of(asked, 0 if is_sized else (await self._info_of(package)).max_token)
        return Leg(
            package,
            used,
            held,
            asked.is_initiator,
            asked.target_name,
            asked.requirements,
            asked.data_rep,
            message,
            room,
            asked.allocates,
        )

    async def _leg(self, credential: SecHandle | None, context: SecHandle | None, asked: Asked) -> ContextLeg:
        try:
            leg = await self._begun(credential, context, asked)
        except Exception:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            raise
        legs, held = self._lsa.legs, leg.context
        result = await self._call(leg.package, leg.slot, partial(legs.serve, leg), partial(legs.undo, leg=leg))
        try:
            handle = await self._handle_of(context, held, result.context)
        except BaseException:
            self._discard(result.output)
            raise
        with self._holding(result.context):
            try:
                if result.packed is not None:
                    await self._map(handle, result.context, result.packed)
            except BaseException:
                await self._give_up(handle, result)
                raise
            try:
                output = await self._filled(result.output, asked)
            except BaseException:
                if handle is not context:
                    await self._give_up(handle, result)
                else:
                    self._discard(result.output)
                raise
        return ContextLeg(handle, output, result.attributes, result.expiry, result.status)

    async def _info_of(self, package: Package) -> SecPkgInfo:
        """What a package says of itself: LSA's copy, or its own answer where LSA did not ask while it loaded (SPG-1).

        Raises:
            StatusError: how it failed.
        """
        if package.is_informed:
            return package.info
        return await self._call(package, _INFO.name, partial(self._ask, package), _discard)

    async def _ask(self, package: Package, request: Request) -> SecPkgInfo:
        info: SecPkgInfo = (await self._lsa.entrance.enter(package, _INFO)).outs[0]
        fault = information_fault(info, ())
        if fault:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package.name}: {fault}")
        return info

    async def _call(
        self,
        package: Package,
        entry: str,
        serve: Callable[[Request], Awaitable[_T]],
        undo: Callable[[Request, _T], None],
        *,
        unserved: Callable[[], object] | None = None,
    ) -> _T:
        """Have a worker serve it; the rest is as in `Dispatcher.call`.

        Raises:
            StatusError: with a code of SSPI. ProcessTerminated: this process ended meanwhile.
        """
        self._must_live()
        try:
            return await self._lsa.dispatcher.call(
                self._client,
                package,
                entry,
                serve,
                undo,
                "",
                is_trusted=self.has_tcb_privilege,
                unserved=unserved,
            )
        except StatusError as error:
            raise sspi_error(error) from None

    # ------------------------------------------------------------------ inside

    async def _handle_of(self, given: SecHandle | None, held: ClientContext | None, left: ClientContext) -> SecHandle:
        """The client's handle of the context that a call left: the one it has, unless the package has another now.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE: it was deleted while the call was under way.
        """
        if given is None or held is None:
            return self._open_context(left)
        if self._find_context(given) is not held:
            if left is not held:
                self._lsa.contexts.drop(left)
            raise self._not_a_handle(given)
        if left is held:
            return given
        self._close_context(given)
        handle = self._open_context(left)
        await self._leave(held)
        return handle

    async def _map(self, handle: SecHandle, context: ClientContext, packed: SecBuffer) -> None:
        """Set the context up in this process.

        Raises:
            StatusError: how that failed; SEC_E_INVALID_HANDLE when it was deleted meanwhile.
        """
        await self._map_context(context, packed)
        self._must_live()
        if self._find_context(handle) is not context:
            raise self._not_a_handle(handle)

    async def _give_up(self, handle: SecHandle, result: LegResult) -> None:
        """The leg failed after the package had served it: the client has nothing of it."""
        self._discard(result.output)
        if self._close_context(handle) is not None:
            await self._leave(result.context)
        else:
            await self._end_half(result.context)

    def _discard(self, output: SecBufferDesc) -> None:
        for each in output.buffers:
            if isinstance(each.buffer, Pointer):
                self.free_buffer(each.buffer, self._origin("discard"))

    def _must_live(self) -> None:
        if not self.is_alive:
            raise ProcessTerminated(f"{self.name} has ended")

    async def _copied(self, message: SecBufferDesc | None) -> SecBufferDesc | None:
        """The client's input with its bytes at hand: what the client does to its own later reaches no package."""
        if message is None:
            return None
        if not isinstance(message, SecBufferDesc):
            raise TypeError(f"input is a SecBufferDesc or None, got {type(message).__name__} {message!r}")
        copies = []
        check_number("version", message.version)
        for each in message.buffers:
            check_number("buffer_type", each.buffer_type)
            at = each.buffer
            data = await self._client.memory.read(at, each.length) if isinstance(at, Pointer) else each.data
            copies.append(SecBuffer(each.buffer_type, data))
        return SecBufferDesc(tuple(copies), message.version)

    async def _filled(self, got: SecBufferDesc, asked: Asked) -> SecBufferDesc:
        """The output as the client has it, in its own buffers or in new ones."""
        if asked.allocates:
            return self._allocated(got)
        own = () if asked.output is None else asked.output.buffers
        filled = []
        for place, each in enumerate(got.buffers):
            target = own[place].buffer if place < len(own) else None
            data: Any
            if isinstance(target, Pointer):
                await self._client.memory.write(target, each.data)
                data = target
            elif target is None:
                data = each.data
            else:
                data = target
                memoryview(target).cast("B")[: each.length] = each.data
            filled.append(SecBuffer(each.buffer_type, data, each.length))
        return SecBufferDesc(tuple(filled))

    def _allocated(self, got: SecBufferDesc) -> SecBufferDesc:
        """The output in buffers that FreeContextBuffer frees: all of it, or none."""
        made: list[SecBuffer] = []
        try:
            for each in got.buffers:
                data: Pointer | None = None
                if isinstance(each.buffer, Pointer):
                    self._mark_buffer(each.buffer)
                    data = each.buffer
                elif each.length:
                    data = self._give_buffer(each.data, "AllocateClientBuffer")
                made.append(SecBuffer(each.buffer_type, data, each.length))
        except StatusError:
            self._discard(SecBufferDesc(tuple(made)))
            raise
        return SecBufferDesc(tuple(made))


def _discard(request: Request, result: object) -> None:
    """What nobody takes leaves nothing behind."""


def room_of(asked: Asked, max_token: int) -> SecBufferDesc:
    """What the package may fill, and how far.

    Raises:
        TypeError: the client's own buffer cannot be written.
    """
    if asked.output is None:
        return SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, None, max_token),))
    if not isinstance(asked.output, SecBufferDesc):
        raise TypeError(f"output is a SecBufferDesc or None, got {type(asked.output).__name__} {asked.output!r}")
    check_number("version", asked.output.version)
    room = []
    for each in asked.output.buffers:
        check_number("buffer_type", each.buffer_type)
        if not (each.buffer is None or isinstance(each.buffer, Pointer) or _can_be_filled(each.buffer)):
            raise TypeError(f"an output buffer is a bytearray or at an address, got {type(each.buffer).__name__}")
        room.append(SecBuffer(each.buffer_type, None, 0 if asked.allocates else each.length))
    return SecBufferDesc(tuple(room), asked.output.version)


def _can_be_filled(buffer: bytes | bytearray | memoryview) -> bool:
    view = memoryview(buffer)
    return view.c_contiguous and not view.readonly


def bytes_of(name: str, data: object) -> bytes:
    """A copy.

    Raises:
        TypeError: it is not made of bytes.
    """
    try:
        return bytes(memoryview(data))  # type: ignore[arg-type]  # whether it can is what is asked
    except TypeError:
        raise TypeError(f"{name} is bytes, a Pointer or None, got {type(data).__name__}") from None


def check_text(name: str, value: object, *, may_be_none: bool = False) -> None:
    """Raises TypeError for what no SEC_WCHAR * can be, StatusError for what no UNICODE_STRING can count."""
    if value is None and may_be_none:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} is text{' or None' if may_be_none else ''}, got {type(value).__name__} {value!r}")
    size = len(value.encode("utf-16-le", "surrogatepass"))
    if size > _UNICODE_MAX:
        raise StatusError(SEC_E_INTERNAL_ERROR, f"{name} has {size} bytes; at most {_UNICODE_MAX} can be passed")


def check_luid(name: str, value: object) -> None:
    """Raises TypeError for what is neither None nor a LUID."""
    if value is not None and not (isinstance(value, int) and 0 <= value <= _LUID_MAX):
        raise TypeError(f"{name} is a LUID or None, got {type(value).__name__} {value!r}")


def check_number(name: str, value: object) -> None:
    """Raises TypeError for what no unsigned long can be."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _ULONG_MAX:
        raise TypeError(f"{name} is an unsigned long, 0 to {_ULONG_MAX}; got {value!r}")
