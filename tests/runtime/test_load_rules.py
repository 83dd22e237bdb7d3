"""What an authentication package is given while it loads, by which names it is found, and what its answer means."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, in_use, simulated, status_of

import lsart
from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_NO_SUCH_PACKAGE,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import PackageInitialized, PackageRefused


class Exports:
    """An authentication package that keeps what LsaApInitializePackage gives it, and works with that alone."""

    def __init__(self) -> None:
        self.given_later: list[object] = []

    async def LsaApInitializePackage(self, number: int, dispatch: FunctionTable, *unused: None) -> str:
        self.number = number
        self.dispatch = dispatch
        return "exports"

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        self.given_later += [client_request, submit_buffer, client_base, length]
        block = await self.dispatch.AllocateLsaHeap(16)
        assert block is not None
        await self.dispatch.FreeLsaHeap(block)
        return await self.dispatch.reply(client_request, str(self.number).encode())


@pytest.mark.rule("LIP-2", "LDT-1")
@simulated
async def test_the_saved_id_and_dispatch_table_are_those_that_serve_later_calls() -> None:
    package = Exports()
    async with lsart.open_lsa(authentication_packages=[package]) as lsa, lsa.connect() as client:
        number = await client.LsaLookupAuthenticationPackage(client.handle, "exports")
        for _ in range(2):
            assert (await client.call("exports", b"?")).data == str(number).encode()
        assert package.dispatch not in package.given_later, "LSA passes the table once, so the package must keep it"
    assert in_use(lsa) == {}


EXPORTED = {
    "InitializePackage": "LsaApInitializePackage",
    "LogonUser": "LsaApLogonUser",
    "LogonUserEx": "LsaApLogonUserEx",
    "LogonUserEx2": "LsaApLogonUserEx2",
    "CallPackage": "LsaApCallPackage",
    "CallPackageUntrusted": "LsaApCallPackageUntrusted",
    "CallPackagePassthrough": "LsaApCallPackagePassthrough",
    "LogonTerminated": "LsaApLogonTerminated",
    "AcceptCredentials": "SpAcceptCredentials",
}


def exporting(*names: str) -> Any:
    """A package with these functions and no others."""
    return type("Exporting", (), {name: staticmethod(lambda *args: None) for name in names})


@pytest.mark.rule("LSQ-13")
@pytest.mark.parametrize(("slot", "name"), EXPORTED.items())
@simulated
async def test_a_function_of_an_authentication_package_is_found_by_the_name_it_is_exported_under(
    slot: str, name: str
) -> None:
    entry = exporting("LsaApInitializePackage", name, "LsaApLogonNobody")
    async with lsart.open_lsa(authentication_packages=[entry]) as lsa:
        (package,) = lsa.packages
        assert package.entries == {
            "InitializePackage": entry.LsaApInitializePackage,
            slot: getattr(entry, name),
        }


@pytest.mark.rule("LSQ-14")
@simulated
async def test_the_first_slot_of_an_ssp_ap_holds_what_an_authentication_package_exports() -> None:
    both = exporting("LsaApInitializePackage", "SpInitialize")
    assert SECPKG_SLOTS[0].name == "InitializePackage"
    async with lsart.open_lsa(both) as lsa:
        assert lsa.packages[0].entries["InitializePackage"] is both.LsaApInitializePackage


@pytest.mark.rule("LIP-6")
@simulated
async def test_success_of_initialize_package_brings_it_up_and_any_other_status_keeps_it_out(log: Log) -> None:
    class Failing(Exports):
        async def LsaApInitializePackage(self, *arguments: object) -> str:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)

    async with (
        lsart.open_lsa(authentication_packages=[Failing(), Exports()], bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        assert [each.name for each in lsa.packages] == ["exports"]
        assert await status_of(client.call("failing", b"")) == STATUS_NO_SUCH_PACKAGE
    assert [each.package for each in log.of(PackageInitialized)] == ["exports"]
    refused = log.one(PackageRefused)
    assert (refused.package, refused.stage) == ("failing", "LsaApInitializePackage")
    assert refused.status == STATUS_INSUFFICIENT_RESOURCES
