"""Which scenario a source stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsart
from lsart import PackageSpec
from lsart.stress import Exponential, Scenario, ScenarioError, Uniform, load_scenario
from lsart.stress._fingerprint import fingerprint

PACKAGE = """
import lsart

class Tiny:
    def __init__(self, greeting="hello"):
        self.greeting = greeting
    def SpInitialize(self, package_id, parameters, table):
        pass
    def SpGetInfo(self):
        return lsart.SecPkgInfo("tiny")
    def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        return None
"""
GREET = "\nOPERATIONS = {'greet': lambda random, size: b'hi'}\n"
CLIENTS = "[[clients]]\ncalls = 3\n"


def test_a_package_is_run_under_the_scenario_beside_it() -> None:
    scenario = load_scenario("section_per_client")
    assert scenario.name == "section_per_client"
    assert scenario.machine.commit == 64 << 20


def test_a_package_without_a_scenario_gets_a_default_of_random_bytes(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE)
    scenario = load_scenario(f"{tmp_path}/tiny.py:Tiny")
    (group,) = scenario.clients
    assert (group.count, group.calls, group.think_time) == (100, 20, Exponential(1_000_000))
    assert [(each.name, each.size) for each in group.operations] == [("raw", Uniform(1, 4096))]


def test_the_default_uses_all_operations_that_the_package_offers(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE + GREET)
    for source in (f"{tmp_path}/tiny.py:Tiny", f"{tmp_path}/tiny.py"):
        (group,) = load_scenario(source).clients
        assert [each.name for each in group.operations] == ["greet"]


def test_a_class_of_the_program_is_run_like_any_package() -> None:
    class Nothing:
        def SpInitialize(self, package_id: int, parameters: object, table: object) -> None:
            pass

        def LsaApCallPackageUntrusted(self, request: object, submit: bytes, base: None, length: int) -> None:
            return None

    result = lsart.stress(Nothing, clients=3, calls=2, thresholds=["calls==6"])
    assert (result.exit_code, result.summary.calls_finished) == (0, 6)
    assert result.replay_line.endswith("Nothing, seed=0, clients=3, calls=2, thresholds=('calls==6',))")


def test_paths_in_a_scenario_are_meant_from_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE)
    (tmp_path / "scenarios").mkdir()
    path = tmp_path / "scenarios" / "calm.toml"
    path.write_text(f'[lsa]\npackages = ["../tiny.py:Tiny"]\n{CLIENTS}')
    scenario = load_scenario(path)
    assert scenario.name == "calm"
    assert scenario.lsa.packages[0].source.name == "tiny"


def test_a_scenario_beside_a_package_need_not_name_it(tmp_path: Path) -> None:
    (tmp_path / "package.toml").write_text('[package]\nname = "tiny"\nsource = "tiny.py:Tiny"\n')
    (tmp_path / "tiny.py").write_text(PACKAGE)
    (tmp_path / "scenario.toml").write_text(CLIENTS)
    for source in (tmp_path, tmp_path / "scenario.toml"):
        scenario = load_scenario(source)
        assert scenario.lsa.packages[0].source.name == "tiny"
        assert scenario.total_calls == 3


def test_a_scenario_for_a_neighbour_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE)
    (tmp_path / "other.py").write_text(PACKAGE)
    (tmp_path / "scenario.toml").write_text(f'[lsa]\npackages = ["other.py:Tiny"]\n{CLIENTS}')
    assert load_scenario(f"{tmp_path}/tiny.py:Tiny").total_calls == 2000
    assert load_scenario(f"{tmp_path}/other.py:Tiny").total_calls == 3


def test_options_given_with_the_package_win_over_those_of_the_file() -> None:
    scenario = load_scenario(PackageSpec("ticketcache", {"initial_size": 4096}))
    assert scenario.lsa.packages[0].source.options == {"max_size": 262_144, "initial_size": 4096}


def test_a_module_is_imported_once_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE + "\nwith open(__file__ + '.log', 'a') as log:\n    log.write('x')\n")
    assert lsart.stress(f"{tmp_path}/tiny.py:Tiny", clients=1, calls=1).exit_code == 0
    assert (tmp_path / "tiny.py.log").read_text() == "x"


def test_a_scenario_in_python_is_checked_like_a_file() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(Scenario(name="nothing"))
    assert str(caught.value).startswith("scenario 'nothing' has 2 faults:")


def test_operations_that_are_no_functions_are_told(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE + "\nOPERATIONS = {'greet': b'hi'}\n")
    with pytest.raises(ScenarioError, match=r"OPERATIONS of .*expected a mapping of names to functions"):
        load_scenario(f"{tmp_path}/tiny.py:Tiny")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("lambda random, size: 'hi'", r"operation 'greet' returned str 'hi'; expected bytes"),
        ("lambda random, size: 1 / 0", r"it raised ZeroDivisionError"),
    ],
)
def test_an_operation_that_makes_no_message_ends_the_run_with_its_name(
    tmp_path: Path, function: str, message: str
) -> None:
    (tmp_path / "tiny.py").write_text(f"{PACKAGE}\nOPERATIONS = {{'greet': {function}}}\n")
    with pytest.raises(lsart.ConfigurationError, match=message):
        lsart.stress(f"{tmp_path}/tiny.py:Tiny")


def test_a_message_that_would_not_fit_into_memory_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PACKAGE)
    path = tmp_path / "large.toml"
    path.write_text(f'[lsa]\npackages = ["tiny.py:Tiny"]\n{CLIENTS}operations = [{{ name = "raw", size = "5GiB" }}]')
    with pytest.raises(lsart.ConfigurationError, match="would make a message of 5,368,709,120 bytes"):
        lsart.stress(path)


ACCOUNTS = '[[account]]\nname = "alice"\nrid = 1001\npassword = "correct horse"\n'


def with_accounts(directory: Path, accounts: str | None, table: str = '[accounts]\nfile = "who.toml"\n') -> Path:
    """A scenario in a directory of its own, and a file of accounts beside it."""
    if accounts is not None:
        (directory / "who.toml").write_text(accounts)
    path = directory / "calm.toml"
    path.write_text(f'[lsa]\npackages = ["minimal"]\n{table}{CLIENTS}')
    return path


def test_a_file_of_accounts_is_read_from_where_the_scenario_lies(tmp_path: Path) -> None:
    scenario = load_scenario(with_accounts(tmp_path, ACCOUNTS))
    assert [each.name for each in scenario.settings().accounts.accounts] == ["alice"]
    assert load_scenario(with_accounts(tmp_path, None, "")).settings().accounts == lsart.Accounts()
    again = Scenario(lsa=scenario.lsa, clients=scenario.clients, accounts=scenario.accounts)
    assert load_scenario(again).settings() == scenario.settings()


def test_other_accounts_make_a_token_stale(tmp_path: Path) -> None:
    tokens = {
        fingerprint(load_scenario(with_accounts(tmp_path, accounts)), "x")
        for accounts in (ACCOUNTS, ACCOUNTS + "disabled = true\n", "")
    }
    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("accounts", "table", "fault"),
    [
        (None, '[accounts]\nfile = "who.toml"\n', "who.toml cannot be read: No such file"),
        (ACCOUNTS + "rig = 1\n", '[accounts]\nfile = "who.toml"\n', "who.toml: account[0].rig: no such key"),
        (ACCOUNTS, "[accounts]\n", "$.accounts.file: required"),
        (ACCOUNTS, "[accounts]\nfile = 1\n", "$.accounts.file: expected a text"),
    ],
)
def test_what_is_wrong_with_the_accounts_is_a_fault_of_the_scenario(
    tmp_path: Path, accounts: str | None, table: str, fault: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(with_accounts(tmp_path, accounts, table))
    assert fault in str(caught.value)
    assert "horse" not in str(caught.value)
