"""Attributes of contexts: who answers a query, and what of the answer becomes memory of the client."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_EXTENDED_INFORMATION,
    STATUS_INVALID_PARAMETER,
    Pointer,
    SecHandle,
    StatusError,
    enumerations,
)
from lsart.runtime._arguments import checker
from lsart.runtime._client_user_mode import ClientUserMode
from lsart.runtime._contexts import ClientContext
from lsart.runtime._enter import entry
from lsart.runtime._mapped import MappedContext
from lsart.runtime._outputs import take_output
from lsart.runtime._package import Package
from lsart.runtime._user_entrance import user_entry

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["ClientAttributes"]

_LSA_MODE, _USER_MODE = entry("QueryContextAttributes"), user_entry("QueryContextAttributes")
_EXTENDED = entry("GetExtendedInformation")
_CHECK_NUMBER = checker(_LSA_MODE.in_parameters[1])
_CHECK_CLASS = checker(_EXTENDED.in_parameters[0])
_NO_CLASS = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS.SecpkgMaxInfo


class ClientAttributes(ClientUserMode):
    """What a process asks about its contexts, and about packages."""

    __slots__ = ()

    async def QueryContextAttributes(self, context: SecHandle, attribute: int) -> Any:
        """An attribute of a context, in the form that the package gives it (nf-sspi-querycontextattributesa).

        A context with a half in this process is asked here, unless the package's context thunks name the attribute;
        every other one is asked in LSA. Addresses in the answer are of this process, to be freed with
        FreeContextBuffer.

        Args:
            attribute: a SECPKG_ATTR number.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE for what is no complete context of this process;
                SEC_E_UNSUPPORTED_FUNCTION when the package does not answer; SEC_E_INSUFFICIENT_MEMORY;
                STATUS_INVALID_PARAMETER for a number that has no 32 bits; whatever else the package says.
            ProcessTerminated: this process ended meanwhile.
        """
        await trio.lowlevel.checkpoint()
        found = self._context_of(context)
        if not found.is_complete:
            raise self._not_a_handle(context)
        if problem := _CHECK_NUMBER(attribute):
            raise StatusError(STATUS_INVALID_PARAMETER, f"QueryContextAttributes: attribute {problem}")
        mapped = found.mapped
        if not isinstance(mapped, MappedContext) or found.package.thunks(attribute):
            return await self._ask_lsa(found, attribute)
        (answer,) = await self._enter_half(found, mapped, _USER_MODE, attribute, None)
        for block in _blocks(answer):
            self._take_own(found.package, "Buffer", block)
        return answer

    async def query_extended_information(self, package: str, information_class: int) -> SECPKG_EXTENDED_INFORMATION:
        """One class of extended information on a package, from its SpGetExtendedInformation.

        Args:
            information_class: a SECPKG_EXTENDED_INFORMATION_CLASS.

        Raises:
            StatusError: SEC_E_UNSUPPORTED_FUNCTION for a class that there is not, for the one that ends the list, and
                of a package without this entry point; whatever the package says.
        """
        found = self._lsa.find_package(package)
        if _CHECK_CLASS(information_class) or information_class == _NO_CLASS or _EXTENDED.name not in found.entries:
            await trio.lowlevel.checkpoint()
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{package} has no information of class {information_class}")

        async def serve(request: Request) -> Any:
            (given,) = (await self._lsa.entrance.enter(found, _EXTENDED, information_class)).outs
            return given

        answer: SECPKG_EXTENDED_INFORMATION = await self._call(found, _EXTENDED.name, serve, lambda *_: None)
        return answer

    # ------------------------------------------------------------------ inside

    async def _ask_lsa(self, context: ClientContext, attribute: int) -> Any:
        package = context.package
        if _LSA_MODE.name not in package.entries or not context.is_in_lsa:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{package.name} has no {_LSA_MODE.entry_name}")
        return await self._call(package, _LSA_MODE.name, partial(self._answer, context, attribute), self._take_back)

    async def _answer(self, context: ClientContext, attribute: int, request: Request) -> Any:
        """In a worker: ask the package, and copy what it allocated in LSA to the client."""
        (answer,) = (await self._lsa.contexts.enter(context, _LSA_MODE, attribute, None)).outs
        data = self._taken(context.package, _blocks(answer))
        if not self.is_alive:
            raise StatusError(SEC_E_INVALID_HANDLE, f"{self.name} has ended")
        moved: dict[Pointer, Pointer] = {}
        try:
            for block, content in data.items():
                moved[block] = self._give_buffer(content, "QueryContextAttributes")
        except StatusError:
            for each in moved.values():
                self._take_back(request, each)
            raise
        return _with(answer, moved)

    def _taken(self, package: Package, blocks: list[Pointer]) -> dict[Pointer, bytes]:
        """What is in these blocks of the LSA heap, all of which are freed, also if one of them is none."""
        data: dict[Pointer, bytes] = {}
        failure: StatusError | None = None
        for block in blocks:
            try:
                data[block] = take_output(self._lsa.memory, package, "Buffer", block)
            except StatusError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return data

    def _take_back(self, request: Request, answer: Any) -> None:
        """Nobody takes the answer, and nobody would free what it names."""
        for block in _blocks(answer) if self.is_alive else ():
            self.free_buffer(block, self._origin("QueryContextAttributes"))


def _blocks(answer: Any) -> list[Pointer]:
    """The blocks of an answer, each once: itself, or members of the structure that it is."""
    if isinstance(answer, Pointer):
        return [answer]
    if not attrs.has(type(answer)):
        return []
    members = [getattr(answer, each.name) for each in attrs.fields(type(answer))]
    return list(dict.fromkeys(each for each in members if isinstance(each, Pointer)))  # two may be one


def _with(answer: Any, moved: dict[Pointer, Pointer]) -> Any:
    """The answer with other addresses in it."""
    if isinstance(answer, Pointer):
        return moved[answer]
    if not moved:
        return answer
    members = {each.name: getattr(answer, each.name) for each in attrs.fields(type(answer))}
    changed = {name: moved[value] for name, value in members.items() if isinstance(value, Pointer)}
    return attrs.evolve(answer, **changed)
