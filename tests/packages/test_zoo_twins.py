"""A twin stands whatever comes: all its operations at once, hostile calls, hostile writes at every third access."""

from __future__ import annotations

import importlib
import warnings

import attrs
import pytest
from lsart_packages.zoo._manifest import ZOO, Zoo
from zoos import HARM

import lsart
from lsart.events import AccessViolated
from lsart.memory import LSASS
from lsart.stress import HostileGroup, Scenario

NAMES = [each.name for each in ZOO]


def everything(source: str) -> Scenario:
    """Three clients for each operation of a package, and two processes that are hostile."""
    scenario = lsart.load_scenario(source)
    usual = scenario.clients[0]
    clients = tuple(
        attrs.evolve(
            usual,
            name=operation.replace("_", "-"),
            count=3,
            calls=8,
            operations=(attrs.evolve(usual.operations[0], name=operation),),
        )
        for operation in (*importlib.import_module(source.partition(":")[0]).OPERATIONS, "raw")
    )
    hostile = HostileGroup(name="hostile", count=2, calls=200, probability=0.3)
    return attrs.evolve(scenario, clients=clients, hostile=(hostile,))


def harm_of(source: str, seed: int) -> list[lsart.Event]:
    """What is told of the package; what clients do in their own processes is their affair."""
    bus = lsart.Bus()
    harm: list[lsart.Event] = []
    bus.subscribe(harm.append, *HARM)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lsart.ExhaustionWarning)  # that little memory is left is meant to be
        warnings.simplefilter("ignore", lsart.ContentionWarning)
        lsart.stress(everything(source), bus=bus, seed=seed)
    return [each for each in harm if not isinstance(each, AccessViolated) or each.space == LSASS]


@pytest.mark.parametrize("entry", ZOO, ids=NAMES)
def test_a_twin_does_no_harm_under_everything_at_once(entry: Zoo) -> None:
    assert harm_of(entry.twin, seed=0) == []


def test_a_defect_does_harm_under_the_same() -> None:
    """Of those whose defect an event tells of, and that need no scarce memory, so that the test above can fail."""
    told = {each.name for each in ZOO if each.shows in {kind.__name__ for kind in HARM} and each.strikes == "plain"}
    assert len(told) > 5
    assert {name for name in told if not harm_of(f"lsart_packages.zoo.{name}", seed=0)} == set()
