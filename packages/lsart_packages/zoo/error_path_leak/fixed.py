"""`zoo.error_path_leak` without its defect: the working copy goes back whatever happens."""

from __future__ import annotations

import hmac
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_NOT_FOUND,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "ErrorPathLeak"]

_KEYS = {b"CONTOSO": b"the stamp of Contoso", b"FABRIKAM": b"the stamp of Fabrikam"}
_LARGEST = 1024


class ErrorPathLeak:
    """Answers a document, REALM:text, with a stamp."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("error_path_leak", comment="stamps documents of realms that it knows")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if b":" not in submit_buffer or length > _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        copy = await self.table.AllocateLsaHeap(length)
        if copy is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        try:
            return await self.stamp(client_request, submit_buffer, copy)
        finally:
            await self.table.FreeLsaHeap(copy)

    async def stamp(self, client_request: ClientRequest, document: bytes, copy: Pointer) -> CallPackageReply:
        """Answer with the stamp of a document, whose realm may be written in lower case.

        Raises:
            StatusError: STATUS_OBJECT_NAME_NOT_FOUND for an unknown realm; what a reply can fail with.
        """
        realm, _, text = document.partition(b":")
        await self.table.memory.write(copy, realm.upper() + b":" + text)
        canonical = await self.table.memory.read(copy, len(document))
        key = _KEYS.get(canonical[: len(realm)])
        if key is None:
            raise StatusError(STATUS_OBJECT_NAME_NOT_FOUND)
        return await self.table.reply(client_request, hmac.digest(key, canonical, "sha256"))

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def _known(random: Random, size: int) -> bytes:
    return random.choice((b"CONTOSO", b"Fabrikam")) + b":" + random.randbytes(size)


def _unknown(random: Random, size: int) -> bytes:
    return b"nowhere:" + random.randbytes(size)


OPERATIONS = {"known": _known, "unknown": _unknown}
