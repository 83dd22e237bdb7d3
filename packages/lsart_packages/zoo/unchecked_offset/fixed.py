"""`zoo.unchecked_offset` without its defect: an offset that leads to no template is refused."""

from __future__ import annotations

import struct
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    Client,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "UncheckedOffset"]

_FORM = struct.Struct("<I12s")  # offset of the template, name
_FORMS = 8
_TEMPLATE = 32
_TEMPLATES = (b"ticket for one day, for %s", b"ticket for a week, for %s")


class UncheckedOffset:
    """Answers the number of a form with the ticket."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        forms = await table.AllocateSharedMemory(section, _FORMS * _FORM.size)
        if forms is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        templates = await table.AllocatePrivateHeap(len(_TEMPLATES) * _TEMPLATE)
        if templates is None:
            await table.FreeSharedMemory(section, forms)
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(forms, bytes(_FORMS * _FORM.size))
        await table.memory.write(templates, b"".join(each.ljust(_TEMPLATE) for each in _TEMPLATES))
        self.section, self.forms, self.templates = section, forms, templates

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("unchecked_offset", comment="prints tickets from templates that clients choose")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 or submit_buffer[0] >= _FORMS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        form = await self.table.memory.read(self.forms + submit_buffer[0] * _FORM.size, _FORM.size)
        offset, name = _FORM.unpack(form)
        if offset not in range(0, len(_TEMPLATES) * _TEMPLATE, _TEMPLATE):
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        template = await self.table.memory.read(self.templates + offset, _TEMPLATE)
        return await self.table.reply(client_request, template.rstrip().replace(b"%s", name.rstrip(b"\0")))

    async def SpShutdown(self) -> None:
        await self.table.FreePrivateHeap(self.templates)
        await self.table.FreeSharedMemory(self.section, self.forms)
        await self.table.DeleteSharedMemory(self.section)


async def _print(client: Client, random: Random, size: int) -> None:
    """Fill a form, and get the ticket."""
    number = random.randrange(_FORMS)
    offset = random.randrange(len(_TEMPLATES)) * _TEMPLATE
    view = client.map_section("unchecked_offset")
    await view.write(number * _FORM.size, _FORM.pack(offset, b"user %d" % number))
    await client.call("unchecked_offset", bytes((number,)), operation="print")


def _number(random: Random, size: int) -> bytes:
    return bytes((random.randrange(_FORMS),))


OPERATIONS = {"print": _print, "number": _number}
