"""Sixteen clients call at once. Their allocations queue at the heap lock, first come, first served.

Nothing is drawn from a formula: the lock is held for the modelled cost, and waits are what is left.
"""

import trio

import lsart
from lsart.events import LockAcquired


class Scratch:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=64 * 1024, initial_size=64 * 1024)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("scratch")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        block = await self.table.AllocateSharedMemory(self.section, 100)
        await self.table.FreeSharedMemory(self.section, block)

    async def SpShutdown(self):
        await self.table.DeleteSharedMemory(self.section)


async def one_call(lsa, number):
    async with lsa.connect(f"client-{number:02}") as client:
        await client.call("scratch", b"")


async def main():
    bus = lsart.Bus()
    costs = lsart.Costs(heap_lock=1_000)  # one microsecond, to make the arithmetic plain
    waits = []
    bus.subscribe(waits.append, LockAcquired)
    settings = lsart.LsaSettings(costs=costs)
    async with lsart.open_lsa(Scratch, bus=bus, settings=settings) as lsa, trio.open_nursery() as clients:
        for number in range(16):
            clients.start_soon(one_call, lsa, number)
    print("grants:", len(waits), "  waited:", sum(1 for each in waits if each.waited_ns))
    for each in waits[:18]:
        bar = "#" * (each.waited_ns // 1_000)
        print(
            f"{each.origin.function:21} waited {each.waited_ns / 1e3:4.0f} us, met {each.queue_depth:2} waiting {bar}"
        )


lsart.run(main, seed=0)
