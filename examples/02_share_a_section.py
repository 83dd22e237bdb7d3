"""One section, one package, two clients: the same bytes at three different addresses.

A pointer stored in shared memory is wrong in every other process; an offset is right everywhere.
"""

import lsart


class Board:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=64 * 1024, initial_size=4096)
        self.note = await table.AllocateSharedMemory(self.section, 32)
        await table.memory.write(self.note, b"written by the package")
        print("the package sees the note at", self.note)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("board")

    async def SpShutdown(self):
        print("the package reads   ", await self.table.memory.read(self.note, 22))
        await self.table.FreeSharedMemory(self.section, self.note)
        await self.table.DeleteSharedMemory(self.section)


async def main():
    async with lsart.open_lsa(Board) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        offset = 0  # the first block lies at the start of the section
        for client in (alice, bob):
            view = client.map_section("board")
            print(f"{client.name} sees it at", view.base + offset, await view.read(offset, 22))
        await alice.map_section("board").write(offset, b"overwritten by alice. ")
        print("bob reads           ", await bob.map_section("board").read(offset, 22))

        pointer = lsa.memory.sections("board")[0].base
        try:
            await bob.memory.read(lsart.Pointer(pointer, "lsass"), 22)
        except lsart.AccessViolation as error:
            print("bob follows LSASS's pointer:", error)


lsart.run(main)
