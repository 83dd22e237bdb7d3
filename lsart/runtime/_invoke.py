"""Calling into a package: plain or async functions, and what an exception that comes out means."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

import trio

from lsart.contract import StatusError

__all__ = ["invoke", "is_fault", "returned_status", "sole_leaf", "split_fault", "text_of"]


async def invoke(function: Callable[..., Any], *args: object) -> object:
    """Call an entry point and await what it returns, if that is awaitable."""
    result = function(*args)
    kind = type(result)
    if kind is CoroutineType:
        return await result
    if kind is AsyncGeneratorType or kind is GeneratorType:
        name = getattr(function, "__qualname__", repr(function))
        raise TypeError(f"{name} contains a yield, so calling it runs nothing; an entry point returns its result")
    if isinstance(result, Awaitable):
        return await result
    return result


def returned_status(error: BaseException) -> StatusError | None:
    """The status that leaves an entry point: a StatusError, bare or as the only leaf of an exception group."""
    leaf = sole_leaf(error)
    return leaf if isinstance(leaf, StatusError) else None


def sole_leaf(error: BaseException) -> BaseException:
    """The one exception inside groups of one; the error itself, or a group of several, otherwise."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def is_fault(error: BaseException) -> bool:
    """Whether an exception is the package's own doing: no cancellation and no Ctrl-C, alone or among others. To be
    asked where it is caught, as a package may raise a Cancelled that it kept, and then nobody is being cancelled."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_fault(each) for each in error.exceptions)
    if isinstance(error, trio.Cancelled):
        return trio.current_effective_deadline() != -math.inf
    # Whatever else a package may raise, such as the CancelledError of another framework, is no signal of ours.
    return not isinstance(error, (KeyboardInterrupt, GeneratorExit))


def split_fault(error: BaseException) -> tuple[BaseException | None, BaseException | None]:
    """The package's own doing, and what must pass: a cancellation may come together with errors of cleaning up."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(lambda each: not isinstance(each, BaseExceptionGroup) and is_fault(each))
    return (error, None) if is_fault(error) else (None, error)


def text_of(error: BaseException) -> str:
    """An exception in a line, though its own text may raise in its turn."""
    if isinstance(error, trio.Cancelled):  # its own text has an address in it
        return "Cancelled: it was kept from before, as nobody is cancelling now"
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as failure:
        return f"{type(error).__name__} (its text cannot be had: {type(failure).__name__})"
