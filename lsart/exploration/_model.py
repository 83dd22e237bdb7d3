"""What is explored: an async function, with what must be known to find it again and to trust what is found."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType
from typing import Any
from zlib import crc32

import attrs

from lsart.contract import ConfigurationError
from lsart.engine import VirtualTimeError, run_schedule

__all__ = ["Main", "Model", "as_model", "check_first_run", "version_of"]

TIME_LIMIT_NS = 100 * 3600 * 10**9
_DEEPEST = 8  # values inside each other that a fingerprint looks into

Main = Callable[[], Awaitable[object]]


def _no_smaller() -> Iterable[Model]:
    return ()


@attrs.frozen(kw_only=True)
class Model:
    """An async function over trio primitives that can be run again and again.

    Args:
        main: run once per schedule; all that it shares between runs must be as at first each time.
        name: how a person calls it; for a command, the very text that names it there.
        labelled: the promise that its tasks share nothing but what labelled operations touch: trio's locks, events and
            memory channels, `lsart.point`, shared memory of an LSA. Without it a step that was not announced counts as
            touching everything.
        time_is_a_choice: whether timeouts may come while tasks can run, as on a busy machine.
        step_limit: steps that one run may take. time_limit_ns: virtual time that it may take, 100 hours if not given.
        fingerprint: a number for what the model does, of 32 bits; a token of another one is stale.
        smaller: models that do less of the same, for shrinking, the smallest first.
    """

    main: Main
    name: str
    labelled: bool = False
    time_is_a_choice: bool = False
    step_limit: int = 20_000
    time_limit_ns: int = TIME_LIMIT_NS
    fingerprint: int = 0
    smaller: Callable[[], Iterable[Model]] = _no_smaller


def as_model(
    source: Model | Main,
    *,
    name: str = "",
    labelled: bool | None = None,
    time_is_a_choice: bool | None = None,
    step_limit: int | None = None,
    time_limit_ns: int | None = None,
) -> Model:
    """A model of what was given, its settings replaced by those that are given here.

    Raises:
        ConfigurationError: it is no async function without arguments, or a limit is below 1.
    """
    for name_of_limit, limit in (("step_limit", step_limit), ("time_limit_ns", time_limit_ns)):
        if limit is not None and limit < 1:
            raise ConfigurationError(f"{name_of_limit} must be 1 or more, not {limit}")
    if not isinstance(source, Model):
        source = _undecorated(source)
        _check(source)
        source = Model(main=source, name=name or _name(source), fingerprint=_fingerprint(source))
    return attrs.evolve(
        source,
        labelled=source.labelled if labelled is None else labelled,
        time_is_a_choice=source.time_is_a_choice if time_is_a_choice is None else time_is_a_choice,
        step_limit=source.step_limit if step_limit is None else step_limit,
        time_limit_ns=source.time_limit_ns if time_limit_ns is None else time_limit_ns,
    )


def version_of(model: Model, name: str) -> Model | None:
    """The model of that name: this one, or a smaller version of it."""
    seen = {model.name}
    waiting = deque([model])
    while waiting:
        found = waiting.popleft()
        if found.name == name:
            return found
        for smaller in found.smaller():
            if smaller.name not in seen:
                seen.add(smaller.name)
                waiting.append(smaller)
    return None


def _undecorated(source: Main) -> Main:
    """The async test behind one that `explore` has decorated, with the arguments that it was bound to."""
    if isinstance(source, partial):
        return partial(_undecorated(source.func), *source.args, **source.keywords)
    found: Main = getattr(source, "__wrapped_model__", source)
    return found


def _check(source: object) -> None:
    if inspect.iscoroutine(source):
        called = source.__qualname__
        source.close()  # else Python warns that it was never awaited, which is not the point
        raise ConfigurationError(
            f"a model is the async function itself: explore({called}), not explore({called}()); it is run many times"
        )
    if not callable(source):
        raise ConfigurationError(f"a model is an async function, not {type(source).__name__} {source!r}")
    function: Any = source
    while isinstance(function, partial):
        function = function.func
    if isinstance(function, FunctionType) and not inspect.iscoroutinefunction(function):
        raise ConfigurationError(f"the model {_name(source)} is not async; define it with 'async def'")
    try:
        inspect.signature(source).bind()
    except TypeError:
        raise ConfigurationError(
            f"the model {_name(source)} takes arguments; give them with functools.partial, so that it can be called "
            "without any"
        ) from None
    except ValueError:
        pass  # a callable without a signature; the first run will tell


def check_first_run(model: Model) -> None:
    """Run the model once, without interference, to see that it can be explored at all.

    Raises:
        ConfigurationError: it reaches for threads, sockets or signals, or it returns nothing to await.
    """
    trace = run_schedule(
        model.main,
        lambda ready: ready.canonical(),
        step_limit=model.step_limit,
        time_limit_ns=model.time_limit_ns,
    )
    error = trace.error
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, ConfigurationError):
        raise error
    if isinstance(error, VirtualTimeError):
        raise ConfigurationError(f"the model {model.name} cannot be explored: {error}") from None
    if isinstance(error, TypeError) and not trace.numbers[2:]:
        raise ConfigurationError(f"the model {model.name} cannot be run: {error}") from None


def _name(source: object) -> str:
    while isinstance(source, partial):
        source = source.func
    module, name = getattr(source, "__module__", ""), getattr(source, "__qualname__", type(source).__qualname__)
    return f"{module}:{name}" if module else name


def _fingerprint(source: object) -> int:
    """From the code, the arguments it is bound to and the values that it closes over; not from addresses."""
    parts: list[str] = []
    _collect(source, parts, ())
    return crc32("\n".join(parts).encode("utf-8", "backslashreplace"))


def _collect(value: Any, parts: list[str], inside: tuple[int, ...]) -> None:
    """Add what tells a value from others; `inside` are those that it is part of, as it may be part of itself."""
    while isinstance(value, partial) and not value.args and not value.keywords:
        value = value.func
    parts.append(type(value).__qualname__)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        parts.append(repr(value))
    if id(value) in inside or len(inside) > _DEEPEST:
        return
    inside = (*inside, id(value))
    if isinstance(value, partial):
        for each in (value.func, value.args, value.keywords):
            _collect(each, parts, inside)
    elif isinstance(value, FunctionType):
        _collect_code(value.__code__, parts)
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            parts.append(name)
            with suppress(ValueError):  # not bound yet
                _collect(cell.cell_contents, parts, inside)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _collect(key, parts, inside)
            _collect(each, parts, inside)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _collect(each, parts, inside)
    elif isinstance(value, (set, frozenset)):
        parts += sorted(map(repr, value))
    elif hasattr(value, "__func__"):
        _collect(value.__func__, parts, inside)
        _collect(value.__self__, parts, inside)
    elif not isinstance(value, type):
        _collect(getattr(value, "__dict__", {}), parts, inside)


def _collect_code(code: CodeType, parts: list[str]) -> None:
    try:
        parts.append(inspect.getsource(code))
    except (OSError, TypeError):
        parts += [code.co_name, code.co_code.hex(), repr(code.co_names)]
