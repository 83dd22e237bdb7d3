"""Logon sessions: whose they are, what they cost, and when they end."""

from __future__ import annotations

import pytest
from tokens import built
from worlds import World

from lsart.contract import (
    NTSTATUS,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_LOGON_SESSION_COLLISION,
    STATUS_NO_SUCH_LOGON_SESSION,
    InternalError,
    StatusError,
)
from lsart.events import (
    HandleLeaked,
    LogonSessionDeleted,
    LogonSessionEnded,
    LogonSessionHandedOver,
    LogonSessionLeaked,
    ResourceRefused,
)
from lsart.memory import Resource
from lsart.security import LOGON_SESSION_SIZE, SYSTEM_LUIDS, LogonSession, Security, SessionState

LUID = 0x1000


def made(world: World, security: Security, luid: int = LUID) -> LogonSession:
    return security.sessions.create(luid, world.by("CreateLogonSession"))


def refused(world: World, security: Security, luid: int) -> NTSTATUS:
    """The status that deleting a session fails with."""
    with pytest.raises(StatusError) as caught:
        security.sessions.delete(luid, world.by("DeleteLogonSession"))
    return caught.value.status


def test_a_session_costs_paged_pool_while_it_lives() -> None:
    world = World(paged_pool=LOGON_SESSION_SIZE)
    security = Security(world.memory)
    made(world, security)
    assert world.machine.in_use(Resource.PAGED_POOL) == LOGON_SESSION_SIZE == security.due()[Resource.PAGED_POOL]
    with pytest.raises(StatusError) as caught:
        made(world, security, LUID + 1)
    assert caught.value.status == STATUS_INSUFFICIENT_RESOURCES
    assert world.last(ResourceRefused).resource == "paged pool"
    security.sessions.delete(LUID, world.by())
    assert world.machine.in_use(Resource.PAGED_POOL) == 0
    made(world, security, LUID + 1)


@pytest.mark.parametrize("luid", SYSTEM_LUIDS)
def test_sessions_of_the_system_are_there_and_stay(luid: int) -> None:
    world = World()
    security = Security(world.memory)
    with pytest.raises(StatusError) as caught:
        made(world, security, luid)
    assert caught.value.status == STATUS_LOGON_SESSION_COLLISION
    assert refused(world, security, luid) == STATUS_BAD_LOGON_SESSION_STATE
    session = security.sessions.get(luid)
    security.sessions.reference(session)
    assert security.sessions.release(session, world.now) is False
    assert security.sessions.find(luid) is session
    assert world.machine.in_use(Resource.PAGED_POOL) == 0, "the kernel made them before"


def test_a_session_of_lsa_ends_with_its_last_reference_and_not_before() -> None:
    world = World()
    security = Security(world.memory)
    session = made(world, security)
    security.sessions.reference(session)
    security.sessions.reference(session)
    security.sessions.hand_over(session, world.now)
    assert security.sessions.release(session, world.now) is False
    assert security.sessions.release(session, world.now) is True
    assert session.state is SessionState.GONE
    assert world.last(LogonSessionEnded).logon_id == LUID
    assert refused(world, security, LUID) == STATUS_NO_SUCH_LOGON_SESSION
    assert world.machine.in_use(Resource.PAGED_POOL) == 0


def test_a_session_that_is_still_its_packages_outlives_its_last_reference() -> None:
    world = World()
    security = Security(world.memory)
    session = made(world, security)
    security.sessions.reference(session)
    assert refused(world, security, LUID) == STATUS_BAD_LOGON_SESSION_STATE
    assert security.sessions.release(session, world.now) is False
    security.sessions.delete(LUID, world.by())
    assert world.told(LogonSessionEnded) == []
    assert world.last(LogonSessionDeleted).logon_id == LUID


def test_a_session_with_a_token_that_its_package_leaves_behind_becomes_lsas() -> None:
    world = World()
    security = Security(world.memory)
    held, bare = made(world, security), made(world, security, LUID + 1)
    security.sessions.reference(held)
    security.sessions.create(LUID + 2, world.by(package="other"))
    security.release_package("cache", world.now)
    assert [each.logon_id for each in world.told(LogonSessionLeaked)] == [LUID, LUID + 1]
    assert (held.state, bare.state) == (SessionState.OWNED, SessionState.GONE)
    assert security.sessions.get(LUID + 2).state is SessionState.CREATED
    assert security.sessions.release(held, world.now) is True
    assert world.machine.in_use(Resource.PAGED_POOL) == LOGON_SESSION_SIZE


def test_steps_that_the_table_does_not_have_are_our_own_fault() -> None:
    world = World()
    security = Security(world.memory)
    session = made(world, security)
    with pytest.raises(InternalError, match="no reference to release"):
        security.sessions.release(session, world.now)
    security.sessions.hand_over(session, world.now)
    with pytest.raises(InternalError, match="cannot be handed over"):
        security.sessions.hand_over(session, world.now)
    security.close(world.now)
    with pytest.raises(InternalError, match="is gone"):
        security.sessions.reference(session)
    assert world.machine.in_use(Resource.PAGED_POOL) == 0


def test_a_package_that_leaves_session_and_token_leaves_no_session_to_lsa() -> None:
    """Its token is closed first, so that nothing needs the session any more when its turn comes."""
    world = World()
    security = Security(world.memory)
    security.sessions.create(LUID, world.by("CreateLogonSession"))
    assert security.tokens.create(built(), security.handles, world.by("CreateToken")) is not None
    security.release_package("cache", world.now)
    told = [type(each).__name__ for each in world.events if isinstance(each, HandleLeaked | LogonSessionLeaked)]
    assert told == ["HandleLeaked", "LogonSessionLeaked"]
    assert not [each for each in world.events if isinstance(each, LogonSessionHandedOver)]
    assert security.sessions.find(LUID) is None
    assert security.check() == []
