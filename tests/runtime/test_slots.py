"""The function table is hosted from its rows: arguments are checked, misuse is told, failure is the documented one."""

from __future__ import annotations

import enum
from typing import Any

import attrs
import pytest
from lsas import Log, scripted, simulated
from slots import SECTION, failure_of, outcome_of, valid_arguments

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    LSA_STRING,
    STATUS_INVALID_PARAMETER,
    STATUS_NOT_IMPLEMENTED,
    ClientRequest,
    Pointer,
    Slot,
    StatusError,
)
from lsart.events import SlotCalled, SlotMisused, SlotReturned, SlotUnavailable
from lsart.runtime import LsaSettings, implemented

GIB = 1 << 30


SERVED = implemented()["LSA_SECPKG_FUNCTION_TABLE"]


@pytest.mark.parametrize(
    "slot", [each for each in LSA_SECPKG_SLOTS if each.name not in SERVED], ids=lambda each: each.name
)
@simulated
async def test_a_slot_that_is_not_served_gives_its_documented_failure_and_is_told(slot: Slot, log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        result = await outcome_of(getattr(package.table, slot.name)(*valid_arguments(slot)))
        assert result == failure_of(slot, STATUS_NOT_IMPLEMENTED)
        told = log.one(SlotUnavailable)
        assert (told.slot, told.origin.package) == (slot.name, "a")


@simulated
async def test_every_slot_that_is_served_has_a_service() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package):
        for name in sorted(SERVED):
            assert getattr(package.table, name).__name__ == name


TOO_LARGE = [
    ("CreateSharedMemory", (5 * GIB, 0), "max_size", None),
    ("CreateSharedMemory", (4096, 5 * GIB), "initial_size", None),
    ("CreateSharedMemory", (-1, 0), "max_size", None),
    ("AllocateSharedMemory", (SECTION, 5 * GIB), "size", None),
    ("AllocateLsaHeap", (1 << 32,), "length", None),
    ("AllocatePrivateHeap", (1 << 64,), "length", None),
    ("AllocateClientBuffer", (ClientRequest(1), 5 * GIB), "length_required", STATUS_INVALID_PARAMETER),
    ("AllocateSharedMemory", (None, 8), "shared_mem", None),
    ("FreeSharedMemory", (None, SECTION), "shared_mem", None),
    ("DeleteSharedMemory", (None,), "shared_mem", False),
    ("CopyFromClientBuffer", (ClientRequest(1), 8, None), "client_base_address", STATUS_INVALID_PARAMETER),
    ("CreateLogonSession", (1 << 64,), "logon_id", STATUS_INVALID_PARAMETER),
    ("AddCredential", (1, 0, "k" * 65536, b""), "primary_key_value", STATUS_INVALID_PARAMETER),
    ("AddCredential", (1, 0, "k", bytes(65536)), "credentials", STATUS_INVALID_PARAMETER),
    ("GetCredentials", (1, 0, 1 << 32, True, ""), "query_context", STATUS_INVALID_PARAMETER),
]


@pytest.mark.parametrize(("slot", "values", "parameter", "failure"), TOO_LARGE)
@simulated
async def test_a_value_that_the_signature_cannot_carry_is_misuse_and_fails_as_documented(
    slot: str, values: tuple[object, ...], parameter: str, failure: object, log: Log
) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        assert await outcome_of(getattr(package.table, slot)(*values)) == failure
        told = log.one(SlotMisused)
        assert (told.slot, told.parameter, told.origin.package) == (slot, parameter, "a")
        assert told.problem in ("is NULL",) or "cannot carry" in told.problem


class Size(enum.IntEnum):
    PAGE = 4096


@simulated
async def test_any_kind_of_int_is_an_int(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        assert await package.table.CreateSharedMemory(Size.PAGE, Size.PAGE) is not None
    assert log.of(SlotMisused) == []


WRONG = [
    ("CreateSharedMemory", ("4096", 0), "expected an int for ULONG, got str '4096'"),
    ("CreateSharedMemory", (True, 0), "expected an int for ULONG, got bool True"),
    ("CreateSharedMemory", (4096.0, 0), "expected an int for ULONG, got float"),
    ("CreateSharedMemory", (None, 0), "expected an int for ULONG, got NoneType"),
    ("AllocateSharedMemory", (4096, 8), "expected a Pointer or None, got int 4096"),
    ("AllocateSharedMemory", (b"x", 8), "expected a Pointer or None, got bytes"),
    ("FreeSharedMemory", (SECTION, "block"), "expected a Pointer or None, got str"),
    ("FreeLsaHeap", (b"x",), "expected a Pointer or None, got bytes"),
    ("AllocateClientBuffer", (1, 8), "expected the ClientRequest that the entry point was given, got 1"),
    ("CreateSharedMemory", (4096,), r"CreateSharedMemory\(max_size, initial_size\) is missing initial_size"),
    ("CreateSharedMemory", (1, 2, 3), "takes 2 arguments, got 3"),
    ("AddCredential", (1, 0, b"key", b""), "expected text or an LSA_STRING of text, got bytes"),
    ("AddCredential", (1, 0, LSA_STRING(SECTION, 3), b""), "expected text or an LSA_STRING of text"),
    ("AddCredential", (1, 0, "key", "text"), "expected bytes, got str"),
    ("GetCredentials", (1, 0, 0, 1, ""), "expected True or False, got int 1"),
]


@pytest.mark.parametrize(("slot", "values", "message"), WRONG)
@simulated
async def test_a_value_of_the_wrong_type_is_what_a_compiler_would_refuse(
    slot: str, values: tuple[object, ...], message: str
) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package):
        with pytest.raises(TypeError, match=message):
            await getattr(package.table, slot)(*values)


@simulated
async def test_arguments_may_be_named_and_a_wrong_name_is_refused() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package):
        table: Any = package.table
        assert await table.CreateSharedMemory(max_size=4096, initial_size=0) is not None
        assert await table.CreateSharedMemory(4096, initial_size=0) is not None
        with pytest.raises(TypeError, match="has no parameter 'maximum'"):
            await table.CreateSharedMemory(maximum=4096, initial_size=0)
        with pytest.raises(TypeError, match="got 'max_size' twice"):
            await table.CreateSharedMemory(4096, max_size=4096)


@simulated
async def test_a_client_that_makes_a_package_ask_for_5_gib_gets_its_documented_failure(log: Log) -> None:
    async def call(table: Any, request: ClientRequest, message: bytes) -> None:
        section = await table.CreateSharedMemory(4096, 0)
        assert await table.AllocateSharedMemory(section, int(message)) is None

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect() as client:
        await client.call("a", b"%d" % (5 * GIB))
        await client.call("a", b"%d" % (3 * GIB))  # fits a ULONG, but no section
    assert [each.problem for each in log.of(SlotMisused)] == [
        f"is {5 * GIB}, which ULONG (0 to 4294967295) cannot carry"
    ]


@simulated
async def test_a_slot_call_and_its_result_are_told_with_who_called_for_whom(log: Log) -> None:
    async def call(table: Any, request: ClientRequest, message: bytes) -> None:
        await table.AllocatePrivateHeap(7)
        with pytest.raises(StatusError):
            await table.CopyFromClientBuffer(request, 4, Pointer(8, "alice"))

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect("alice") as client:
        await client.call("a", b"")
    called, returned = log.of(SlotCalled), log.of(SlotReturned)
    assert [each.slot for each in called] == [each.slot for each in returned]
    assert [each.slot for each in called] == ["AllocatePrivateHeap", "CopyFromClientBuffer"]
    assert called[0].arguments == ("7",)
    assert (called[0].origin.package, called[0].origin.call, called[0].origin.client) == ("a", 1, "alice")
    assert returned[0].result.startswith("Pointer(")
    assert returned[1].result.startswith("STATUS_ACCESS_VIOLATION")


@simulated
async def test_arguments_are_told_in_words_that_are_the_same_in_every_run(log: Log) -> None:
    """The repr of an object of the package's own may hold an address."""

    class Own:
        def runs(self, _: object) -> None: ...

    package, own = scripted("a"), Own()
    async with lsart.open_lsa(package, bus=log.bus):
        await package.table.CreateThread(None, 0, own.runs, [own, "text", (7, None)], 0)
    (told,) = log.of(SlotCalled)
    name = f"{test_arguments_are_told_in_words_that_are_the_same_in_every_run.__name__}.<locals>.Own"
    assert told.arguments == ("None", "0", f"{name}.runs", f"(<{name}>, 'text', (7, None))", "0")


@simulated
async def test_nobody_listening_changes_no_result() -> None:
    """Hot paths ask the bus first; without a listener they take another way to the same end."""
    package = scripted("a")
    async with lsart.open_lsa(package, settings=LsaSettings(watchdog=None)):
        section = await package.table.CreateSharedMemory(65536, 0)
        assert section is not None
        block = await package.table.AllocateSharedMemory(section, 8)
        assert block is not None
        assert await package.table.AllocateSharedMemory(section, GIB) is None
        await package.table.FreeSharedMemory(section, block)
        assert await package.table.DeleteSharedMemory(section) is True
        assert await package.table.DeleteSharedMemory(section) is False


def row(name: str, parameter: str, **changes: Any) -> tuple[Slot, ...]:
    """The rows of the table, one parameter of one of them changed."""
    slot = next(each for each in LSA_SECPKG_SLOTS if each.name == name)
    parameters = tuple(attrs.evolve(each, **changes) if each.name == parameter else each for each in slot.parameters)
    changed = attrs.evolve(slot, parameters=parameters)
    return tuple(changed if each is slot else each for each in LSA_SECPKG_SLOTS)


@pytest.mark.parametrize("tolerates", [True, False])
@simulated
async def test_whether_null_reaches_a_function_is_said_by_its_row(
    tolerates: bool, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = row("DeleteSharedMemory", "shared_mem", tolerates_null=tolerates)
    monkeypatch.setattr("lsart.runtime._host.LSA_SECPKG_SLOTS", rows)
    reached: list[object] = []

    async def delete(*arguments: object) -> bool:
        reached.append(arguments[-1])
        return False

    monkeypatch.setattr("lsart.runtime._memory_services.MemoryServices.DeleteSharedMemory", delete)
    package = scripted("a")
    nothing: Any = None
    async with lsart.open_lsa(package, bus=log.bus):
        assert await package.table.DeleteSharedMemory(nothing) is False
    assert reached == ([None] if tolerates else [])
    assert len(log.of(SlotMisused)) == (0 if tolerates else 1)


@pytest.mark.parametrize("takes", [True, False])
@simulated
async def test_whether_bytes_stand_for_a_pointer_is_said_by_the_row(
    takes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = row("CopyToClientBuffer", "buffer_to_copy", takes_bytes=takes)
    monkeypatch.setattr("lsart.runtime._host.LSA_SECPKG_SLOTS", rows)
    package = scripted("a")
    async with lsart.open_lsa(package):
        copy = package.table.CopyToClientBuffer(ClientRequest(1), 1, SECTION, b"x")
        if takes:
            assert await outcome_of(copy) == STATUS_INVALID_PARAMETER  # no call is being served
        else:
            with pytest.raises(TypeError, match="expected a Pointer or None, got bytes"):
                await copy
