"""The account store: what cannot be is refused with every fault; lockout and expiry go by the run's clock."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from accounts import CONTOSO, PASSWORD, contoso
from hypothesis import given
from hypothesis import strategies as st

from lsart.events import Origin
from lsart.security import Account, Accounts, AccountsError, Group, LockoutPolicy, PasswordVerdict, Sam, is_password

SECOND = 1_000_000_000
THREE = LockoutPolicy(threshold=3, window_ns=60 * SECOND, duration_ns=600 * SECOND)
RIGHT, WRONG, LOCKED = PasswordVerdict.RIGHT, PasswordVerdict.WRONG, PasswordVerdict.LOCKED_OUT


def alice_of(sam: Sam) -> Account:
    return sam.accounts.accounts[0]


def verdicts(sam: Sam, attempts: list[tuple[int, str]]) -> list[PasswordVerdict]:
    """What alice is told at these seconds with these passwords."""
    return [sam.check_password(alice_of(sam), password, at * SECOND) for at, password in attempts]


def test_so_many_wrong_passwords_lock_an_account_also_for_the_right_one() -> None:
    sam = Sam(contoso(THREE), b"key")
    assert verdicts(sam, [(0, "a"), (1, "b"), (2, "c"), (3, PASSWORD), (4, "d")]) == [WRONG] * 3 + [LOCKED] * 2


def test_a_lock_ends_when_its_time_is_over_and_counting_starts_anew() -> None:
    sam = Sam(contoso(THREE), b"key")
    verdicts(sam, [(0, "a"), (1, "b"), (2, "c")])
    assert verdicts(sam, [(601, PASSWORD), (602, "a"), (602, PASSWORD)]) == [LOCKED, WRONG, RIGHT]
    assert sam.wrong_passwords(alice_of(sam)) == 0


def test_trying_while_it_is_locked_does_not_prolong_the_lock() -> None:
    sam = Sam(contoso(THREE), b"key")
    verdicts(sam, [(0, "a"), (1, "b"), (2, "c"), (300, "d"), (601, "e")])
    assert verdicts(sam, [(602, PASSWORD)]) == [RIGHT]


def test_a_lock_without_a_duration_stays() -> None:
    sam = Sam(contoso(attrs.evolve(THREE, duration_ns=0)), b"key")
    verdicts(sam, [(0, "a"), (1, "b"), (2, "c")])
    assert verdicts(sam, [(10**9, PASSWORD)]) == [LOCKED]


def test_a_wrong_password_counts_for_its_window_only() -> None:
    sam = Sam(contoso(THREE), b"key")
    assert verdicts(sam, [(0, "a"), (1, "b"), (61, "c"), (62, "d"), (63, PASSWORD)]) == [WRONG] * 4 + [RIGHT]


def test_the_right_password_clears_the_count() -> None:
    sam = Sam(contoso(THREE), b"key")
    assert verdicts(sam, [(0, "a"), (1, "b"), (2, PASSWORD), (3, "c"), (4, "d")])[2:] == [RIGHT, WRONG, WRONG]


def test_without_a_threshold_nothing_locks() -> None:
    sam = Sam(contoso(), b"key")
    assert verdicts(sam, [(at, "x") for at in range(50)] + [(50, PASSWORD)])[-1] is RIGHT


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["right", "wrong"])), max_size=30))
def test_the_store_counts_as_the_policy_says(steps: list[tuple[int, str]]) -> None:
    """Against the policy written down once more, as a list of times."""
    sam = Sam(contoso(THREE), b"key", verify=lambda password, hashed: password == "right")
    now, wrong_at, locked_at = 0, list[int](), -1
    for pause, password in steps:
        now += pause * SECOND
        if locked_at >= 0 and now - locked_at >= THREE.duration_ns:
            wrong_at, locked_at = [], -1
        if locked_at >= 0:
            expected = LOCKED
        elif password == "right":
            expected, wrong_at = RIGHT, []
        else:
            expected = WRONG
            if wrong_at and now - wrong_at[-1] >= THREE.window_ns:
                wrong_at = []
            wrong_at.append(now)
            locked_at = now if len(wrong_at) == THREE.threshold else -1
        assert sam.check_password(alice_of(sam), password, now) is expected
        assert sam.wrong_passwords(alice_of(sam)) == len(wrong_at)


@pytest.mark.parametrize(
    ("fields", "at_s", "verdict"),
    [
        ({"disabled": True}, 0, PasswordVerdict.DISABLED),
        ({"expires_ns": 5 * SECOND}, 4, RIGHT),
        ({"expires_ns": 5 * SECOND}, 5, PasswordVerdict.EXPIRED),
        ({"expires_ns": 0}, 0, PasswordVerdict.EXPIRED),
        ({"password_expires_ns": 5 * SECOND}, 4, RIGHT),
        ({"password_expires_ns": 5 * SECOND}, 5, PasswordVerdict.PASSWORD_EXPIRED),
    ],
)
def test_what_restricts_an_account_is_told_to_who_knows_the_password_only(
    fields: dict[str, Any], at_s: int, verdict: PasswordVerdict
) -> None:
    sam = Sam(CONTOSO.with_account("carol", "secret", **fields), b"key")
    carol = sam.accounts.accounts[-1]
    assert sam.check_password(carol, "guessed", at_s * SECOND) is WRONG
    assert sam.check_password(carol, "secret", at_s * SECOND) is verdict


@pytest.mark.parametrize("password", ["", "x", PASSWORD])
def test_no_password_opens_an_account_that_has_none_nor_the_account_of_nobody(password: str) -> None:
    sam = Sam(CONTOSO, b"key")
    web = sam.accounts.accounts[2]
    assert sam.check_password(web, password, 0) is WRONG
    assert sam.check_password(None, password, 0) is WRONG


def test_the_password_of_nobody_costs_what_a_wrong_one_costs() -> None:
    checked: list[str] = []

    def verify(password: str, hashed: str) -> bool:
        checked.append(hashed.rpartition("$")[0].rpartition("$")[0])  # up to the salt: what it costs
        return is_password(password, hashed)

    locked = LockoutPolicy(threshold=1)
    sam = Sam(contoso(locked), b"key", verify=verify)
    for account in (alice_of(sam), None, sam.accounts.accounts[2], alice_of(sam)):  # the last time it is locked
        sam.check_password(account, "guessed", 0)
    assert len(checked) == 4
    assert len(set(checked)) == 1


def test_handles_are_never_given_out_twice_and_die_when_they_are_closed() -> None:
    sam = Sam(CONTOSO, b"key")
    first = sam.open(alice_of(sam), Origin("a"))
    assert sam.opened(first) is not None
    assert sam.close(first)
    assert not sam.close(first)
    assert sam.opened(first) is None
    assert sam.open(alice_of(sam), Origin("a")) != first


def test_a_package_leaves_its_own_handles_behind_and_no_others() -> None:
    sam = Sam(CONTOSO, b"key")
    handles = {name: sam.open(alice_of(sam), Origin(name)) for name in ("a", "b")}
    ((left, record),) = sam.release("a")
    assert (left, record.opened.package) == (handles["a"], "a")
    assert sam.opened(handles["a"]) is None
    assert sam.opened(handles["b"]) is not None
    assert sam.handles == 1


FAULTY = [
    ({"domain": "a b\\c"}, "no name of a domain"),
    ({"sid": "S-1"}, "is no SID"),
    ({"accounts": (Account(name="a@b", rid=1),)}, "account 'a@b': a name has"),
    ({"accounts": (Account(name="", rid=1),)}, "account ''"),
    ({"accounts": (Account(name="a", rid=0),)}, "rid is 0"),
    ({"accounts": (Account(name="a", rid=1, groups=["none"]),)}, "there is no group 'none'"),
    ({"accounts": (Account(name="a", rid=1), Account(name="A", rid=2))}, "accounts: 'a' is there 2 times"),
    ({"accounts": (Account(name="a", rid=1), Account(name="b", rid=1))}, "rids: '1' is there 2 times"),
    ({"accounts": (Account(name="a", rid=1, distinguished_name="alice"),)}, "no distinguished name"),
    ({"accounts": (Account(name="a", rid=1, user_principal_name="alice"),)}, "no user principal name"),
    ({"accounts": (Account(name="a", rid=1, sid_history=["1"]),)}, "in its SID history is no SID"),
    ({"groups": (Group(name="g", rid=1, member_of=["h"]),)}, "group 'g': there is no group 'h'"),
]


@pytest.mark.parametrize(("fields", "fault"), FAULTY, ids=lambda each: each if isinstance(each, str) else "")
def test_accounts_that_cannot_be_are_refused_with_what_is_wrong(fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(AccountsError) as caught:
        Accounts(**fields)
    assert any(fault in each for each in caught.value.faults), caught.value.faults


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(AccountsError, match="has 3 faults") as caught:
        Accounts(sid="x", domain="", accounts=(Account(name="a", rid=0),))
    assert len(caught.value.faults) == 3


def test_a_policy_with_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        LockoutPolicy(threshold=-1)


def test_the_next_rid_is_taken_unless_one_is_given() -> None:
    assert Accounts().with_account("a").with_account("b").accounts[1].rid == 1002
