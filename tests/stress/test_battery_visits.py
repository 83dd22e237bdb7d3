"""Hostile processes pay visits as honest clients do, and learn from them how packages are called."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
import trio
from _keeper import Keeper
from lsart_packages.challenge import OPERATIONS
from lsas import in_use

import lsart
from lsart.contract import STATUS_ACCESS_DENIED, StatusError, constants
from lsart.runtime import Client, LsaSettings
from lsart.stress import Battery, Visit

SETTINGS = LsaSettings(workers=None, watchdog=None)


def battered(calls: int, *packages: object, **visits: Visit) -> Battery:
    """A battery that has made its calls."""

    async def main() -> Battery:
        async with lsart.open_lsa(*packages, settings=SETTINGS) as lsa:
            battery = Battery(lsa, calls=calls, visits=visits)
            await battery.run()
            assert lsa.check() == []
        assert in_use(lsa) == {}
        return battery

    return lsart.run(main, seed=0)


def count(battery: Battery, name: str, outcome: str) -> int:
    return battery.outcomes[name, outcome]


def test_without_visits_nobody_gets_so_far_as_to_a_message_and_with_them_whole_and_damaged_ones_are_sent() -> None:
    without, visiting = battered(2000, "challenge"), battered(8000, "challenge", talk=OPERATIONS["talk"])
    assert count(without, "DecryptMessage", "success") == 0
    assert count(visiting, "DecryptMessage", "success") > 0
    assert count(visiting, "DecryptMessage", "SEC_E_MESSAGE_ALTERED") > 0
    assert count(visiting, "pay a visit", "success") > 0
    assert visiting.outcomes.total() == visiting.done >= 8000


def test_what_worked_in_a_visit_is_called_again() -> None:
    async def acquire(client: Client, random: Random, size: int) -> None:
        await client.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_INBOUND)

    battery = battered(1500, "challenge", acquire=acquire)
    visits = sum(number for (name, _), number in battery.outcomes.items() if name == "pay a visit")
    assert 0 < visits < count(battery, "AcquireCredentialsHandle", "success")


def test_a_visit_that_loses_its_way_is_no_failure_of_lsa() -> None:
    async def loses_its_way(client: Client, random: Random, size: int) -> None:
        await client.LsaConnectUntrusted()
        raise LookupError("where am I?")

    assert count(battered(500, Keeper, visit=loses_its_way), "pay a visit", "False") > 0


def test_what_must_not_come_out_of_a_call_is_told_even_if_the_visit_keeps_it_to_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def keeps_quiet(client: Client, random: Random, size: int) -> None:
        with suppress(KeyError):
            await client.LsaRegisterLogonProcess("of the visit")

    async def fails(client: Client, name: object) -> object:
        await trio.lowlevel.checkpoint()
        if name == "of the visit":
            raise KeyError("lost")
        raise StatusError(STATUS_ACCESS_DENIED)

    monkeypatch.setattr(Client, "LsaRegisterLogonProcess", fails)
    with pytest.raises(ExceptionGroup) as caught:
        battered(1000, Keeper, visit=keeps_quiet)
    assert caught.group_contains(KeyError)
    (first, *_) = caught.value.exceptions
    assert "LsaRegisterLogonProcess('of the visit') by <Client 'hostile-" in first.__notes__[0]
