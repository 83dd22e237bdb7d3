"""A network driver and an LSA section live on one machine, and compete for its commit limit.

The driver asks NDIS for receive buffers; NDIS asks the provider (NetAllocateSharedMemory), which charges the same
machine that pays for the package's section. When it has no more to promise, each hears of it in its own way.
"""

import lsart
from lsart.ndis import (
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_USAGE,
    Kernel,
    Ndis,
    SharedMemoryProvider,
)


class Archive:
    """A package that fills its section with blocks of 64 KiB."""

    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=4 << 20, initial_size=0)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("archive")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        block = await self.table.AllocateSharedMemory(self.section, 64 * 1024)
        if block is None:
            return lsart.CallPackageReply(protocol_status=lsart.STATUS_INSUFFICIENT_RESOURCES)

    async def SpShutdown(self):
        await self.table.DeleteSharedMemory(self.section)


async def main():
    limits = lsart.MachineLimits(commit=1 << 20)
    async with (
        lsart.open_lsa(Archive, settings=lsart.LsaSettings(machine=limits)) as lsa,
        lsa.connect("alice") as alice,
    ):
        ndis = Ndis(Kernel(lsa.machine, lsa.memory.environment))
        switch = SharedMemoryProvider(ndis.kernel, "vswitch")
        ndis.register_driver(
            "vswitch",
            "protocol",
            set_options=lambda handle: ndis.NdisSetOptionalHandlers(handle, switch.characteristics()),
        )
        miniport = ndis.add_adapter(ndis.register_driver("netcard", "miniport"), "netcard 1", queue_count=4)

        def show(what):
            used = lsa.machine.in_use(lsart.Resource.COMMIT) // 1024
            print(f"{what:46} {used:5} of {limits.commit // 1024} KiB committed")

        buffers = []
        for queue in (0, 1, 2):
            parameters = NDIS_SHARED_MEMORY_PARAMETERS(
                length=192 * 1024, queue_id=queue, usage=NDIS_SHARED_MEMORY_USAGE.NdisSharedMemoryUsageReceive
            )
            buffers.append(ndis.NdisAllocateSharedMemory(miniport, parameters))
            show(f"queue {queue}: buffers at {parameters.virtual_address}")

        blocks = 0
        while (await alice.call("archive", b"store")).protocol_status.is_success:
            blocks += 1
        show(f"archive: NULL after {blocks} blocks of 64 KiB")

        try:
            ndis.NdisAllocateSharedMemory(miniport, NDIS_SHARED_MEMORY_PARAMETERS(length=192 * 1024, queue_id=3))
        except lsart.StatusError as error:
            show(f"queue 3: {error.status.name}")

        ndis.NdisFreeSharedMemory(miniport, buffers.pop())
        show("queue 2 gives its buffers back")
        print("archive stores another block:", (await alice.call("archive", b"store")).protocol_status.name)
        ndis.NdisFreeSharedMemory(miniport, buffers.pop())
        ndis.NdisFreeSharedMemory(miniport, buffers.pop())
        ndis.shutdown()
    print("left when all is over:", lsa.machine.in_use(lsart.Resource.COMMIT))


lsart.run(main)
