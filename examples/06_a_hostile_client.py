"""A client that writes where it should not, at the worst moment: between two reads of the same byte.

`Trusting` reads a length from the section twice: once to check it, once to use it. `Careful` reads it once, into
its own memory. CSM-7: clients can write to the section. CSM-8: so nothing in it may be trusted.
"""

import lsart


class Trusting:
    name = "trusting"

    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        self.record = await table.AllocateSharedMemory(self.section, 16)
        self.secret = await table.AllocateSharedMemory(self.section, 16)
        await table.memory.write(self.record, bytes([5]) + b"hello")
        await table.memory.write(self.secret, b"another's secret")

    def SpGetInfo(self):
        return lsart.SecPkgInfo(self.name)

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        return await self.table.reply(client_request, await self.fetch())

    async def fetch(self):
        memory = self.table.memory
        if (await memory.read(self.record, 1))[0] > 15:
            return b"refused: too long"
        length = (await memory.read(self.record, 1))[0]  # fetched again: it may have changed
        return await memory.read(self.record + 1, length)

    async def SpShutdown(self):
        await self.table.FreeSharedMemory(self.section, self.record)
        await self.table.FreeSharedMemory(self.section, self.secret)
        await self.table.DeleteSharedMemory(self.section)


class Careful(Trusting):
    name = "careful"

    async def fetch(self):
        copy = await self.table.memory.read(self.record, 16)  # once, into memory no client can reach
        return copy[1 : 1 + copy[0]] if copy[0] <= 15 else b"refused: too long"


async def main(package):
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("mallory") as mallory:
        print(f"{package.name}: alice gets", (await alice.call(package.name, b"")).data)

        view = mallory.map_section(package.name)
        reads = 0

        def strike(access):
            nonlocal reads
            reads += access.kind == "read"
            if reads == 2:  # after the check, before the use
                mallory.process.space.write(view.base.address, bytes([31]))

        lsa.pacer.add(strike)
        print(f"{package.name}: with mallory at work alice gets", (await alice.call(package.name, b"")).data)
        lsa.pacer.remove(strike)


lsart.run(main, Trusting)
lsart.run(main, Careful)
