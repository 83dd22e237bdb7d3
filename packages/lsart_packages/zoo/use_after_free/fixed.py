"""`zoo.use_after_free` without its defect: who reads a key pins it, and the last to use a retired one frees it."""

from __future__ import annotations

from lsart import CallPackageReply, ClientRequest
from lsart_packages.zoo import use_after_free
from lsart_packages.zoo.use_after_free import OPERATIONS, Key

__all__ = ["OPERATIONS", "UseAfterFree"]


class UseAfterFree(use_after_free.UseAfterFree):
    """Answers read and roll; no block is freed under a reader."""

    async def read(self, client_request: ClientRequest) -> CallPackageReply:
        key = self.key
        key.readers += 1
        try:
            return await self.answer(client_request, key)
        finally:
            key.readers -= 1
            if key.is_retired and not key.readers:
                await self.table.FreeSharedMemory(self.section, key.block)

    async def retire(self, key: Key) -> None:
        key.is_retired = True
        if not key.readers:
            await self.table.FreeSharedMemory(self.section, key.block)
