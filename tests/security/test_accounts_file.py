"""Accounts in a file: read with all faults at once, written without a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from accounts import CHEAP, CONTOSO
from hypothesis import given, settings
from hypothesis import strategies as st

from lsart.security import (
    Account,
    Accounts,
    AccountsError,
    Group,
    LockoutPolicy,
    Sam,
    accounts_text,
    is_password,
    parse_accounts,
    read_accounts,
)

FILE = """
[domain]
name = "CONTOSO"
dns_name = "contoso.test"

[lockout]
threshold = 3
window_s = 60
duration_s = 0.5

[hashing]
memory_kib = 8

[[group]]
name = "Staff"
rid = 1100

[[account]]
name = "alice"
rid = 1001
password = "correct horse"
groups = ["Staff"]
expires_s = 3600

[[account]]
name = "web"
rid = 1002
disabled = true
"""


def test_a_file_says_who_may_log_on(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(FILE, "utf-8")
    found = read_accounts(path)
    alice, web = found.accounts
    assert (found.domain, found.sid, found.groups) == ("CONTOSO", Accounts().sid, (Group(name="Staff", rid=1100),))
    assert found.lockout == LockoutPolicy(threshold=3, window_ns=60 * 10**9, duration_ns=10**9 // 2)
    assert found.cost == CHEAP
    assert (alice.groups, alice.expires_ns, web.disabled) == (("Staff",), 3600 * 10**9, True)
    assert is_password("correct horse", alice.password_hash)
    assert Sam(found, b"key").check_password(web, "", 0).value == "wrong"


def test_the_written_file_has_no_password_and_reads_as_the_same_accounts() -> None:
    text = accounts_text(parse_accounts(FILE))
    assert "correct horse" not in text
    assert "password" not in text
    assert accounts_text(CONTOSO) == accounts_text(parse_accounts(accounts_text(CONTOSO)))


NAME = st.text("abcdefgh ü\U0001f600", min_size=1, max_size=8)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=50)
@given(
    st.lists(NAME, unique_by=str.casefold, max_size=4),
    st.lists(NAME, unique_by=str.casefold, max_size=3),
    st.data(),
)
def test_any_accounts_come_back_from_their_file(names: list[str], groups: list[str], data: st.DataObject) -> None:
    made = Accounts(
        groups=tuple(Group(name=each, rid=1 + at, member_of=groups[:at]) for at, each in enumerate(groups)),
        accounts=tuple(
            Account(
                name=each,
                rid=100 + at,
                password_hash=data.draw(st.sampled_from(["", CONTOSO.accounts[0].password_hash])),
                display_name=data.draw(ANY),
                alternate_ids=[f"{at}{data.draw(ANY)}"],
                groups=groups,
                disabled=data.draw(st.booleans()),
                expires_ns=data.draw(st.none() | st.integers(0, 10**15)),
                supplemental_credentials=data.draw(st.dictionaries(ANY, st.binary(max_size=9), max_size=2)),
            )
            for at, each in enumerate(names)
        ),
        lockout=LockoutPolicy(threshold=data.draw(st.integers(0, 9)), window_ns=data.draw(st.integers(0, 10**12))),
    )
    assert parse_accounts(accounts_text(made)) == made


FAULTY = [
    ("x = 1", "x: no such table; known are domain, lockout, hashing, group, account"),
    ("domain = 1", "domain: expected a table"),
    ("[domain]\nnmae = 'x'", "domain.nmae: no such key"),
    ("[domain]\nname = 1", "domain.name: expected a text, not int"),
    ("[lockout]\nthreshold = -1", "lockout.threshold: expected a whole number, not negative, not int"),
    ("[lockout]\nthreshold = true", "lockout.threshold: expected a whole number, not negative, not bool"),
    ("[lockout]\nwindow_s = nan", "lockout.window_s: expected a number of seconds, not negative, not float"),
    ("[hashing]\nmemory_kib = 1", "HashCost(time_cost=1, memory_kib=1"),
    ("[account]\nname = 'a'", "account: write [[account]], once for each"),
    ("[[account]]\nname = 'a'", "account[0]: rid is missing"),
    ("[[account]]\nrid = 1", "account[0]: name is missing"),
    ("[[account]]\nname = 'a'\nrid = 1\ngroups = 'b'", "account[0].groups: expected a list of texts, not str"),
    ("[[account]]\nname = 'a'\nrid = 1\ndisabled = 1", "account[0].disabled: expected true or false, not int"),
    ("[[account]]\nname = 'a'\nrid = 1\nhash = 'secret'", "account[0].hash: is no hash of argon2id"),
    ("[[account]]\nname = 'a'\nrid = 1\nhash = '$argon2id$secret'", "account[0].hash: cannot be read by argon2"),
    ("[[account]]\nname = 'a'\nrid = 1\ngroups = ['b']", "account 'a': there is no group 'b'"),
    (
        "[[account]]\nname = 'a'\nrid = 1\nsupplemental_credentials = {p = 'secret!'}",
        "account[0].supplemental_credentials: expected a table of packages, each with a text in base64, not dict",
    ),
    ("[[account]]\nname = 'a'\nrid = 1\nsupplemental_credentials = 'secret'", "in base64, not str"),
    ("[domain", "Expected ']'"),
]


@pytest.mark.parametrize(("text", "fault"), FAULTY)
def test_a_fault_says_where_and_what(text: str, fault: str) -> None:
    with pytest.raises(AccountsError) as caught:
        parse_accounts(text, "accounts.toml")
    assert str(caught.value).startswith("accounts.toml has 1 fault:")
    assert fault in caught.value.faults[0]


def test_all_faults_of_a_file_are_told_at_once_and_none_repeats_a_secret() -> None:
    text = "y = 2\n" + FILE.replace('"correct horse"', '["correct horse"]') + 'rig = 1\nhash = "secret"\n'
    with pytest.raises(AccountsError, match="has 4 faults") as caught:
        parse_accounts(text)
    assert "horse" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_file_of_the_documentation_can_be_read() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "accounts.md").read_text("utf-8")
    example = page.partition("## The file")[2].partition("Further keys")[0]
    found = parse_accounts(example)
    assert [each.name for each in found.accounts] == ["alice"]
    assert found.lockout.threshold == 5
    for key in page.partition("Further keys of an account: ")[2].partition("; times")[0].split("`")[1::2]:
        value = {"disabled": "true", "hash": '""'}.get(key, "1" if key.endswith("_s") else '"x@y"')
        value = '["S-1-5-21-1"]' if key in ("sid_history", "service_principal_names", "alternate_ids") else value
        value = '{ "challenge" = "a2V5" }' if key == "supplemental_credentials" else value
        value = '"CN=x"' if key == "distinguished_name" else value
        parse_accounts(f"[[account]]\nname = 'a'\nrid = 1\n{key} = {value}")


def test_password_and_hash_are_one_too_many() -> None:
    text = f"[[account]]\nname = 'a'\nrid = 1\npassword = 'x'\nhash = '{CONTOSO.accounts[0].password_hash}'"
    with pytest.raises(AccountsError, match="password and hash; give one of them"):
        parse_accounts(text)
