"""What is told of packages and of the machine: SECPKG_EVENT_NOTIFY and what it carries."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, scripted, simulated, status_of
from notified import NOTIFY_EVENT, PACKAGE_CHANGE, Notified

import lsart
from lsart.contract import (
    SECPKG_EVENT_DOMAIN_CHANGE,
    SECPKG_EVENT_NOTIFY,
    SECPKG_EVENT_PACKAGE_CHANGE,
    SECPKG_PARAMETERS,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    StatusError,
    constants,
)
from lsart.events import PackagePreferred
from lsart.runtime import LsaSettings

LOAD, UNLOAD, SELECT = (
    constants.SECPKG_PACKAGE_CHANGE_LOAD,
    constants.SECPKG_PACKAGE_CHANGE_UNLOAD,
    constants.SECPKG_PACKAGE_CHANGE_SELECT,
)
DOMAIN = SECPKG_PARAMETERS(machine_state=constants.SECPKG_STATE_WORKSTATION, domain_name="CONTOSO")


def changes(package: Notified) -> list[tuple[int, int, str]]:
    """What it was told of packages: change, id and name."""
    found = []
    for each in package.given:
        assert isinstance(each, SECPKG_EVENT_NOTIFY)
        data = each.event_data
        assert isinstance(data, SECPKG_EVENT_PACKAGE_CHANGE)
        found.append((data.change_type, data.package_id, data.package_name))
    return found


def refused(*_: Any) -> Any:
    raise StatusError(STATUS_LOGON_FAILURE)


@pytest.mark.rule("RNO-10", "LSQ-21", "LSQ-24")
@simulated
async def test_package_changes_are_loads_unloads_and_the_choice_of_another_preferred_package(log: Log) -> None:
    first = Notified("first", NOTIFY_EVENT, PACKAGE_CHANGE, 0, 0, None)
    b, c = scripted("b"), scripted("c")
    async with lsart.open_lsa(first, b, scripted("bad", initialize=refused), c, bus=log.bus) as lsa:
        await trio.sleep(1)
        assert changes(first) == [(LOAD, 0, "first"), (LOAD, b.package_id, "b"), (LOAD, c.package_id, "c")]
        first.given.clear()
        lsa.prefer("c")
        assert log.one(PackagePreferred).package == "c"
        assert lsa.preferred is not None
        assert lsa.preferred.name == "c"
        await trio.sleep(1)
        await b.table.UnloadPackage()
        await trio.sleep(1)
        assert changes(first) == [(SELECT, c.package_id, "c"), (UNLOAD, b.package_id, "b")]
        with pytest.raises(StatusError) as caught:
            lsa.prefer("b")
        assert caught.value.status == STATUS_NO_SUCH_PACKAGE


@simulated
async def test_a_package_that_is_unloaded_or_disabled_is_not_the_preferred_one_any_more() -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    gone, faulty = scripted("gone"), scripted("faulty", call=fail)
    async with lsart.open_lsa(gone, faulty) as lsa, lsa.connect() as client:
        for name in ("gone", "faulty"):
            lsa.prefer(name)
            assert lsa.preferred is lsa.find_package(name)
            if name == "gone":
                await gone.table.UnloadPackage()
            else:
                assert await status_of(client.call(name, b"")) == STATUS_UNSUCCESSFUL
            assert lsa.preferred is None


@pytest.mark.rule("RNO-13", "EVN-1", "EVN-2", "EVP-1")
@simulated
async def test_the_function_is_given_the_event_its_data_and_the_parameter_of_its_registration() -> None:
    package, something, other = Notified(), object(), object()
    async with lsart.open_lsa(package, scripted("b")) as lsa:
        await package.at(NOTIFY_EVENT, event_class=PACKAGE_CHANGE, given=something)
        await package.at(NOTIFY_EVENT, event_class=constants.NOTIFY_CLASS_DOMAIN_CHANGE, given=other)
        await trio.sleep(1)
        lsa.prefer("b")
        await trio.sleep(1)
        lsa.change_machine_state(DOMAIN)
        await trio.sleep(1)
    by_package, by_domain = package.given
    assert isinstance(by_package, SECPKG_EVENT_NOTIFY)
    assert isinstance(by_domain, SECPKG_EVENT_NOTIFY)
    assert by_package.package_parameter is something
    assert by_package.event_class == PACKAGE_CHANGE
    assert by_package.event_data == SECPKG_EVENT_PACKAGE_CHANGE(SELECT, 1, "b")
    assert (by_package.event_data_size, by_package.reserved) == (32, 0)
    assert by_domain.package_parameter is other
    assert by_domain.event_class == constants.NOTIFY_CLASS_DOMAIN_CHANGE
    assert (by_domain.event_data, by_domain.event_data_size) == (DOMAIN, 72)


@pytest.mark.rule("RNO-5")
@simulated
async def test_an_event_runs_the_functions_of_its_class_and_no_others() -> None:
    package = Notified()
    async with lsart.open_lsa(package, scripted("b")) as lsa:
        classes = ("PACKAGE_CHANGE", "ROLE_CHANGE", "DOMAIN_CHANGE", "REGISTRY_CHANGE")
        for each in classes:
            await package.at(NOTIFY_EVENT, event_class=getattr(constants, f"NOTIFY_CLASS_{each}"), given=each)
        await package.at(constants.NOTIFIER_TYPE_STATE_CHANGE, given="state")
        lsa.prefer("b")
        await trio.sleep(1)
        lsa.change_machine_state(SECPKG_PARAMETERS(setup_mode=1))  # another state, the same domain
        await trio.sleep(1)
        lsa.change_machine_state(DOMAIN)
        await trio.sleep(1)
    given = [each.package_parameter if isinstance(each, SECPKG_EVENT_NOTIFY) else each for each in package.given]
    assert given == ["PACKAGE_CHANGE", "state", "DOMAIN_CHANGE", "state"]


@pytest.mark.rule("RNO-12")
@simulated
async def test_the_registry_class_of_the_header_can_be_registered() -> None:
    package = Notified("notified", NOTIFY_EVENT, 4, 0, 0, None)
    async with lsart.open_lsa(package):
        assert constants.NOTIFY_CLASS_REGISTRY_CHANGE == 4
        assert package.handle is not None


@pytest.mark.rule("PAR-1", "PAR-2")
@simulated
async def test_the_machine_s_state_is_told_at_initialize_and_with_a_change_of_domain() -> None:
    machine = SECPKG_PARAMETERS(version=3, setup_mode=1, domain_name="OLD")
    package = Notified("notified", NOTIFY_EVENT, constants.NOTIFY_CLASS_DOMAIN_CHANGE, 0, 0, None)
    async with lsart.open_lsa(package, settings=LsaSettings(parameters=machine)) as lsa:
        assert package.parameters == machine == lsa.parameters
        lsa.change_machine_state(DOMAIN)
        assert lsa.parameters == DOMAIN
        await trio.sleep(1)
    (told,) = package.given
    assert isinstance(told, SECPKG_EVENT_NOTIFY)
    assert isinstance(told.event_data, SECPKG_EVENT_DOMAIN_CHANGE)
    assert told.event_data == DOMAIN
    assert SECPKG_EVENT_DOMAIN_CHANGE is SECPKG_PARAMETERS


@simulated
async def test_a_package_that_is_going_hears_of_nothing_more() -> None:
    package = Notified("notified", NOTIFY_EVENT, PACKAGE_CHANGE, 0, 0, None)
    async with lsart.open_lsa(package, scripted("b")) as lsa:
        await trio.sleep(1)
        package.given.clear()
        await package.table.UnloadPackage()
        lsa.prefer("b")
        await trio.sleep(1)
    assert package.given == []


@simulated
async def test_a_one_shot_event_that_happens_twice_at_once_runs_once() -> None:
    package = Notified()
    async with lsart.open_lsa(package, scripted("b")) as lsa:
        await package.at(NOTIFY_EVENT, event_class=PACKAGE_CHANGE, flags=constants.NOTIFIER_FLAG_ONE_SHOT)
        lsa.prefer("b")
        lsa.prefer("notified")
        await trio.sleep(1)
        assert changes(package) == [(SELECT, 1, "b")]
