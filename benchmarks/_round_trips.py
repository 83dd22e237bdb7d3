"""What benchmarks of calls are measured against: a request and a reply through memory channels of size 0."""

from __future__ import annotations

from time import perf_counter_ns

import trio

__all__ = ["MESSAGE", "WARM_UP", "round_trips"]

WARM_UP = 50
MESSAGE = bytes(64)


async def round_trips(count: int) -> int:
    """Nanoseconds for `count` round trips through two channels."""
    send_request, receive_request = trio.open_memory_channel[bytes](0)
    send_reply, receive_reply = trio.open_memory_channel[bytes](0)

    async def serve() -> None:
        async for request in receive_request:
            await send_reply.send(request)

    async def ask(times: int) -> None:
        for _ in range(times):
            await send_request.send(MESSAGE)
            await receive_reply.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await ask(WARM_UP)
        begin = perf_counter_ns()
        await ask(count)
        elapsed = perf_counter_ns() - begin
        nursery.cancel_scope.cancel()
    return elapsed
