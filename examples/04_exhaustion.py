"""A section runs out. AllocateSharedMemory returns NULL, and the event says which kind of "out" it was."""

import lsart
from lsart.events import AllocationRefused


class Hoarder:
    """Fills its section, frees every second block, and asks for more than any gap holds."""

    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=16 * 1024, initial_size=4096)
        self.blocks = []
        while (block := await table.AllocateSharedMemory(self.section, 1024)) is not None:
            self.blocks.append(block)
        print(f"1024 bytes fit {len(self.blocks)} times into 16 KiB")
        for block in self.blocks[::2]:
            await table.FreeSharedMemory(self.section, block)
        self.blocks = self.blocks[1::2]
        print("2048 bytes:", await table.AllocateSharedMemory(self.section, 2048))

    def SpGetInfo(self):
        return lsart.SecPkgInfo("hoarder")

    async def SpShutdown(self):
        for block in self.blocks:
            await self.table.FreeSharedMemory(self.section, block)
        await self.table.DeleteSharedMemory(self.section)


def tell(event):
    print(
        f"NULL for {event.size} bytes: {event.cause}"
        f" (free {event.free_bytes}, largest gap {event.largest_free}, {event.live_blocks} live blocks)"
    )


async def main(machine):
    bus = lsart.Bus()
    bus.subscribe(tell, AllocationRefused)
    async with lsart.open_lsa(Hoarder, bus=bus, settings=lsart.LsaSettings(machine=machine)):
        pass


print("A machine with plenty:")
lsart.run(main, lsart.MachineLimits())
print("A machine with 8 KiB of commit left:")
lsart.run(main, lsart.MachineLimits(commit=8 * 1024))
