"""Names of accounts: what finds them, and what they are translated into."""

from __future__ import annotations

import pytest
from accounts import CONTOSO, contoso

from lsart.contract import DS_NAME_ERROR, DS_NAME_FORMAT, enumerations
from lsart.security import CrackError, Names, parts_of

F = DS_NAME_FORMAT
E = DS_NAME_ERROR
Type = enumerations.SECPKG_NAME_TYPE
NAMES = Names(CONTOSO)
ALICE = {
    F.DS_FQDN_1779_NAME: "CN=alice,CN=Users,DC=contoso,DC=test",
    F.DS_NT4_ACCOUNT_NAME: "CONTOSO\\alice",
    F.DS_DISPLAY_NAME: "Alice Adams",
    F.DS_CANONICAL_NAME: "contoso.test/Users/alice",
    F.DS_USER_PRINCIPAL_NAME: "alice@contoso.test",
    F.DS_CANONICAL_NAME_EX: "contoso.test/Users\nalice",
}
SID = "S-1-5-21-1-2-3-1001"


@pytest.mark.parametrize("offered", [*ALICE, F.DS_UNKNOWN_NAME])
@pytest.mark.parametrize("requested", ALICE)
def test_every_form_of_a_name_becomes_every_other(offered: DS_NAME_FORMAT, requested: DS_NAME_FORMAT) -> None:
    name = ALICE.get(offered, "Alice Adams")
    assert NAMES.crack(offered, name.upper(), requested) == ALICE[requested]


@pytest.mark.parametrize("name", [SID, "S-1-5-21-9-9-9-77"])
def test_a_sid_finds_the_account_also_one_that_it_had_before(name: str) -> None:
    assert NAMES.crack(F.DS_SID_OR_SID_HISTORY_NAME, name, F.DS_NT4_ACCOUNT_NAME) == "CONTOSO\\alice"


CANNOT = [
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\nobody", F.DS_DISPLAY_NAME, E.DS_NAME_ERROR_NOT_FOUND),
    (F.DS_NT4_ACCOUNT_NAME, "alice", F.DS_DISPLAY_NAME, E.DS_NAME_ERROR_NOT_FOUND),
    (F.DS_FQDN_1779_NAME, "no name", F.DS_DISPLAY_NAME, E.DS_NAME_ERROR_NOT_FOUND),
    (F.DS_UNIQUE_ID_NAME, "{1}", F.DS_DISPLAY_NAME, E.DS_NAME_ERROR_NOT_FOUND),
    (99, "CONTOSO\\alice", F.DS_DISPLAY_NAME, E.DS_NAME_ERROR_NOT_FOUND),
    (F.DS_DISPLAY_NAME, "Bob", F.DS_NT4_ACCOUNT_NAME, E.DS_NAME_ERROR_NOT_UNIQUE),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_USER_PRINCIPAL_NAME, E.DS_NAME_ERROR_NO_MAPPING),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_SERVICE_PRINCIPAL_NAME, E.DS_NAME_ERROR_NO_MAPPING),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_UNIQUE_ID_NAME, E.DS_NAME_ERROR_NO_MAPPING),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_SID_OR_SID_HISTORY_NAME, E.DS_NAME_ERROR_NO_MAPPING),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_UNKNOWN_NAME, E.DS_NAME_ERROR_NO_MAPPING),
    (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", 99, E.DS_NAME_ERROR_NO_MAPPING),
]


@pytest.mark.parametrize(("offered", "name", "requested", "error"), CANNOT)
def test_what_cannot_be_translated_says_why(offered: int, name: str, requested: int, error: DS_NAME_ERROR) -> None:
    with pytest.raises(CrackError) as caught:
        NAMES.crack(offered, name, requested)
    assert caught.value.error is error


def test_several_service_names_are_not_one() -> None:
    names = Names(CONTOSO.with_account("sql", service_principal_names=["mssql/a", "mssql/b"]))
    assert names.crack(F.DS_SERVICE_PRINCIPAL_NAME, "MSSQL/B", F.DS_NT4_ACCOUNT_NAME) == "CONTOSO\\sql"
    with pytest.raises(CrackError, match="NOT_UNIQUE"):
        names.crack(F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\sql", F.DS_SERVICE_PRINCIPAL_NAME)


def test_every_account_is_in_the_one_domain() -> None:
    assert NAMES.crack(F.DS_NT4_ACCOUNT_NAME, "contoso\\web", F.DS_DNS_DOMAIN_NAME) == "contoso.test"


def test_a_comma_in_a_part_is_part_of_it() -> None:
    assert NAMES.crack(F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_CANONICAL_NAME) == "contoso.test/Ops/bob, the 2nd"
    assert parts_of("CN=a\\,b\\\\, O = c") == [("CN", "a,b\\"), ("O", "c")]


@pytest.mark.parametrize("name", ["", "alice", "CN=", "=a", "CN=a,", "CN=a\\", "CN=a,,O=b"])
def test_a_name_with_a_part_that_is_none_is_no_distinguished_name(name: str) -> None:
    with pytest.raises(ValueError, match="no distinguished name"):
        parts_of(name)


def test_a_distinguished_name_is_compared_part_by_part() -> None:
    found = NAMES.find("cn=ALICE , cn=users,DC=contoso, dc=TEST", Type.SecNameDN, None)
    assert found is not None
    assert found.name == "alice"


def test_name_at_domain_finds_who_has_no_principal_name_and_never_somebody_else() -> None:
    found = NAMES.find("bob@contoso.test", Type.SecNameFlat, None)
    assert found is not None
    assert found.name == "bob"
    taken = Names(contoso().with_account("carol", user_principal_name="bob@contoso.test"))
    found = taken.find("bob@contoso.test", Type.SecNameFlat, None)
    assert found is not None
    assert found.name == "carol"
