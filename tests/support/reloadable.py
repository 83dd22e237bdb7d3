"""A package in a file that changes: what its calls answer is the version of the code that serves them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["CACHE", "writes"]

CACHE = """
import trio
from lsart import SecPkgInfo, StatusError

VERSION = {version}

class Box:
    version = VERSION

class Cache:
    async def SpInitialize(self, package_id, parameters, table):
        self.id = package_id
        self.table = table
        self.box = Box()
        if VERSION == "refused":
            raise StatusError(0xC000006D)
        await table.CreateSharedMemory(65536, 0)
        await table.CreateThread(None, 0, self.thread, None, 0)
        await trio.sleep(0.5)

    async def thread(self, _):
        await trio.sleep_forever()

    def SpGetInfo(self):
        return SecPkgInfo("renamed" if VERSION == "renamed" else "cache")

    async def SpShutdown(self):
        await trio.sleep(0.25)

    async def LsaApCallPackageUntrusted(self, request, message, base, length):
        first = VERSION
        if message == b"fail":
            raise KeyError(VERSION)
        if message:
            await trio.sleep(float(message))
        return await self.table.reply(request, f"{{first}} {{VERSION}} {{self.id}}".encode())
"""


def writes(path: Path, version: object) -> None:
    path.write_text(CACHE.format(version=repr(version)), "utf-8")
    os.utime(path, (1, 1))  # all within a second, and of one length: bytecode kept on disk would pass for it
