"""What the tests of tokens stand on: a user, and tokens of that user."""

from __future__ import annotations

from typing import Any

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    NTSTATUS,
    SECPKG_PRIMARY_CRED,
    SID_AND_ATTRIBUTES,
    TOKEN_SOURCE,
    FunctionTable,
)
from lsart.security import TokenContent, build_token

__all__ = ["ADMINS", "LUID", "USER", "USERS", "V1", "built", "create", "create_ex"]

LUID = 0x1000
USER = "S-1-5-21-1-2-3-1001"
USERS = SID_AND_ATTRIBUTES("S-1-5-32-545", 7)
ADMINS = SID_AND_ATTRIBUTES("S-1-5-32-544", 7)
V1 = LSA_TOKEN_INFORMATION_V1(user=SID_AND_ATTRIBUTES(USER), primary_group=USERS.sid, groups=(USERS,))


def built(information: LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 = V1, **given: Any) -> TokenContent:
    """What a token of the user holds; `given` replaces arguments of `build_token`."""
    rest: dict[str, Any] = {
        "token_id": 1,
        "logon_luid": 0x1_0000_0002,
        "logon_id": LUID,
        "source": TOKEN_SOURCE("cache"),
        "logon_type": 2,
        "impersonation_level": 2,
    }
    return build_token(information, **(rest | given))


async def create(table: FunctionTable, **given: Any) -> tuple[int, NTSTATUS]:
    """CreateToken with the arguments of an interactive logon, but for those given."""
    arguments: dict[str, Any] = {
        "logon_id": LUID,
        "token_source": TOKEN_SOURCE("cache"),
        "logon_type": 2,
        "impersonation_level": 2,
        "token_information_type": 1,
        "token_information": V1,
        "token_groups": None,
        "account_name": "alice",
        "authority_name": "CONTOSO",
        "workstation": None,
        "profile_path": None,
    }
    return await table.CreateToken(**(arguments | given))


async def create_ex(table: FunctionTable, **given: Any) -> tuple[int, NTSTATUS]:
    """CreateTokenEx with the arguments of the same logon."""
    arguments: dict[str, Any] = {
        "logon_id": LUID,
        "token_source": TOKEN_SOURCE("cache"),
        "logon_type": 2,
        "impersonation_level": 2,
        "token_information_type": 1,
        "token_information": V1,
        "token_groups": None,
        "workstation": None,
        "profile_path": None,
        "session_information": SECPKG_PRIMARY_CRED(
            downlevel_name="alice", domain_name="CONTOSO", password="hunter2", user_sid=USER
        ),
        "session_information_type": 0,
    }
    return await table.CreateTokenEx(**(arguments | given))
