"""Load a package into an LSA, call it as a client, and watch what happens.

The class is a whole security package: LSA calls its methods by their Windows names.
"""

import lsart


class Echo:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table  # the LSA_SECPKG_FUNCTION_TABLE: every function LSA offers to a package

    def SpGetInfo(self):
        return lsart.SecPkgInfo("echo", comment="says what it heard")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        return await self.table.reply(client_request, submit_buffer.upper())

    async def SpShutdown(self):
        print("echo: shutting down")


async def main():
    bus = lsart.Bus()
    bus.subscribe(lambda event: print(type(event).__name__), lsart.Event)
    async with lsart.open_lsa(Echo, bus=bus) as lsa:
        print("loaded:", lsa.packages)
        async with lsa.connect("alice") as alice:
            print(await alice.call("echo", b"hello"))
            try:
                await alice.call("kerberos", b"hello")
            except lsart.StatusError as error:
                print(error)


lsart.run(main)
