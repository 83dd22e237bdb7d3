"""What a scenario file may say, and how clearly it is told what it may not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lsart
from lsart.stress import (
    Burst,
    Constant,
    Exponential,
    OneOf,
    Pareto,
    Scenario,
    ScenarioError,
    Start,
    Uniform,
    load_scenario,
)
from lsart.stress._structure import structure

WHOLE = """
[lsa]
packages = [{ source = "ticketcache", options = { max_size = 131_072 } }]
authentication_packages = ["minimal"]
workers = "unlimited"
grace = "1s"
contain_faults = true

[machine]
commit = "64MiB"
paged_pool = "1.5MiB"
handles = 1000
client_quota = 4096

[costs]
heap_lock = "300ns"
create_section = "0.1us"

[choices]
heap_lock_order = "lifo"
copy_to_client_invalid = "STATUS_INVALID_PARAMETER"
shared_alignment = 8

[[clients]]
name = "closed"
count = 20
calls = 50
start = "within 10ms"
think_time = "uniform(1ms, 3ms)"
patience = "5ms"
trusted = true
map_section = true
operations = [
    { name = "put", weight = 2, size = "pareto(200B, 4KiB)" },
    { name = "raw", size = "choice(16B, 1KiB)" },
]

[[clients]]
name = "open"
package = "minimal"
arrivals = "burst(50 every 10ms)"
duration = "1s"

[[hostile]]
probability = 0.01
rate = "poisson(100/s)"
aim = "access"

[run]
calls = 5
duration = "2m30s"
thresholds = ["p99<5ms", "failures<1%", "exhaustion==0"]
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "scenario.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faults_of(text: str) -> dict[str, str]:
    """Fault by path, of a scenario for ticketcache that is complete but for `text`."""
    data = tomllib.loads(text)
    data.setdefault("lsa", {}).setdefault("packages", ["ticketcache"])
    _, faults = structure(data, "scenario")
    return {fault.path: fault.problem for fault in faults}


def test_every_key_is_read(written: Callable[[str], Path]) -> None:
    scenario = load_scenario(written(WHOLE))
    assert scenario.lsa.workers is None
    assert scenario.lsa.grace == 1_000_000_000
    assert scenario.settings().contain_faults
    assert [spec.source.name for spec in scenario.lsa.specs] == ["ticketcache", "minimal"]
    assert scenario.lsa.packages[0].source.options == {"max_size": 131_072}
    assert (scenario.machine.commit, scenario.machine.paged_pool) == (64 << 20, 1_572_864)
    assert (scenario.machine.handles, scenario.machine.client_quota) == (1000, 4096)
    assert scenario.costs == lsart.Costs(heap_lock=300, create_section=100)
    assert scenario.choices == lsart.Choices(
        heap_lock_order="lifo", copy_to_client_invalid=lsart.STATUS_INVALID_PARAMETER, shared_alignment=8
    )
    closed, opened = scenario.clients
    assert (closed.count, closed.calls, closed.patience) == (20, 50, 5_000_000)
    assert closed.start == Start("within", 10_000_000)
    assert closed.think_time == Uniform(1_000_000, 3_000_000)
    assert closed.trusted
    assert closed.map_section
    assert [each.size for each in closed.operations] == [Pareto(200, 4096), OneOf((16, 1024))]
    assert (opened.package, opened.arrivals, opened.duration) == ("minimal", Burst(50, 10_000_000), 1_000_000_000)
    (hostile,) = scenario.hostile
    assert (hostile.probability, hostile.aim) == (0.01, "access")
    assert scenario.run.duration == 150_000_000_000
    assert [each.text for each in scenario.run.thresholds] == ["p99<5ms", "failures<1%", "exhaustion==0"]


def test_an_empty_file_is_told_all_that_it_needs(written: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(""))
    assert [fault.path for fault in caught.value.faults] == ["$.lsa.packages", "$.clients"]


def test_all_faults_are_told_at_once_each_with_its_path(written: Callable[[str], Path]) -> None:
    path = written(
        """
        [lsa]
        packages = ["ticketcach"]
        [machine]
        commit = "64Kippers"
        [[clients]]
        thinktime = "1ms"
        calls = 0
        [[clients]]
        name = "two"
        """
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    faults = {fault.path: fault.problem for fault in caught.value.faults}
    assert list(faults) == [
        "$.machine.commit",
        "$.clients[0].calls",
        "$.clients[0].thinktime",
        "$.lsa.packages[0]",
        "$.clients[1]",
    ]
    assert "unknown unit 'Kippers'" in faults["$.machine.commit"]
    assert "64Kippers" in faults["$.machine.commit"]
    assert faults["$.clients[0].thinktime"] == "unknown key; did you mean 'think_time'?"
    assert "Did you mean 'ticketcache'?" in faults["$.lsa.packages[0]"]
    assert str(path) in str(caught.value)
    assert "5 faults" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("machine = 5", "$.machine", "expected a table of commit"),
        ("[machine]\ncommit = '-1MiB'", "$.machine.commit", "negative"),
        ("[machine]\ncommit = -1", "$.machine.commit", "negative"),
        ("[machine]\ncommit = '64'", "$.machine.commit", "has no unit; write '64B' or '64KiB'"),
        ("[machine]\ncommit = '64kib'", "$.machine.commit", "did you mean 'KiB'?"),
        ("[machine]\ncommit = '64Kib'", "$.machine.commit", "counts bits"),
        ("[machine]\ncommit = '0.1KiB'", "$.machine.commit", "102.4 bytes, which is not a whole number"),
        ("[machine]\ncommit = true", "$.machine.commit", "expected a size such as '64KiB', got bool True"),
        ("[machine]\nhandles = '10'", "$.machine.handles", "expected a whole number of 0 or more, got '10'"),
        ("[machine]\nhandels = 10", "$.machine.handels", "did you mean 'handles'?"),
        ("[costs]\nheap_lock = 300", "$.costs.heap_lock", "300 has no unit; write '300ms' or '300s'"),
        ("[costs]\nheap_lock = '0.5ns'", "$.costs.heap_lock", "not a whole number of nanoseconds"),
        ("[costs]\nheap_lock = '-1ns'", "$.costs.heap_lock", "negative"),
        ("[costs]\nheap_lock = '5 parsecs'", "$.costs.heap_lock", "unknown unit of time 'parsecs'"),
        ("[choices]\nshared_zero_size = 'nul'", "$.choices.shared_zero_size", "did you mean 'null'?"),
        ("[choices]\nshared_alignment = '8'", "$.choices.shared_alignment", None),
        ("[choices]\nshared_alignment = 32", "$.choices.shared_alignment", "expected '16' or '8'"),
        ("[choices]\nshared_alignement = 8", "$.choices.shared_alignement", "did you mean 'shared_alignment'?"),
        ("[lsa]\nworkers = 0", "$.lsa.workers", "expected a whole number of 1 or more, or 'unlimited', got 0"),
        ("[lsa]\nworkers = 'many'", "$.lsa.workers", "'unlimited', got 'many'"),
        ("[lsa]\npackages = 'ticketcache'", "$.lsa.packages", "expected a list, got 'ticketcache'"),
        ("[lsa]\npackages = [5]", "$.lsa.packages[0]", "expected a package's name, or a table"),
        ("[lsa]\npackages = [{ source = 'x', opts = {} }]", "$.lsa.packages[0]", "did you mean 'options'?"),
        ("[lsa]\npackages = [{ source = 'x', options = 1 }]", "$.lsa.packages[0]", "options: expected a table"),
        ("[clients]\ncount = 1", "$.clients", "double brackets, [[clients]]"),
        ("[[clients]]\ncount = 0", "$.clients[0].count", "expected a whole number of 1 or more, got 0"),
        ("[[clients]]\ncount = 1.5", "$.clients[0].count", "got 1.5"),
        ("[[clients]]\ncount = true", "$.clients[0].count", "got True"),
        ("[[clients]]\nname = ''", "$.clients[0].name", "not empty"),
        ("[[clients]]\npatience = 5", "$.clients[0].patience", "no unit"),
        ("[[clients]]\nstart = 'apart'", "$.clients[0].start", "write 'together', '1ms apart' or 'within 10ms'"),
        ("[[clients]]\ntrusted = 1", "$.clients[0].trusted", "expected true or false, got 1"),
        ("[[clients]]\nthink_time = 'expo(2ms)'", "$.clients[0].think_time", "unknown distribution 'expo'"),
        ("[[clients]]\nthink_time = 'uniform(2ms)'", "$.clients[0].think_time", "expected uniform(low, high), got 1"),
        ("[[clients]]\nthink_time = 'uniform(2ms, 1ms)'", "$.clients[0].think_time", "above the upper bound"),
        ("[[clients]]\nthink_time = 'uniform(2, 3)'", "$.clients[0].think_time", "no duration"),
        ("[[clients]]\nthink_time = 'uniform(1ms, 2ms'", "$.clients[0].think_time", "is no distribution"),
        ("[[clients]]\narrivals = '1000'", "$.clients[0].arrivals", "such as '1000/s'"),
        ("[[clients]]\narrivals = '0/s'", "$.clients[0].arrivals", "nothing ever arrives"),
        ("[[clients]]\narrivals = '5000/us'", "$.clients[0].arrivals", "more than one per nanosecond"),
        ("[[clients]]\narrivals = 'poison(9/s)'", "$.clients[0].arrivals", "did you mean 'poisson'?"),
        ("[[clients]]\narrivals = 'burst(0 every 1s)'", "$.clients[0].arrivals", "burst(50 every 10ms)"),
        ("[[clients]]\narrivals = 'burst(5 every 0s)'", "$.clients[0].arrivals", "never let time pass"),
        ("[[clients]]\narrivals = 'ramp(1/s, 2/s)'", "$.clients[0].arrivals", "ramp(10/s to 1000/s over 5s)"),
        ("[[clients]]\noperations = ['put']", "$.clients[0].operations[0]", "expected a table of name, weight, size"),
        ("[[clients]]\noperations = [{}]", "$.clients[0].operations[0].name", "required, and not there"),
        ("[[clients]]\noperations = [{name='put', weight=0}]", "$.clients[0].operations[0].weight", "above 0, got 0"),
        (
            "[[clients]]\noperations = [{name='put', size='pareto(4KiB, 200B)'}]",
            "$.clients[0].operations[0].size",
            "0 < scale < cap",
        ),
        (
            "[[clients]]\noperations = [{name='put', size='pareto(1B, 2B, flat)'}]",
            "$.clients[0].operations[0].size",
            "'flat' is no shape",
        ),
        ("[[clients]]\nthresholds = []", "$.clients[0].thresholds", "it belongs to [run]"),
        ("thresholds = []", "$.thresholds", "it belongs to [run]"),
        ("[hostle]\ncount = 1", "$.hostle", "did you mean 'hostile'?"),
        ("[[hostile]]\nprobability = 2", "$.hostile[0].probability", "above 0 and at most 1, got 2"),
        ("[[hostile]]\naim = 'low'", "$.hostile[0].aim", "'anywhere' or 'access'"),
        ("[run]\nthresholds = ['p99']", "$.run.thresholds[0]", "a metric, a comparison and a limit"),
        ("[run]\nthresholds = ['p98<5ms']", "$.run.thresholds[0]", "did you mean 'p99'?"),
        ("[run]\nthresholds = ['p99<5']", "$.run.thresholds[0]", "'5' is no duration"),
        ("[run]\nthresholds = ['lost<1%']", "$.run.thresholds[0]", "is a share"),
        ("[run]\nthresholds = ['calls>many']", "$.run.thresholds[0]", "is no number"),
        ("[run]\nthresholds = 'p99<5ms'", "$.run.thresholds", "expected a list"),
        ("name = 'x'", "$.name", "unknown key here; it belongs to [[clients]] or [[hostile]]"),
    ],
)
def test_a_value_that_cannot_be_is_told_what_could(text: str, path: str, problem: str | None) -> None:
    faults = faults_of(text)
    if problem is None:
        assert faults == {}
    else:
        assert list(faults) == [path]
        assert problem in faults[path]


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("[[clients]]\ncount = 1", "$.clients[0]", "it would never end"),
        ("[[clients]]\ncalls = 1\narrivals = '1/s'\nthink_time = '1s'", "$.clients[0].arrivals", "remove one of them"),
        ("[[clients]]\ncalls = 1\narrivals = '1/s'\nstart = '1s apart'", "$.clients[0].start", "said by arrivals"),
        ("[[clients]]\nduration = '1s'", "$.clients[0].think_time", "never let time pass"),
        ("[[clients]]\nduration = '1s'\nthink_time = '0ms'", "$.clients[0].think_time", "never let time pass"),
        ("[[clients]]\ncalls = 1\n[[clients]]\ncalls = 1", "$.clients[1].name", "names are unique"),
        ("[[clients]]\ncalls = 1\n[[hostile]]\ncount = 1", "$.hostile[0]", "it would do nothing"),
        (
            "[[clients]]\ncalls = 1\n[[hostile]]\nname='client'\nrate='1/s'",
            "$.hostile[0].name",
            "names are unique",
        ),
        ("[[clients]]\ncalls = 1\n[[hostile]]\nrate='1/s'\naim='access'", "$.hostile[0].aim", "needs a probability"),
        (
            "[[clients]]\ncalls = 1\noperations = [{name='putt'}]",
            "$.clients[0].operations[0].name",
            "did you mean 'put'?",
        ),
        (
            "[[clients]]\ncalls = 1\noperations = [{name='erase'}]",
            "$.clients[0].operations[0].name",
            "known are raw, put, get, drop",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_told(
    written: Callable[[str], Path], text: str, path: str, problem: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(f"[lsa]\npackages = ['ticketcache']\n{text}"))
    (fault,) = caught.value.faults
    assert fault.path == path
    assert problem in fault.problem


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["5ms", "1KiB", "uniform(1ms, 2ms)", "p99<5ms", "burst(5 every 1s)", "poisson(1/s)", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("packages", "workers", "commit", "count", "calls", "think_time", "arrivals", "start", "operations"),
        *("patience", "name", "size", "weight", "thresholds", "duration", "heap_lock", "heap_lock_order"),
        *("probability", "rate", "aim"),
    ]
)
TABLES = st.sampled_from(["lsa", "machine", "costs", "choices", "clients", "hostile", "run", "other"])
PARTS = VALUES | st.dictionaries(KEYS, VALUES, max_size=4)


@given(st.dictionaries(TABLES, PARTS | st.lists(PARTS, max_size=2), max_size=4))
def test_whatever_a_file_holds_becomes_a_scenario_or_faults(data: dict[str, Any]) -> None:
    scenario, faults = structure(data, "scenario")
    assert isinstance(scenario, Scenario)
    assert all(fault.path.startswith("$") and fault.problem for fault in faults)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.with_name("none.toml"), "there is no scenario file"),
        (lambda path: path.parent, "is no package"),
        (lambda path: path / "x.toml", "cannot be read"),
    ],
)
def test_a_file_that_is_not_there_or_no_file_is_told_plainly(
    written: Callable[[str], Path], make: Callable[[Path], Path], message: str
) -> None:
    with pytest.raises(lsart.ConfigurationError, match=message):
        load_scenario(make(written("")))


def test_text_that_is_no_toml_is_told_with_its_line(written: Callable[[str], Path]) -> None:
    with pytest.raises(lsart.ConfigurationError, match=r"is not valid TOML: .*line 2"):
        load_scenario(written("[lsa]\nworkers = many\n"))


def test_python_is_told_the_field_too() -> None:
    with pytest.raises(ValueError, match=r"ClientGroup\(count=0\): expected a whole number of 1 or more"):
        lsart.stress.ClientGroup(count=0)  # type: ignore[attr-defined]  # the floor and the function share a name


def test_values_can_be_written_in_python_as_in_a_file() -> None:
    from lsart.stress import ClientGroup, Operation

    group = ClientGroup(think_time="exponential(2ms)", duration="1s", patience=5_000_000)
    assert group.think_time == Exponential(2_000_000)
    assert (group.duration, group.patience) == (1_000_000_000, 5_000_000)
    assert Operation(name="raw", size="1KiB").size == Constant(1024)
