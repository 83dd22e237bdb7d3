"""Each package of the zoo fails under some schedules, in the way it is there for; its twin does not."""

from __future__ import annotations

import pytest

import lsart
from lsart.engine import run_schedule
from lsart.stress import find_model

DEFECTS = {
    "call_package": ("CallPackage", "deadlock"),
    "lock_order": ("LockOrder", "deadlock"),
    "pool_exhaustion": ("PoolExhaustion", "deadlock"),
    "use_after_free": ("UseAfterFree", "UseAfterFree"),
}
# Deadlocks of the worker pool come about by who calls when, with nobody interrupted.
WITHOUT_INTERRUPTION = ("call_package", "pool_exhaustion")
KINDS = [(name, kind) for name, (_, kind) in DEFECTS.items()]
TWINS = [f"lsart_packages.zoo.{name}.fixed:{class_name}" for name, (class_name, _) in DEFECTS.items()]
SOURCES = [*(f"lsart_packages.zoo.{name}" for name in DEFECTS), *TWINS]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_defect_is_found_whatever_the_seed(name: str, kind: str, seed: int) -> None:
    model = lsart.scenario_model(f"lsart_packages.zoo.{name}")
    found = lsart.explore(model, schedules=1000, seed=seed, shrink=False).failure
    assert found is not None
    assert found.symptom.kind == kind


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_defect_is_made_small_and_comes_back_exactly(name: str, kind: str) -> None:
    # As few as suffice: that fewer preemptions do not is proved by trying every schedule with fewer.
    clients = {"call_package": 4, "pool_exhaustion": 3}.get(name, 2)
    model = lsart.scenario_model(f"lsart_packages.zoo.{name}", clients=clients, calls=1)
    found = lsart.explore(model, schedules=1000, seed=0).failure
    assert found is not None
    assert found.symptom.kind == kind
    assert found.is_shrunk
    assert found.is_minimal
    assert found.preemptions == (0 if name in WITHOUT_INTERRUPTION else 1)
    again = lsart.replay(find_model(found.model), found.line)
    assert again.is_exact
    assert again.symptom == found.symptom
    assert again.story == found.story


STORIES = {
    "call_package": ("waits for a free worker to call 'call_package'", "waits for the reply of 'call_package'"),
    "lock_order": ("'sessions_lock', held by LSA worker", "'audit_lock', held by LSA worker"),
    "pool_exhaustion": ("waits for Event 'pin_entered'", "waits for a free worker"),
    "use_after_free": ("allocated by use_after_free", "freed by use_after_free with FreeSharedMemory in call"),
}


@pytest.mark.parametrize("name", STORIES)
def test_the_end_of_the_story_names_what_the_package_calls_it(name: str) -> None:
    model = lsart.scenario_model(f"lsart_packages.zoo.{name}")
    found = lsart.explore(model, schedules=1000, seed=0, shrink=False).failure
    assert found is not None
    _, end = found.story.split("=> ")
    assert [each for each in STORIES[name] if each not in end] == []


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_fails_when_nobody_is_interrupted(source: str) -> None:
    # Two messages to seal at once are too many for one of them, interrupted or not; then there is one.
    clients = 2 if source == "lsart_packages.zoo.call_package" else 4
    trace = run_schedule(lsart.scenario_model(source, clients=clients).main, lambda ready: ready.canonical())
    assert trace.error is None
    assert trace.preemptions == 0


@pytest.mark.parametrize("source", TWINS)
def test_a_twin_survives(source: str) -> None:
    campaign = lsart.explore(lsart.scenario_model(source), schedules=300)
    campaign.check()
    assert campaign.schedules == 300


@pytest.mark.parametrize("source", SOURCES)
def test_a_package_and_its_twin_are_run_under_the_same_scenario(source: str) -> None:
    scenario = lsart.load_scenario(source)
    assert len(scenario.clients) == 2
    assert scenario.lsa.workers == (2 if source.split(".")[2].partition(":")[0] in WITHOUT_INTERRUPTION else 64)


# What an operation is answered with when it comes alone: defect or not, the packages do their work.
ANSWERS: dict[str, list[tuple[bytes, bytes | None]]] = {
    "call_package": [(b"\x01message", None), (b"\x02", b"\1\0\0\0")],
    "lock_order": [(b"\x01\x07\0\0\0", b""), (b"\x03\x07\0\0\0", b"\x01\0\0\0\x01\x07\0\0\0")],
    "pool_exhaustion": [(b"\x021234", b""), (b"\x01message", None)],
    "use_after_free": [(b"\x01", bytes(32)), (b"\x02" + b"k" * 32, b""), (b"\x01", b"k" * 32)],
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_package_loads_and_answers(source: str) -> None:
    name = source.split(".")[2].partition(":")[0]

    async def main() -> None:
        async with lsart.open_lsa(source) as lsa, lsa.connect("alice") as alice:
            for message, expected in ANSWERS[name]:
                reply = await alice.call(name, message)
                assert reply.protocol_status == lsart.STATUS_SUCCESS
                if expected is None:
                    assert len(reply.data) == 32
                else:
                    assert reply.data == expected
            for nonsense in (b"", b"\x09", bytes(2000)):
                reply = await alice.call(name, nonsense)
                assert reply.protocol_status == lsart.STATUS_INVALID_PARAMETER

    lsart.run(main)


def test_a_twin_answers_a_message_to_sign_at_once_while_the_card_is_locked() -> None:
    async def main() -> None:
        async with lsart.open_lsa(TWINS[list(DEFECTS).index("pool_exhaustion")]) as lsa, lsa.connect("alice") as alice:
            assert (await alice.call("pool_exhaustion", b"\x01message")).protocol_status == lsart.STATUS_ACCESS_DENIED
            assert (await alice.call("pool_exhaustion", b"\x029999")).protocol_status == lsart.SEC_E_LOGON_DENIED

    lsart.run(main)
