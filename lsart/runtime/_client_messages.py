"""SSPI for messages: the package signs, verifies, seals and unseals in the client's process, in the caller's task.

Nothing of LSA is asked for a message, so a call costs little more than the package's own work: it waits only if the
package's function does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

import trio

from lsart.contract import (
    CLIENT_FUNCTIONS,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INVALID_PARAMETER,
    SecBufferDesc,
    SecHandle,
    Slot,
    StatusError,
    constants,
)
from lsart.runtime._arguments import Check, checker
from lsart.runtime._client_attributes import ClientAttributes
from lsart.runtime._contexts import ClientContext
from lsart.runtime._invoke import invoke
from lsart.runtime._mapped import MappedContext
from lsart.runtime._results import read
from lsart.runtime._user_entrance import function_of, run_in_client, status_or_crash, user_entry

__all__ = ["ClientMessages"]


class _Way:
    """From a function of clients to the slot that serves it."""

    __slots__ = ("checks", "gives_number", "name", "slot")

    def __init__(self, name: str, slot: str) -> None:
        self.name = name
        self.slot: Slot = user_entry(slot)
        row = next(each for each in CLIENT_FUNCTIONS if each.name == name)
        self.gives_number = [each.type for each in self.slot.out_parameters] == ["PULONG"]
        taken = row.in_parameters[1:]  # behind the context, whose handle is looked up whatever it is
        self.checks: tuple[tuple[str, Check], ...] = tuple((each.name, checker(each)) for each in taken)


NOT_PROVIDED = object()
_READ_ONLY = constants.SECBUFFER_READONLY | constants.SECBUFFER_READONLY_WITH_CHECKSUM
_MAX = 0xFFFF_FFFF
_MAKE = _Way("MakeSignature", "MakeSignature")
_VERIFY = _Way("VerifySignature", "VerifySignature")
_SEAL = _Way("EncryptMessage", "SealMessage")
_UNSEAL = _Way("DecryptMessage", "UnsealMessage")


class ClientMessages(ClientAttributes):
    """Messages of one process's contexts.

    All raise StatusError: SEC_E_INVALID_HANDLE for what is no context of this process, or none that is complete;
    SEC_E_UNSUPPORTED_FUNCTION when the package has no user-mode half of it; STATUS_INVALID_PARAMETER for a number that
    has no 32 bits; whatever else the package says. ProcessTerminated: the package faulted, which ended this process.

    The bytes of a buffer that is written to must be a bytearray or a memoryview, which the caller then finds changed.
    """

    __slots__ = ()

    async def MakeSignature(
        self, context: SecHandle, quality_of_protection: int, message: SecBufferDesc, message_seq_no: int
    ) -> SecBufferDesc:
        """Sign a message: the signature goes into its buffer of type SECBUFFER_TOKEN (nf-sspi-makesignature).

        Args:
            message_seq_no: 0 when sequence numbers are not used.

        Returns:
            The message; a package that wrote less than the token buffer holds says so in the buffer's length.
        """
        _must_be_writable(message, constants.SECBUFFER_TOKEN)
        result = await self._enter_message(_MAKE, context, quality_of_protection, message, message_seq_no)
        return message if result is None else result

    async def VerifySignature(self, context: SecHandle, message: SecBufferDesc, message_seq_no: int) -> int:
        """Check the signature of a message; returns the quality of protection (nf-sspi-verifysignature).

        Raises:
            StatusError: SEC_E_MESSAGE_ALTERED, SEC_E_OUT_OF_SEQUENCE.
        """
        return await self._enter_message(_VERIFY, context, message, message_seq_no) or 0

    async def EncryptMessage(
        self, context: SecHandle, quality_of_protection: int, message: SecBufferDesc, message_seq_no: int
    ) -> SecBufferDesc:
        """Encrypt the data buffer of a message in place (nf-sspi-encryptmessage). Arguments and result are as of
        `MakeSignature`. One task may encrypt while another decrypts with one context; two that do the same need two
        contexts (CEM-3)."""
        _must_be_writable(message, None)
        result = await self._enter_message(_SEAL, context, quality_of_protection, message, message_seq_no)
        return message if result is None else result

    async def DecryptMessage(
        self, context: SecHandle, message: SecBufferDesc, message_seq_no: int
    ) -> tuple[SecBufferDesc, int]:
        """Decrypt a message in place; returns it and the quality of protection (nf-sspi-decryptmessage).

        Raises:
            StatusError: SEC_E_MESSAGE_ALTERED, SEC_E_OUT_OF_SEQUENCE.
        """
        _must_be_writable(message, constants.SECBUFFER_DATA)
        return message, await self._enter_message(_UNSEAL, context, message, message_seq_no) or 0

    # ------------------------------------------------------------------ inside

    async def _enter_message(self, way: _Way, handle: SecHandle, *arguments: Any) -> Any:
        """What the package's function gives back; None where it says nothing."""
        try:
            context, mapped, function = self._way_in(way, handle, arguments)
        except StatusError:
            result = await self._enter_provided(way.name, handle, arguments)
            if result is not NOT_PROVIDED:
                return result
            raise
        if self._explores:
            return await self._wait(way, context, mapped, function, context.handle, *arguments)
        try:
            result = function(context.handle, *arguments)
            if self.is_alive and (result is None or (way.gives_number and type(result) is int and 0 <= result <= _MAX)):
                return result
            if not _waits(result):
                self.must_live(way.name)
                return _read(way.slot, result)
        except BaseException as error:
            failure = status_or_crash(self._client, context.package.key, way.slot.entry_name, error)
        else:
            return await self._wait(way, context, mapped, lambda: result)
        await trio.lowlevel.checkpoint()
        raise failure  # here, so that it does not drag the package's own error along

    async def _enter_provided(self, name: str, handle: object, arguments: tuple[Any, ...]) -> Any:
        """What a context of a provider that LSA does not have answers; `NOT_PROVIDED` when the handle names none."""
        await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
        return NOT_PROVIDED

    def _way_in(
        self, way: _Way, handle: SecHandle, arguments: tuple[Any, ...]
    ) -> tuple[ClientContext, MappedContext, Callable[..., Any]]:
        context = self._context_of(handle)
        if not context.is_complete:
            raise self._not_a_handle(handle)
        mapped = context.mapped
        if type(mapped) is not MappedContext:
            reason = f"{way.name}: this context of {context.package.name} has no half in {self.name}"
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, reason)
        for (name, check), value in zip(way.checks, arguments, strict=True):
            if problem := check(value):
                raise StatusError(STATUS_INVALID_PARAMETER, f"{way.name}: {name} {problem}")
        return context, mapped, function_of(mapped.table, way.slot)

    async def _wait(
        self, way: _Way, context: ClientContext, mapped: MappedContext, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """For a function that waits: others may use the context meanwhile, and delete it."""

        async def call() -> Any:
            return _read(way.slot, await invoke(function, *arguments))

        mapped.begin(context, way.name)
        try:
            with self._holding(context):
                return await run_in_client(self._client, context.package.key, way.slot.entry_name, call)
        finally:
            if mapped.end(way.name):
                await self._delete_half(context, mapped)


def _waits(result: object) -> bool:
    return type(result) is CoroutineType or isinstance(result, Awaitable | GeneratorType | AsyncGeneratorType)


def _read(slot: Slot, result: object) -> Any:
    """The one thing that a function for messages gives back."""
    return None if result is None else read(slot, result).outs[0]


def _must_be_writable(message: object, kind: int | None) -> None:
    """Of this kind of buffers, or of all; a TypeError says what a C compiler would not let through."""
    if not isinstance(message, SecBufferDesc):
        raise TypeError(f"a message is a SecBufferDesc, got {type(message).__name__} {message!r}")
    for each in message.buffers:
        if type(each.buffer) is bytes and not each.buffer_type & _READ_ONLY and kind in (None, each.kind):
            raise TypeError(
                f"a buffer of type {each.kind} is written to, which bytes cannot be; pass a bytearray or a memoryview"
            )
