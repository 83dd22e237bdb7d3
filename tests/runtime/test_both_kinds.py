"""A package that is both: clients log users on by it, and clients and servers build contexts with it."""

from __future__ import annotations

from typing import Any

import pytest
from logons import Ask, create, log_on, token
from lsas import simulated
from sspi import BOTH, Ssp, tokens

import lsart
from lsart.contract import ClientRequest, Pointer


class Both(Ssp):
    """Logs everybody on, beside its contexts."""

    async def LsaApLogonUserEx2(
        self, request: ClientRequest, logon_type: int, information: Pointer, base: Pointer | None, length: int
    ) -> Any:
        return await create(self.table, Ask(request, logon_type, information, base, length))


@pytest.mark.rule("PFT-6")
@simulated
async def test_one_table_serves_logons_and_contexts_of_whoever_logged_on() -> None:
    both = Both("both")
    async with lsart.open_lsa(both) as lsa, lsa.connect("winlogon", trusted=True) as winlogon:
        reply = await log_on(winlogon, package="both")
        session = token(winlogon, reply.token).content.logon_id
        alice, bob = lsa.start_client("alice"), lsa.start_client("bob")
        alice.token = token(winlogon, reply.token)
        assert await tokens(alice, bob, "both") == [b"token 1", b"token 2"]
        assert both.of("Acquire")[0][:3] == (None, BOTH, session)
        assert lsa.check() == []
