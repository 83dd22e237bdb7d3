"""A section per client runs out at the client that arithmetic predicts, whichever resource is scarce.

The prediction is computed here from the limits and the public sizes alone: pages of 4 KiB, reservations of 64 KiB,
512 bytes of paged pool for a section object and 8 for each of its pages. It shares no code with what it predicts.
"""

from __future__ import annotations

import attrs
import pytest

import lsart
from lsart import MachineLimits, PackageSpec
from lsart.events import CallFinished, SectionRefused
from lsart.stress import Scenario, load_scenario

pytestmark = pytest.mark.filterwarnings("ignore::lsart.ExhaustionWarning")

CLIENTS = 400
NAMES = {
    "commit": "commit limit",
    "paged_pool": "paged pool",
    "handles": "handles",
    "address_space": "address space",
}


def rounded_up(size: int, unit: int) -> int:
    return (size + unit - 1) // unit * unit


def predicted(resource: str, limit: int, max_size: int, initial_size: int) -> int:
    """Number, from 1, of the first client whose section does not fit."""
    each = {
        "commit": rounded_up(initial_size, 4096),
        "paged_pool": 512 + 8 * (rounded_up(max_size, 4096) // 4096),
        "handles": 1,
        "address_space": rounded_up(max_size, 65536),
    }[resource]
    return limit // each + 1


def scarce(resource: str, limit: int, max_size: int, initial_size: int) -> Scenario:
    scenario = load_scenario(PackageSpec("section_per_client", {"max_size": max_size, "initial_size": initial_size}))
    group = attrs.evolve(scenario.clients[0], count=CLIENTS)
    return attrs.evolve(scenario, machine=MachineLimits(**{resource: limit}), clients=(group,))


@pytest.mark.parametrize(
    ("resource", "limit"),
    [("commit", 10 << 20), ("paged_pool", 100_000), ("handles", 77), ("address_space", 50 << 20)],
)
@pytest.mark.parametrize(("max_size", "initial_size"), [(256 * 1024, 64 * 1024), (100_001, 5_000)])
@pytest.mark.rule("CSM-5")
@pytest.mark.rule("CSM-6")
def test_the_first_client_refused_is_the_predicted_one(
    resource: str, limit: int, max_size: int, initial_size: int
) -> None:
    number = predicted(resource, limit, max_size, initial_size)
    if number > CLIENTS:  # commit for small sections: make it scarcer, not the population larger
        limit //= 8
        number = predicted(resource, limit, max_size, initial_size)
    assert 2 < number < CLIENTS
    bus = lsart.Bus()
    refused: list[SectionRefused] = []
    failed: list[str] = []
    bus.subscribe(refused.append, SectionRefused)
    bus.subscribe(lambda event: failed.append(event.client) if event.protocol_status else None, CallFinished)

    result = lsart.stress(scarce(resource, limit, max_size, initial_size), bus=bus)

    assert failed == [f"client-{each}" for each in range(number, CLIENTS + 1)]
    assert refused[0].origin.client == f"client-{number}"
    assert {each.resource for each in refused} == {NAMES[resource]}
    assert (result.exit_code, result.problems) == (0, ())
    (warning,) = result.summary.warnings
    assert warning.category == "exhaustion"
    assert warning.count == CLIENTS - number + 1


def test_the_default_scenario_runs_out_at_client_1025() -> None:
    assert predicted("commit", 64 << 20, 256 * 1024, 64 * 1024) == 1025
    bus = lsart.Bus()
    failed: list[str] = []
    bus.subscribe(lambda event: failed.append(event.client) if event.protocol_status else None, CallFinished)
    result = lsart.stress("section_per_client", bus=bus)
    assert failed[0] == "client-1025"
    assert len(failed) == 1200 - 1024
    assert result.exit_code == 0
