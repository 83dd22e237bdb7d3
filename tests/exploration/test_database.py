"""The failure database: tokens kept, tried first next time, forgotten when they fail no more, and never in the way."""

import os
from pathlib import Path
from typing import Any

import attrs
import pytest
from models import BUGS, crowd, lost_update, never_fails, two_bugs

from lsart import Model, explore
from lsart.engine import point
from lsart.exploration import FailureDatabase, Token, as_model

TOKEN = Token(model="bank", fingerprint=1, symptom=2, trace=3, script=(), steps=4)


def numbered(count: int) -> list[str]:
    """Lines that differ."""
    return [attrs.evolve(TOKEN, seed=seed).encode() for seed in range(count)]


def kept(database: FailureDatabase, model: str = "bank") -> list[str]:
    return [line for line, _ in database.tokens(model)]


@pytest.fixture
def database(tmp_path: Path) -> FailureDatabase:
    return FailureDatabase(tmp_path / "cache")


# ---------------------------------------------------------------------- what is kept


def test_nothing_is_kept_at_first_and_nothing_is_written_by_asking(database: FailureDatabase) -> None:
    assert database.tokens("bank") == database.all() == []
    assert not database.directory.exists()


def test_tokens_are_kept_the_newest_first(database: FailureDatabase) -> None:
    lines = numbered(3)
    assert all(database.add("bank", line) for line in lines)
    assert kept(database) == lines[::-1]
    assert [token.seed for _, token in database.tokens("bank")] == [2, 1, 0]


def test_a_token_that_is_met_again_becomes_the_newest_and_is_kept_once(database: FailureDatabase) -> None:
    lines = numbered(3)
    for line in (*lines, lines[0]):
        database.add("bank", line)
    assert kept(database) == [lines[0], lines[2], lines[1]]


def test_twenty_are_kept_and_the_oldest_goes(database: FailureDatabase) -> None:
    lines = numbered(25)
    for line in lines:
        database.add("bank", line)
    assert kept(database) == lines[:4:-1]


def test_each_model_has_its_own(database: FailureDatabase) -> None:
    names = ["bank", "bank:a/b", "bank:a-b", "übertrag", "x" * 300, "../../out", ""]
    for name, line in zip(names, numbered(len(names)), strict=True):
        assert database.add(name, line)
    for name, line in zip(names, numbered(len(names)), strict=True):
        assert kept(database, name) == [line]
    assert len(database.all()) == len(names)
    assert {path.parent for path in database.directory.parent.rglob("*.tokens")} == {database.directory / "failures"}


def test_a_token_can_be_forgotten_and_forgetting_twice_is_no_harm(database: FailureDatabase) -> None:
    first, second = numbered(2)
    for line in (first, second):
        database.add("bank", line)
    for _ in range(2):
        database.remove("bank", first)
        assert kept(database) == [second]


def test_all_are_listed_by_model(database: FailureDatabase) -> None:
    for name in ("b", "a"):
        for seed in range(2):
            database.add(name, attrs.evolve(TOKEN, model=name, seed=seed).encode())
    assert [(token.model, token.seed) for _, token in database.all()] == [("a", 1), ("a", 0), ("b", 1), ("b", 0)]


def test_version_control_is_told_to_leave_the_cache_alone(database: FailureDatabase) -> None:
    database.add("bank", numbered(1)[0])
    assert (database.directory / ".gitignore").read_text("utf-8") == "*\n"


def test_no_half_written_file_is_left(database: FailureDatabase) -> None:
    for line in numbered(3):
        database.add("bank", line)
    assert [path.suffix for path in (database.directory / "failures").iterdir()] == [".tokens"]


# ---------------------------------------------------------------------- where it is


def test_the_cache_is_here_unless_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSART_CACHE", raising=False)
    assert FailureDatabase().directory == Path(".lsart_cache")
    monkeypatch.setenv("LSART_CACHE", "")
    assert FailureDatabase().directory == Path(".lsart_cache")
    monkeypatch.setenv("LSART_CACHE", str(tmp_path))
    assert FailureDatabase().directory == tmp_path


def test_the_default_database_of_a_campaign_is_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LSART_CACHE", str(tmp_path / "elsewhere"))
    told = explore(lost_update, database="default")
    assert kept(FailureDatabase(tmp_path / "elsewhere"), told.model) == [told.failures[0].line]
    assert not (tmp_path / ".lsart_cache").exists()


def test_a_campaign_without_a_database_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert explore(lost_update).failures
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- tried first next time


@pytest.mark.parametrize("name", BUGS)
def test_a_known_failure_is_found_again_without_a_schedule(name: str, database: FailureDatabase) -> None:
    first = explore(BUGS[name], database=database)
    again = explore(BUGS[name], database=database)
    assert first.schedules > 0
    assert again.schedules == 0
    assert len(again.failures) == 1
    assert again.failures[0].schedule == 0
    assert again.failures[0].symptom == first.failures[0].symptom
    assert again.failures[0].line == first.failures[0].line
    assert kept(database, BUGS[name].name) == [first.failures[0].line]
    assert not again.is_interrupted


def test_several_known_failures_are_found_again_as_many_as_are_enough(database: FailureDatabase) -> None:
    first = explore(two_bugs, stop_after=2, database=database)
    assert explore(two_bugs, stop_after=1, database=database).schedules == 0
    both = explore(two_bugs, stop_after=2, database=database)
    assert both.schedules == 0
    assert {each.symptom for each in both.failures} == {each.symptom for each in first.failures}


def test_known_failures_that_are_not_enough_are_kept_and_the_campaign_goes_on(database: FailureDatabase) -> None:
    explore(two_bugs, database=database)
    told = explore(two_bugs, stop_after=2, database=database)
    assert told.failures[0].schedule == 0
    assert told.failures[1].schedule
    assert told.schedules > 0
    assert len(kept(database, told.model)) == 2


def test_progress_says_that_known_failures_are_tried(database: FailureDatabase) -> None:
    explore(lost_update, database=database)
    heard: list[Any] = []
    explore(lost_update, database=database, on_progress=heard.append)
    assert [(each.doing, each.schedules) for each in heard] == [("known failures", 0)]


def test_a_token_that_fails_no_more_is_forgotten(database: FailureDatabase) -> None:
    """The fingerprint is that of before: something that the model calls was mended."""
    first = explore(BUGS["lost update"], database=database)
    mended = attrs.evolve(BUGS["lost update"], main=never_fails)
    told = explore(mended, schedules=20, database=database)
    assert told.failures == ()
    assert told.schedules == 20
    assert kept(database, first.model) == []


def test_a_token_that_fails_in_another_way_is_forgotten_too(database: FailureDatabase) -> None:
    first = explore(BUGS["lost update"], database=database)

    async def other() -> None:
        await point("balance")
        raise KeyError("other")

    told = explore(attrs.evolve(BUGS["lost update"], main=other), database=database)
    (failure,) = told.failures
    assert (failure.symptom.kind, failure.schedule) == ("KeyError", 1)
    assert kept(database, first.model) == [failure.line]


def test_tokens_of_other_code_and_of_other_seeds_are_left_alone(database: FailureDatabase) -> None:
    first = explore(BUGS["lost update"], database=database)
    changed = Model(main=never_fails, name=first.model, fingerprint=1)
    explore(changed, schedules=5, database=database)
    explore(BUGS["lost update"], seed=1, schedules=1, database=database)
    assert first.failures[0].line in kept(database, first.model)


def test_a_failure_of_a_smaller_model_is_found_again_without_a_schedule(database: FailureDatabase) -> None:
    assert explore(crowd(3), database=database).failures[0].model == "crowd-2"
    assert explore(crowd(3), database=database).schedules == 0


# ---------------------------------------------------------------------- never in the way


def test_a_corrupt_file_costs_nothing(database: FailureDatabase) -> None:
    explore(lost_update, database=database)
    (file,) = (database.directory / "failures").iterdir()
    for junk in (b"\xff\xfe\x00", b"", b"lsart1:AAAA\nhello\n\0\n", b"lsart9:AAAA"):
        file.write_bytes(junk)
        assert database.tokens(as_model(lost_update).name) == []
        told = explore(lost_update, database=database)
        assert told.schedules > 0
        assert kept(database, told.model) == [told.failures[0].line]


def test_what_can_still_be_read_beside_a_corrupt_line_is_kept(database: FailureDatabase) -> None:
    good, newer = numbered(2)
    database.add("bank", good)
    (file,) = (database.directory / "failures").iterdir()
    file.write_text(f"lsart1:broken\n{good[:-2]}\n{good}\n", "utf-8")
    assert kept(database) == [good]
    assert database.add("bank", newer)
    assert kept(database) == [newer, good]


@pytest.mark.parametrize("where", ["cache", "cache/failures"])
def test_a_directory_that_cannot_be_made_costs_nothing(where: str, database: FailureDatabase) -> None:
    blocked = database.directory.parent / where
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where the directory should be", "utf-8")
    assert database.tokens("bank") == database.all() == []
    assert database.add("bank", numbered(1)[0]) is False
    database.remove("bank", numbered(1)[0])
    assert explore(lost_update, database=database).failures


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_costs_nothing(database: FailureDatabase) -> None:
    database.directory.mkdir()
    database.directory.chmod(0o500)
    assert database.add("bank", numbered(1)[0]) is False
    assert explore(lost_update, database=database).failures


def test_a_directory_in_the_place_of_a_file_costs_nothing(database: FailureDatabase) -> None:
    database.add("bank", numbered(1)[0])
    (file,) = (database.directory / "failures").iterdir()
    file.unlink()
    file.mkdir()
    assert database.tokens("bank") == database.all() == []
    assert database.add("bank", numbered(1)[0]) is False


def test_a_failure_that_other_settings_cannot_show_is_kept(database: FailureDatabase) -> None:
    race = BUGS["timeout race"]
    assert explore(race, database=database).failures
    kept_before = kept(database, race.name)
    assert kept_before
    assert not explore(race, database=database, time_is_a_choice=False, schedules=20).failures
    assert kept(database, race.name) == kept_before
