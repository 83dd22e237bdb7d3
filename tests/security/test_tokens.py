"""Tokens: what they say, and the sessions that they keep."""

from __future__ import annotations

from typing import Any

import pytest
from tokens import ADMINS, LUID, USER, USERS, V1, built
from worlds import World

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    SID_AND_ATTRIBUTES,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_LOGON_SESSION,
    TOKEN_SOURCE,
    InternalError,
    StatusError,
)
from lsart.security import (
    ANONYMOUS_LOGON,
    AUTHENTICATED_USERS,
    EVERYONE,
    PRIVILEGES,
    AccessToken,
    HandleTable,
    LogonSession,
    Security,
)


class Machine:
    """One session of a package, and the tokens of LSASS."""

    def __init__(self, **limits: int) -> None:
        self.world = World(None, **limits)
        self.security = Security(self.world.memory)
        self.session: LogonSession = self.security.sessions.create(LUID, self.world.by("CreateLogonSession"))

    def create(self, into: HandleTable | None = None) -> int | None:
        table = self.security.handles if into is None else into
        return self.security.tokens.create(built(), table, self.world.by("CreateToken"))

    def made(self) -> tuple[int, AccessToken]:
        handle = self.create()
        assert handle is not None
        token = self.security.handles.find(handle)
        assert isinstance(token, AccessToken)
        return handle, token


def test_lsa_adds_its_groups_after_those_that_were_given_and_none_twice() -> None:
    everyone = SID_AND_ATTRIBUTES(EVERYONE, 4)
    content = built(token_groups=(ADMINS, everyone))
    assert content.groups[:3] == (USERS, ADMINS, everyone)
    assert [each.sid for each in content.groups[3:]] == [AUTHENTICATED_USERS, "S-1-5-4", "S-1-5-5-1-2"]
    assert content.groups[-1].attributes == 0xC000_0007
    assert (content.user, content.owner, content.primary_group) == (USER, USER, USERS.sid)


@pytest.mark.parametrize(
    ("logon_type", "added"), [(3, {"S-1-5-2"}), (5, {"S-1-5-6"}), (10, {"S-1-5-14", "S-1-5-4"}), (9, set())]
)
def test_the_kind_of_logon_is_a_group(logon_type: int, added: set[str]) -> None:
    sids = {each.sid for each in built(logon_type=logon_type).groups}
    assert sids - {USERS.sid, EVERYONE, AUTHENTICATED_USERS, "S-1-5-5-1-2"} == added


def test_policy_adds_privileges_and_turns_on_what_it_names() -> None:
    shutdown, debug = PRIVILEGES["SeShutdownPrivilege"], PRIVILEGES["SeDebugPrivilege"]
    given = (LUID_AND_ATTRIBUTES(shutdown, 0), LUID_AND_ATTRIBUTES(debug, 0))
    information = LSA_TOKEN_INFORMATION_V1(
        user=V1.user, primary_group=USERS.sid, groups=(USERS, ADMINS), privileges=given
    )
    content = built(information, policy={ADMINS.sid: ("SeDebugPrivilege", "SeTcbPrivilege"), "S-1-5-6": ("none",)})
    assert [each.luid for each in content.privileges] == [shutdown, debug, 7]
    held = ("SeShutdownPrivilege", "SeDebugPrivilege", "SeTcbPrivilege", "SeAuditPrivilege")
    assert [content.has(each) for each in held] == [False, True, True, False]
    assert built().has("SeChangeNotifyPrivilege")


def test_a_user_may_what_it_or_an_enabled_group_of_it_may() -> None:
    disabled = SID_AND_ATTRIBUTES("S-1-5-32-546", 0)
    content = built(token_groups=(disabled,))
    for sid in (USER, USERS.sid, EVERYONE):
        assert content.may(frozenset({sid}))
    assert content.may(None)
    assert not content.may(frozenset({disabled.sid, ADMINS.sid}))


@pytest.mark.rule("TI0-1")
def test_the_null_form_gives_an_anonymous_token_for_unprotected_resources_only() -> None:
    content = built(LSA_TOKEN_INFORMATION_NULL(groups=(USERS,)))
    assert content.user == ANONYMOUS_LOGON
    assert content.is_anonymous
    assert content.groups == (USERS,)
    assert content.privileges == ()
    assert content.may(None)
    for sid in (ANONYMOUS_LOGON, EVERYONE, USERS.sid):
        assert not content.may(frozenset({sid}))


@pytest.mark.parametrize(
    "changes",
    [
        {"user": SID_AND_ATTRIBUTES("alice")},
        {"groups": (USERS, SID_AND_ATTRIBUTES("S-1-5-"))},
        {"primary_group": ADMINS.sid},
        {"owner": ADMINS.sid},
        {"privileges": (LUID_AND_ATTRIBUTES(1),)},
    ],
)
def test_information_that_makes_no_token_is_an_invalid_parameter(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"user": V1.user, "primary_group": USERS.sid, "groups": (USERS,)}
    with pytest.raises(StatusError) as caught:
        built(LSA_TOKEN_INFORMATION_V1(**(given | changes)))
    assert caught.value.status == STATUS_INVALID_PARAMETER


def test_the_name_of_a_source_has_eight_bytes() -> None:
    assert TOKEN_SOURCE("password").source_name == "password"
    with pytest.raises(ValueError, match="SourceName holds 8"):
        TOKEN_SOURCE("passwörd")


@pytest.mark.rule("SES-1")
def test_a_token_and_each_copy_of_it_counts_as_a_reference_to_its_session_until_it_goes() -> None:
    machine = Machine()
    tokens, session = machine.security.tokens, machine.session
    client = HandleTable(machine.world.environment)
    handle, token = machine.made()
    assert session.references == 1
    copied = tokens.copy(token, client, machine.world.by("DuplicateToken"), impersonation_level=1)
    assert copied is not None
    assert session.references == 2
    machine.security.handles.duplicate(handle, client, machine.world.by("DuplicateHandle"))
    assert session.references == 2, "another handle is the same token"
    copy = client.find(copied)
    assert isinstance(copy, AccessToken)
    assert copy.content.impersonation_level == 1
    assert copy.content.token_id != token.content.token_id
    machine.security.handles.close(handle, machine.world.now)
    assert session.references == 2
    client.close_all(machine.world.now)
    assert session.references == 0
    assert machine.security.check() == []


def test_a_token_needs_a_session_and_a_handle() -> None:
    machine = Machine(handles=0)
    assert machine.create() is None
    assert machine.session.references == 0
    client = HandleTable(machine.world.environment)
    with pytest.raises(StatusError) as caught:
        machine.security.tokens.create(built(logon_id=LUID + 1), client, machine.world.by())
    assert caught.value.status == STATUS_NO_SUCH_LOGON_SESSION
    assert len(client) == 0


def test_the_oldest_live_token_stands_for_its_session() -> None:
    machine = Machine()
    tokens = machine.security.tokens
    assert tokens.of_session(LUID) is None
    (first, token), (_, other) = machine.made(), machine.made()
    assert tokens.of_session(LUID) is token
    machine.security.handles.close(first, machine.world.now)
    assert tokens.of_session(LUID) is other
    with pytest.raises(InternalError, match="closed token"):
        tokens.copy(token, machine.security.handles, machine.world.by())


def test_a_token_that_a_package_leaves_open_goes_before_its_session_is_judged() -> None:
    machine = Machine()
    machine.made()
    machine.security.release_package("cache", machine.world.now)
    assert machine.security.sessions.find(LUID) is None
    assert machine.security.check() == []
    assert machine.world.memory.check(others=machine.security.due()) == []
