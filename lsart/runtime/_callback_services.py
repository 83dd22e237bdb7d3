"""The slot by which a package in LSA runs a function of its user-mode half: ClientCallback."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

from lsart.contract import STATUS_UNSUCCESSFUL, Choices, SecBuffer, StatusError, constants
from lsart.engine import Label, announce, exploring, touch
from lsart.events import Origin
from lsart.runtime._callbacks import Callback, CallbackLine
from lsart.runtime._caller import life_of
from lsart.runtime._current import current_request
from lsart.runtime._enter_task import name_of
from lsart.runtime._invoke import invoke
from lsart.runtime._user_entrance import run_in_client

if TYPE_CHECKING:
    from lsart.contract import ClientCallbackFunction
    from lsart.runtime._request import Request

__all__ = ["CallbackServices"]


class CallbackServices:
    """Reaches the client of the call being served, in which the package has registered functions."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._explores = exploring()

    async def ClientCallback(
        self, origin: Origin, callback: int | str, argument1: int, argument2: int, input: SecBuffer
    ) -> SecBuffer:
        request = _calling()
        if request is None:
            self._refuse("no call of a client is being served")
        client = request.client
        if self._explores:
            await announce(Label(life_of(client.name), "r", f"call back {client.name}"))
            touch(f"the callbacks of {client.name}", "r", is_told=False)
            touch("the calls of LSA", "w", is_told=False)
        if not client.is_alive or request.is_settled:
            raise StatusError(STATUS_UNSUCCESSFUL, f"ClientCallback: {client.name} does not wait for the call any more")
        function = client.user_mode.services.find_callback(origin.package, callback)
        if function is None:
            self._refuse(f"{origin.package} has registered no callback {callback!r} in {client.name}")
        name = name_of(function)
        code = partial(_run, function, argument1, argument2, input)
        if request.callbacks is None:
            request.callbacks = CallbackLine()
        job = Callback(partial(run_in_client, client, origin.package, name, code), f"callback {name}")
        output = await request.callbacks.call(request, job)
        assert isinstance(output, SecBuffer)
        return output

    def _refuse(self, reason: str) -> NoReturn:
        raise StatusError(self._choices.client_callback_unknown, f"ClientCallback: {reason}")


async def _run(function: ClientCallbackFunction, argument1: int, argument2: int, input: SecBuffer) -> SecBuffer:
    """The registered function, whose output is checked where it was made."""
    output = await invoke(function, argument1, argument2, input)
    if output is None:
        return SecBuffer(constants.SECBUFFER_EMPTY)
    if not isinstance(output, SecBuffer):
        raise TypeError(f"it returned {type(output).__name__}; expected a SecBuffer or None")
    return output


def _calling() -> Request | None:
    """The call of a client in which this is: a package that another one called serves the same client."""
    request = current_request.get()
    while request is not None and request.outer is not None:
        request = request.outer
    return None if request is None or request.is_finished else request
