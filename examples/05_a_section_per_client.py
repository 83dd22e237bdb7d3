"""The anti-pattern that the CreateSharedMemory page warns of: a section for each client.

The client at which it fails is not luck. Arithmetic predicts it from the machine's limits.
"""

import lsart
from lsart.memory import section_cost

MAX_SIZE, INITIAL_SIZE = 256 * 1024, 64 * 1024


async def main(limits):
    settings = lsart.LsaSettings(machine=limits)
    package = lsart.PackageSpec("section_per_client", {"max_size": MAX_SIZE, "initial_size": INITIAL_SIZE})
    async with lsart.open_lsa(package, settings=settings) as lsa:
        served = 0
        while True:
            client = lsa.start_client()
            client.connect(trusted=False)
            reply = await client.call("section_per_client", b"hello")
            if not reply.protocol_status.is_success:
                return served, reply.protocol_status
            served += 1


for name, limits in {
    "commit": lsart.MachineLimits(commit=16 << 20),
    "paged pool": lsart.MachineLimits(paged_pool=256 << 10),
    "handles": lsart.MachineLimits(handles=200),
    "address space": lsart.MachineLimits(address_space=64 << 20),
}.items():
    cost = section_cost(MAX_SIZE, INITIAL_SIZE)
    predicted = min(limits.of(resource) // cost[resource] for resource in lsart.Resource)
    served, status = lsart.run(main, limits)
    print(f"{name:14} predicted {predicted:4} clients, served {served:4}, the next one got {status.name}")
