"""Metadata of a negotiation, and dialogs for credentials."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from lsas import simulated, status_of
from sspi import Ssp, acquire, initialize

import lsart
from lsart.contract import (
    CRED_UI_TYPES,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_UNSUPPORTED_FUNCTION,
    SEC_I_CONTINUE_NEEDED,
    STATUS_SUCCESS,
    StatusError,
)

PASSWORD = CRED_UI_TYPES["password"]


class Negotiated(Ssp):
    """Sends "hello" and the target along, and takes nothing else."""

    SECPKG_INTERFACE_VERSION = 5

    def __init__(self) -> None:
        super().__init__("nego", messages=3)
        self.says: Any = None
        self.entered_ui: list[tuple[Any, ...]] = []

    async def SpQueryMetaData(self, *given: Any) -> Any:
        await self._enter("Query", given)
        number = given[3] if given[3] is not None else self._number()
        self.contexts.setdefault(number, 0)
        data = b"hello " + (given[1] or "").encode()
        return (len(data), data, number) if self.says is None else self.says(number, data)

    async def SpExchangeMetaData(self, *given: Any) -> int:
        await self._enter("Exchange", given)
        if not given[4].startswith(b"hello "):
            raise StatusError(SEC_E_INVALID_TOKEN)
        number: int = given[5] if given[5] is not None else self._number()
        self.contexts.setdefault(number, 0)
        return number

    async def SpGetCredUIContext(self, *given: Any) -> tuple[int, bytes]:
        self.entered_ui.append(given)
        return 4, b"flat"

    async def SpUpdateCredentials(self, *given: Any) -> None:
        self.entered_ui.append(given)


@pytest.mark.rule("SQM-1")
@simulated
async def test_without_a_context_the_package_makes_one_from_credential_and_target() -> None:
    package = Negotiated()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "nego")
        got = await alice.query_meta_data(credential, "peer", 3, None)
        assert got.meta_data == b"hello peer"
        assert package.of("Query") == [(32, "peer", 3, None)]
        assert set(package.contexts) == {48}
        again = await alice.query_meta_data(None, None, 0, got.context)
        assert again.context == got.context
        assert package.of("Query")[1] == (None, None, 0, 48)
        leg = await initialize(alice, credential, got.context)
        assert (leg.new_context, leg.output.buffers[0].data) == (got.context, b"token 1")
        await alice.DeleteSecurityContext(got.context)
        assert package.contexts == {}
        assert lsa.check() == []


@pytest.mark.rule("SQM-2")
@simulated
async def test_an_informational_status_is_success_too() -> None:
    package = Negotiated()

    said = attrs.make_class("Said", ["meta_data_length", "meta_data", "context_handle", "status"])
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "nego")
        assert (await alice.query_meta_data(credential, "peer", 0, None)).status == STATUS_SUCCESS
        package.says = lambda number, data: said(len(data), data, number, SEC_I_CONTINUE_NEEDED)
        got = await alice.query_meta_data(credential, "peer", 0, None)
        assert (got.status, got.meta_data) == (SEC_I_CONTINUE_NEEDED, b"hello peer")
        package.says = lambda number, data: said(0, None, 0, SEC_E_INVALID_TOKEN)
        assert await status_of(alice.query_meta_data(credential, "peer", 0, None)) == SEC_E_INVALID_TOKEN


@pytest.mark.rule("SQM-3")
@simulated
async def test_without_a_context_there_must_be_a_credential() -> None:
    package = Negotiated()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        assert await status_of(alice.query_meta_data(None, "peer", 0, None)) == SEC_E_INVALID_HANDLE
        assert await status_of(alice.exchange_meta_data(None, "peer", 0, b"hello ", None)) == SEC_E_INVALID_HANDLE
        assert package.entered == []


@pytest.mark.rule("SXM-1")
@simulated
async def test_what_one_side_sends_along_the_other_takes() -> None:
    package = Negotiated()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        sent = (await alice.query_meta_data(await acquire(alice, "nego"), "bob", 0, None)).meta_data
        credential = await acquire(bob, "nego")
        got = await bob.exchange_meta_data(credential, "alice", 5, sent, None)
        number = package.entered[-1][1][0] + 16
        assert package.of("Exchange") == [(number - 16, "alice", 5, 9, b"hello bob", None)]
        junk = bob.exchange_meta_data(credential, "alice", 5, b"junk", got.context)
        assert await status_of(junk) == SEC_E_INVALID_TOKEN
        assert package.of("Exchange")[1][5] == number
        await bob.DeleteSecurityContext(got.context)
        assert number not in package.contexts


@simulated
async def test_what_is_no_metadata_leaves_no_context() -> None:
    package = Negotiated()
    package.says = lambda number, data: (5, lsart.Pointer(64, "lsass"), number)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "nego")
        assert await status_of(alice.query_meta_data(credential, "peer", 0, None)) == SEC_E_INTERNAL_ERROR
        await trio.testing.wait_all_tasks_blocked()
        assert package.contexts == {}
        assert len(lsa.contexts) == 1
        assert lsa.check() == []


@pytest.mark.rule("SUI-1", "SUC-1")
@simulated
async def test_dialogs_are_for_documented_kinds_of_credentials() -> None:
    package = Negotiated()
    data = tomllib.loads((files("lsart.contract") / "data" / "structures.toml").read_text("utf-8"))
    listed = next(each for each in data["constants"] if each["name"] == "CRED_UI_TYPES")
    assert {each["name"]: each["value"] for each in listed["guid_values"]} == CRED_UI_TYPES
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = (await initialize(alice, await acquire(alice, "nego"))).new_context
        for kind in CRED_UI_TYPES.values():
            assert await alice.cred_ui_context(context, kind) == b"flat"
            await alice.update_credentials(context, kind.upper(), b"entered")
        assert package.entered_ui == [
            each for kind in CRED_UI_TYPES.values() for each in ((48, kind), (48, kind, 7, b"entered"))
        ]
        other = "00000000-079c-4dfe-8281-578aadc1c100"
        assert await status_of(alice.cred_ui_context(context, other)) == SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(alice.update_credentials(context, other, b"")) == SEC_E_UNSUPPORTED_FUNCTION
        assert len(package.entered_ui) == 6
        await alice.DeleteSecurityContext(context)
        assert await status_of(alice.cred_ui_context(context, PASSWORD)) == SEC_E_INVALID_HANDLE
        with pytest.raises(TypeError, match="the text of a GUID"):
            await alice.cred_ui_context(context, 7)  # type: ignore[arg-type]  # that it is refused is the point
