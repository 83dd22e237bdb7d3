"""Two memory nodes, a network adapter with virtual ports, and an LSA section: three limits, one machine.

A node that is full sends a driver to the other one. The commit limit is everybody's: it can refuse a buffer for
which a node has room, and a section's block that the driver's buffers left no promise for.
"""

import lsart
from lsart.events import Bus, NdisNodeMissed, NdisVPortDeleted
from lsart.ndis import (
    NDIS_SHARED_MEMORY_PARAMETERS,
    Kernel,
    MemoryNode,
    Ndis,
    SharedMemoryProvider,
)

KIB = 1024


class Archive:
    """A package that fills its section with blocks of 64 KiB."""

    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=4 << 20, initial_size=0)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("archive")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        block = await self.table.AllocateSharedMemory(self.section, 64 * KIB)
        if block is None:
            return lsart.CallPackageReply(protocol_status=lsart.STATUS_INSUFFICIENT_RESOURCES)

    async def SpShutdown(self):
        await self.table.DeleteSharedMemory(self.section)


async def main():
    bus = Bus()
    settings = lsart.LsaSettings(machine=lsart.MachineLimits(commit=1024 * KIB))
    async with lsart.open_lsa(Archive, settings=settings, bus=bus) as lsa, lsa.connect("alice") as alice:
        nodes = (MemoryNode(size=768 * KIB), MemoryNode(size=256 * KIB))
        ndis = Ndis(Kernel(lsa.machine, lsa.memory.environment, nodes=nodes))
        switch = SharedMemoryProvider(ndis.kernel, "vswitch", supports_pf_vports=True)
        ndis.register_driver(
            "vswitch",
            "protocol",
            set_options=lambda handle: ndis.NdisSetOptionalHandlers(handle, switch.characteristics()),
        )
        driver = ndis.register_driver("netcard", "miniport")
        adapter = ndis.add_adapter(driver, "netcard 1", virtualization="sr_iov", vport_count=3)
        bus.subscribe(lambda event: print(f"  node {event.preferred_node} is full: node {event.node}"), NdisNodeMissed)
        bus.subscribe(
            lambda event: print(f"  port {event.vport_id} gone, {event.live_allocations} buffers left"),
            NdisVPortDeleted,
        )

        def show(what):
            used = lsa.machine.in_use(lsart.Resource.COMMIT) // KIB
            taken = " + ".join(str(node.in_use // KIB) for node in ndis.kernel.node_statistics())
            print(f"{what:42} nodes {taken:>9} KiB, commit {used:4} of 1024 KiB")

        def buffer(port, node):
            parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=192 * KIB, vport_id=port, preferred_node=node)
            try:
                handle = ndis.NdisAllocateSharedMemory(adapter, parameters)
            except lsart.StatusError as error:
                show(f"port {port} gets {error.status.name}")
            else:
                show(f"port {port} gets 192 KiB")
                return handle

        near_0, near_1 = ndis.create_vport(adapter), ndis.create_vport(adapter)
        first = buffer(near_0, node=0)
        second = buffer(near_1, node=1)
        third = buffer(near_1, node=1)

        blocks = 0
        while (await alice.call("archive", b"store")).protocol_status.is_success:
            blocks += 1
        show(f"archive: NULL after {blocks} blocks of 64 KiB")
        buffer(near_0, node=0)

        ndis.delete_vport(adapter, near_1)
        buffer(near_1, node=1)
        for handle in (second, third):
            ndis.NdisFreeSharedMemory(adapter, handle)
        show("the driver frees what it had for the port")
        print("archive stores another block:", (await alice.call("archive", b"store")).protocol_status.name)
        ndis.NdisFreeSharedMemory(adapter, first)
        ndis.shutdown()
    print("left when all is over:", lsa.machine.in_use(lsart.Resource.COMMIT))


lsart.run(main)
