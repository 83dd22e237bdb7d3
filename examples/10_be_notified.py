"""A package asks LSA to call it: every five seconds, when an event is signalled, and when another package comes.

In virtual time waiting costs nothing, and every notification comes at the very nanosecond at which it is due.
"""

import trio

import lsart
from lsart import constants


class Watcher:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.bell = table.win32.CreateEvent()
        every = constants.NOTIFIER_FLAG_SECONDS
        self.clock = await table.RegisterNotification(
            self.tick, None, constants.NOTIFIER_TYPE_INTERVAL, 0, every, 5, None
        )
        await table.RegisterNotification(self.ring, None, constants.NOTIFIER_TYPE_HANDLE_WAIT, 0, 0, 0, self.bell)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("watcher")

    def say(self, what):
        print(f"{trio.current_time() - self.began:6.1f} s  {what}")

    def tick(self, parameter):
        self.say("five seconds have passed")

    def ring(self, parameter):
        self.say("somebody rang")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        if submit_buffer == b"ring":
            self.table.win32.SetEvent(self.bell)
        else:
            await self.table.CancelNotification(self.clock)
            self.say("no more ticks")


async def main():
    watcher = Watcher()
    watcher.began = trio.current_time()
    async with lsart.open_lsa(watcher) as lsa, lsa.connect("client") as client:
        await trio.sleep(12)
        await client.call("watcher", b"ring")
        await trio.sleep(5)
        await client.call("watcher", b"stop")
        await trio.sleep(3600)
    print(f"{trio.current_time() - watcher.began:6.1f} s  the LSA ends; nothing came in the last hour")


lsart.run(main, seed=0)
