"""Tokens: one line of text that is read back whole, or refused with a reason that helps."""

import base64
from pathlib import Path
from zlib import crc32

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import BUGS

from lsart import Model, TokenError, explore, replay
from lsart.contract import ConfigurationError
from lsart.engine import CLOCK
from lsart.exploration import Token, decode
from lsart.exploration._script import Switch
from lsart.exploration._token import LONGEST, PREFIX

_32_BITS = st.integers(0, 2**32 - 1)
_tasks = st.integers(CLOCK, 10**6)
_switches = st.builds(Switch, task=_tasks, steps=st.integers(0, 2**70), then=_tasks)
tokens = st.builds(
    Token,
    model=st.text(),
    fingerprint=_32_BITS,
    symptom=_32_BITS,
    trace=_32_BITS,
    script=st.lists(_switches).map(tuple),
    steps=st.integers(0, 2**70),
    seed=st.integers(-(2**200), 2**200),
    step_limit=st.integers(1, 2**70),
    strategy=st.text(),
    time_is_a_choice=st.booleans(),
    labelled=st.booleans(),
    is_shrunk=st.booleans(),
    is_minimal=st.booleans(),
    trio_version=st.text(),
    python_version=st.text(),
)
A_TOKEN = Token(
    model="bank:übertrag",
    fingerprint=2**32 - 1,
    symptom=7,
    trace=0,
    script=(Switch(2, 2, 3), Switch(3, 300, CLOCK)),
    steps=1000,
    seed=-(2**80),
    strategy="pct",
    trio_version="0.35.0",
    python_version="3.11",
)
A_LINE = A_TOKEN.encode()


def sealed(data: bytes) -> str:
    """A token with the right checksum, whatever is in it."""
    return PREFIX + base64.urlsafe_b64encode(data + crc32(data).to_bytes(4, "little")).decode().rstrip("=")


def read(text: str) -> Token | str:
    """What is read, or why it is refused."""
    try:
        return decode(text)
    except TokenError as error:
        return str(error)


def refusal(text: str) -> str:
    """Why a text is no token."""
    with pytest.raises(TokenError) as caught:
        decode(text)
    return str(caught.value)


@given(tokens)
def test_what_is_read_is_what_was_written(token: Token) -> None:
    assert decode(token.encode()) == token


@pytest.mark.parametrize("seed", [0, 1, -1, 63, 64, -64, -65, 2**63, -(2**63), 10**100, -(10**100)])
def test_seeds_of_any_size_and_sign_come_back(seed: int) -> None:
    assert decode(attrs.evolve(A_TOKEN, seed=seed).encode()).seed == seed


@given(tokens)
def test_a_token_is_one_word_of_characters_that_need_no_quoting(token: Token) -> None:
    line = token.encode()
    assert line.startswith(PREFIX)
    body = line.removeprefix(PREFIX)
    assert body.isascii()
    assert body.replace("-", "").replace("_", "").isalnum()


def test_blanks_around_a_token_do_not_matter() -> None:
    assert decode(f"\n  {A_LINE}\t\n") == A_TOKEN


def test_a_token_cut_off_anywhere_is_refused_and_never_anything_worse() -> None:
    for length in range(len(A_LINE)):
        assert refusal(A_LINE[:length])


def test_a_token_cut_off_in_its_body_is_told_to_be_copied_whole() -> None:
    for length in range(len(PREFIX), len(A_LINE)):
        reason = refusal(A_LINE[:length])
        assert "was cut off" in reason
        assert "'lsart explore' prints a new one" in reason


@given(st.integers(0, len(A_LINE) - 1), st.characters(codec="utf-8"))
def test_one_other_character_is_refused_or_changes_nothing(place: int, character: str) -> None:
    """The last character has bits that belong to no byte, and base64 has two ways to write some others."""
    found = read(A_LINE[:place] + character + A_LINE[place + 1 :])
    if isinstance(found, Token):
        assert found == A_TOKEN
        assert character == A_LINE[place] or character in "+/" or place == len(A_LINE) - 1
    else:
        assert "token" in found


def test_no_letter_or_digit_can_stand_for_another_before_the_last_one() -> None:
    for place in range(len(A_LINE) - 1):
        for character in "AaZz09":
            if character != A_LINE[place]:
                assert refusal(A_LINE[:place] + character + A_LINE[place + 1 :])


@given(st.text())
def test_foreign_text_is_refused_and_never_anything_worse(text: str) -> None:
    assert refusal(text)


@given(st.text())
def test_foreign_text_that_begins_like_a_token_is_refused(text: str) -> None:
    assert refusal(PREFIX + text)


@given(st.binary(min_size=1))
def test_bytes_with_the_right_checksum_are_a_token_or_refused(data: bytes) -> None:
    found = read(sealed(data))
    if isinstance(found, Token):
        assert decode(found.encode()) == found
    else:
        assert "makes no sense to this lsart" in found


def test_a_number_that_never_ends_is_refused() -> None:
    assert "makes no sense" in refusal(sealed(b"\xff" * 300))


def test_a_text_that_is_no_utf_8_is_refused() -> None:
    assert "makes no sense" in refusal(sealed(b"\x01\xff" + b"\x00" * 40))


def test_a_token_of_another_version_is_told_apart_from_a_broken_one() -> None:
    reason = refusal(A_LINE.replace("lsart1:", "lsart2:"))
    assert "'lsart2'" in reason
    assert "use the lsart that made it" in reason


def test_a_refusal_is_a_usage_error() -> None:
    assert issubclass(TokenError, ConfigurationError)


@pytest.mark.parametrize("text", ["", " ", "hello", "no/such/file", "\0", "a" * 5000])
def test_what_is_no_token_is_told_what_one_looks_like(text: str) -> None:
    reason = refusal(text)
    assert "neither a token (lsart1:...) nor a file" in reason
    assert len(reason) < 200


def test_a_token_in_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "failure.token"
    file.write_text(f"{A_LINE}\n", "utf-8")
    assert decode(str(file)) == A_TOKEN


def test_files_that_hold_no_token_are_refused(tmp_path: Path) -> None:
    binary, empty, cut = tmp_path / "binary", tmp_path / "empty", tmp_path / "cut"
    binary.write_bytes(bytes(range(256)))
    empty.touch()
    cut.write_text(A_LINE[:-3], "utf-8")
    for name in (str(tmp_path), str(tmp_path / "missing"), str(binary), str(empty)):
        assert "nor a file that holds one" in refusal(name)
    assert "was cut off" in refusal(str(cut))


def test_a_file_may_be_replayed_by_its_name(tmp_path: Path) -> None:
    model = BUGS["lost update"]
    failure = explore(model).failure
    assert failure is not None
    file = tmp_path / "failure.token"
    file.write_text(failure.line, "utf-8")
    assert replay(model, str(file)).is_exact


@pytest.mark.parametrize("model", BUGS.values(), ids=BUGS)
def test_a_shrunk_failure_has_a_token_that_fits_a_line(model: Model) -> None:
    failure = explore(model).failure
    assert failure is not None
    assert failure.is_shrunk
    assert failure.fits_a_line
    assert len(failure.line) < LONGEST
    assert decode(failure.line) == failure.token


def test_a_token_says_what_it_was_made_with() -> None:
    failure = explore(BUGS["timeout race"], strategy="random", seed=5).failure
    assert failure is not None
    token = decode(failure.line)
    assert (token.model, token.seed, token.time_is_a_choice, token.labelled) == ("models:timeout_race", 5, True, True)
    assert token.strategy == failure.strategy
    assert token.steps == failure.steps
