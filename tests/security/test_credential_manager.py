"""The credential manager's store, without LSA's slots."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import (
    CRED_TYPE_DOMAIN_CERTIFICATE,
    CRED_TYPE_DOMAIN_PASSWORD,
    CRED_TYPE_GENERIC,
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    Pointer,
)
from lsart.security import CredentialManager

TARGETS = ("srv", "SRV", "web")
TYPES = (CRED_TYPE_GENERIC, CRED_TYPE_DOMAIN_PASSWORD, CRED_TYPE_DOMAIN_CERTIFICATE)
WRITES = st.tuples(st.sampled_from("ab"), st.sampled_from(TARGETS), st.sampled_from(TYPES), st.binary(max_size=4))


@given(st.lists(WRITES, max_size=20))
def test_a_user_has_what_was_written_last_for_each_target_and_type_whatever_the_case(
    writes: list[tuple[str, str, int, bytes]],
) -> None:
    store, last = CredentialManager(), dict[tuple[str, str, int], bytes]()
    for user, target, type, blob in writes:
        store.write(user, ENCRYPTED_CREDENTIALW(target, type, credential_blob=blob))
        last[user, target.lower(), type] = blob
    for user in "ab":
        for target in TARGETS:
            for type in TYPES:
                found = store.read(user, target, type)
                assert (found and found.credential_blob) == last.get((user, target.lower(), type))
            found_all = store.for_target(user, CREDENTIAL_TARGET_INFORMATIONW(dns_server_name=target))
            expected = {each[2] for each in last if each[:2] == (user, target.lower())} - {CRED_TYPE_GENERIC}
            assert {each.type for each in found_all} == expected


def test_a_target_may_take_some_types_only_and_a_name_that_is_empty_is_none() -> None:
    store = CredentialManager()
    for type in TYPES:
        store.write("a", ENCRYPTED_CREDENTIALW("srv", type))
        store.write("a", ENCRYPTED_CREDENTIALW("", type))
    target = CREDENTIAL_TARGET_INFORMATIONW(target_name="Srv", cred_types=(CRED_TYPE_DOMAIN_CERTIFICATE,))
    assert [each.type for each in store.for_target("a", target)] == [CRED_TYPE_DOMAIN_CERTIFICATE]
    assert store.for_target("a", CREDENTIAL_TARGET_INFORMATIONW()) == ()


def test_the_store_keeps_bytes_of_its_own_and_nobodys_block() -> None:
    store = CredentialManager()
    mine: Any = bytearray(b"secret")
    store.write("a", ENCRYPTED_CREDENTIALW("srv", credential_blob=mine, block=Pointer(16, "lsass")))
    mine[:] = b"XXXXXX"
    found = store.read("a", "srv", CRED_TYPE_GENERIC)
    assert found is not None
    assert (found.credential_blob, found.block) == (b"secret", None)
