"""Structures refuse members of wrong types where they are made, in the package that makes them, and show none."""

from __future__ import annotations

from typing import Any

import pytest

from lsart.contract import (
    ENCRYPTED_CREDENTIALW,
    LSA_STRING,
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    SID_AND_ATTRIBUTES,
    TOKEN_SOURCE,
    Pointer,
)

USER = SID_AND_ATTRIBUTES("S-1-5-21-1-2-3-1001")
V1 = {"user": USER, "primary_group": "S-1-5-32-545"}


@pytest.mark.parametrize(
    ("kind", "members", "name"),
    [
        (SID_AND_ATTRIBUTES, {"sid": None}, "sid"),
        (SID_AND_ATTRIBUTES, {"sid": USER.sid, "attributes": None}, "attributes"),
        (LUID_AND_ATTRIBUTES, {"luid": "SeDebugPrivilege"}, "luid"),
        (LUID_AND_ATTRIBUTES, {"luid": 20, "attributes": "on"}, "attributes"),
        (TOKEN_SOURCE, {"source_name": b"tests"}, "source_name"),
        (TOKEN_SOURCE, {"source_name": "tests", "source_identifier": None}, "source_identifier"),
        (LSA_TOKEN_INFORMATION_NULL, {"groups": None}, "groups"),
        (LSA_TOKEN_INFORMATION_NULL, {"expiration_time": None}, "expiration_time"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"user": USER.sid}, "user"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"primary_group": USER}, "primary_group"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"groups": (USER, USER.sid)}, "groups"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"groups": (None,)}, "groups"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"privileges": ("SeDebugPrivilege",)}, "privileges"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"owner": USER}, "owner"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"default_dacl": "D:"}, "default_dacl"),
        (LSA_TOKEN_INFORMATION_V1, V1 | {"expiration_time": 1.5}, "expiration_time"),
        (SECPKG_PRIMARY_CRED, {"logon_id": None}, "logon_id"),
        (SECPKG_PRIMARY_CRED, {"downlevel_name": None}, "downlevel_name"),
        (SECPKG_PRIMARY_CRED, {"domain_name": None}, "domain_name"),
        (SECPKG_PRIMARY_CRED, {"password": b"hunter2"}, "password"),
        (SECPKG_PRIMARY_CRED, {"old_password": b"hunter2"}, "old_password"),
        (SECPKG_PRIMARY_CRED, {"password": Pointer(4096, "lsass")}, "password"),
        (SECPKG_PRIMARY_CRED, {"user_sid": USER}, "user_sid"),
        (SECPKG_PRIMARY_CRED, {"flags": "clear"}, "flags"),
        (SECPKG_PRIMARY_CRED, {"dns_domain_name": None}, "dns_domain_name"),
        (SECPKG_PRIMARY_CRED, {"upn": None}, "upn"),
        (SECPKG_PRIMARY_CRED, {"logon_server": None}, "logon_server"),
        (SECPKG_SUPPLEMENTAL_CRED, {"package_name": None}, "package_name"),
        (SECPKG_SUPPLEMENTAL_CRED, {"package_name": "a", "credentials": "hunter2"}, "credentials"),
        (ENCRYPTED_CREDENTIALW, {"target_name": "a", "credential_blob": "hunter2"}, "credential_blob"),
        (LSA_STRING, {"buffer": b"hunter2"}, "buffer"),
    ],
)
def test_a_member_of_another_type_is_refused_by_name_and_not_shown(kind: Any, members: Any, name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{kind.__name__}: {name} is ") as caught:
        kind(**members)
    assert "hunter2" not in str(caught.value)


def test_what_the_members_may_be() -> None:
    anywhere = Pointer(4096, "lsass")
    for groups in ((), (USER,), anywhere):
        LSA_TOKEN_INFORMATION_V1(**V1, groups=groups, owner=USER.sid, default_dacl=b"")  # type: ignore[arg-type]
    for password in ("", "hunter2", LSA_STRING(anywhere, 14)):
        SECPKG_PRIMARY_CRED(password=password)
