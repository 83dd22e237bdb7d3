"""Whatever hostile processes call, LSA stands, and those beside them notice nothing.

Here 50,000 calls are made beside two honest clients, to all samples at once; benchmarks/hostile.py makes 100,000.
"""

from __future__ import annotations

import re

import pytest
from _honest import lived
from _keeper import NUMBERS, Keeper
from lsas import scripted, simulated

import lsart
from lsart.contract import AccessViolation, ProcessTerminated
from lsart.runtime import Client, LsaSettings, implemented
from lsart.stress import BATTERY_ACTIONS, BATTERY_FUNCTIONS, Battery

CALLS, ROUNDS = 50_000, 50  # as long as each other
SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), workers=None, watchdog=None)


@pytest.mark.slow
def test_fifty_thousand_hostile_calls_change_nothing_for_those_beside_them() -> None:
    alone, beside = lived(0, ROUNDS), lived(CALLS, ROUNDS)
    battery = beside.battery
    assert battery is not None
    assert battery.done >= CALLS
    assert min(map(len, beside.answers.values())) > 10 * ROUNDS
    assert min(map(len, beside.told.values())) > 100 * ROUNDS
    assert beside.answers == alone.answers
    assert beside.told == alone.told
    assert (beside.faults, beside.wrong, alone.faults, alone.wrong) == ([], [], [], [])
    ways = {
        name: {how for which, how in battery.outcomes if which == name}
        for name in (*BATTERY_FUNCTIONS, *BATTERY_ACTIONS)
    }
    assert [name for name, found in ways.items() if "success" not in found] == []
    assert {"ProcessTerminated", "TypeError", "STATUS_INVALID_HANDLE"} <= ways["LsaCallAuthenticationPackage"]
    assert "AccessViolation" in ways["read a section"] & ways["write memory"]
    assert {"SEC_E_MESSAGE_ALTERED", "SEC_E_OUT_OF_SEQUENCE"} <= ways["VerifySignature"] & ways["DecryptMessage"]
    assert "STATUS_LOGON_FAILURE" in ways["LsaLogonUser"]


def test_it_knows_how_to_call_every_function_that_a_client_has() -> None:
    offered = {name for name in dir(Client) if name[0].isupper()}
    assert implemented()["client_api"] <= offered
    assert set(BATTERY_FUNCTIONS) == offered, "say in lsart/stress/_battery_functions.py how calls of it are made up"


def test_one_seed_makes_the_same_calls_and_another_seed_others() -> None:
    async def main() -> Battery:
        async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
            battery = Battery(lsa, calls=3000)
            await battery.run()
        return battery

    first, again, other = (lsart.run(main, seed=seed).outcomes for seed in (0, 0, 1))
    assert first == again
    assert first != other


@simulated
async def test_some_calls_are_not_waited_for() -> None:
    async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
        battery = Battery(lsa, calls=3000, makers={"wait": lambda random, size: bytes([NUMBERS["wait"]]) + bytes(40)})
        await battery.run()
        assert battery.outcomes["LsaCallAuthenticationPackage", "gave up"] > 0
        assert lsa.check() == []


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("LsaConnectUntrusted", KeyError("lost")),
        ("LsaConnectUntrusted", TypeError("of right types")),
        ("LsaConnectUntrusted", AccessViolation(space="lsass", address=1, length=1, kind="read", reason="in LSASS")),
        ("RevertToSelf", ProcessTerminated("of somebody else")),
    ],
)
def test_what_must_not_come_out_of_a_call_ends_the_battery_and_says_which_call_it_was(
    function: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(client: Client) -> object:
        raise error

    async def main() -> None:
        async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
            await Battery(lsa, calls=1000).run()

    monkeypatch.setattr(Client, function, fails)
    with pytest.raises(ExceptionGroup) as caught:
        lsart.run(main, seed=0)
    assert caught.group_contains(type(error))
    (first, *_) = caught.value.exceptions
    assert re.fullmatch(rf"hostile call [\d,]+: {function}\(\) by <Client 'hostile-.*>", first.__notes__[0])


@simulated
async def test_the_processes_are_gone_afterwards_and_their_names_can_be_had_again() -> None:
    async with lsart.open_lsa(Keeper, settings=SETTINGS) as lsa:
        for _ in range(2):
            battery = Battery(lsa, calls=500, name="enemy", processes=2, threads=1)
            await battery.run()
            assert lsa.clients == ()
            assert battery.outcomes.total() == battery.done


@simulated
async def test_a_package_that_falls_is_no_failure_of_the_battery() -> None:
    def falls(*_: object) -> None:
        raise ValueError("a message")

    async with lsart.open_lsa(scripted("weak", call=falls), settings=SETTINGS) as lsa:
        battery = Battery(lsa, calls=1000)
        await battery.run()
        assert lsa.packages == ()
        assert battery.outcomes["LsaCallAuthenticationPackage", "STATUS_NO_SUCH_PACKAGE"] > 0


@pytest.mark.filterwarnings("ignore::lsart.ContentionWarning")
def test_a_run_has_hostile_calls_beside_its_clients_and_says_how_to_see_them_again() -> None:
    result = lsart.stress("minimal", clients=3, calls=5, hostile=500)
    assert (result.exit_code, result.problems) == (0, ())
    assert result.replay_line == "lsart stress minimal --seed 0 --clients 3 --calls 5 --hostile 500"
    assert result.summary.calls_finished > 15
    assert result.summary.client_access_violations > 0
