"""The client's functions believe nothing: handles, names, ids and pointers are checked, and nobody learns why."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_NAME_TOO_LONG,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_PORT_CONNECTION_REFUSED,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    ProcessTerminated,
)
from lsart.events import ClientConnected, ClientDisconnected


async def echo(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    return await table.reply(request, message)


@pytest.mark.rule("LCO-2", "LLA-1", "LCA-1", "LCA-3", "LFB-1")
@simulated
async def test_look_up_call_and_free_as_a_windows_client_does() -> None:
    async with lsart.open_lsa(scripted("a", call=echo)) as lsa:
        client = lsa.start_client("alice")
        handle = await client.LsaConnectUntrusted()
        number = await client.LsaLookupAuthenticationPackage(handle, "a")
        answer = await client.LsaCallAuthenticationPackage(handle, number, b"hello")
        buffer = answer.protocol_return_buffer
        assert isinstance(buffer, Pointer)
        assert buffer.space == "alice"
        assert await client.memory.read(buffer, answer.return_buffer_length) == b"hello"
        assert in_use(lsa) == {"commit limit": 4096}
        await client.LsaFreeReturnBuffer(buffer)
        assert in_use(lsa) == {}
        await client.LsaDeregisterLogonProcess(handle)


@pytest.mark.rule("LCP-1", "LCP-2", "LCU-1", "LCO-1", "CLA-1", "LCA-1")
@simulated
async def test_trusted_and_untrusted_callers_reach_different_functions_of_the_package() -> None:
    def entry(name: bytes) -> object:
        async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
            return await table.reply(request, name)

        return call

    package = scripted("a", call=entry(b"untrusted"), trusted=entry(b"trusted"))
    async with lsart.open_lsa(package) as lsa:
        async with lsa.connect() as client:
            assert (await client.call("a", b"")).data == b"untrusted"
        async with lsa.connect(trusted=True) as client:
            assert (await client.call("a", b"")).data == b"trusted"
            number = await client.LsaLookupAuthenticationPackage(client.handle, "a")
            # Trust belongs to the connection and not to the process.
            second = await client.LsaConnectUntrusted()
            answer = await client.LsaCallAuthenticationPackage(second, number, b"")
            assert answer.return_buffer_length == len(b"untrusted")


@pytest.mark.rule("LRL-1", "LRL-2")
@simulated
async def test_a_trusted_connection_takes_the_privilege_and_a_name(log: Log) -> None:
    async with lsart.open_lsa(bus=log.bus) as lsa:
        plain = lsa.start_client()
        assert await status_of(plain.LsaRegisterLogonProcess("winlogon")) == STATUS_PORT_CONNECTION_REFUSED
        privileged = lsa.start_client(has_tcb_privilege=True)
        handle = await privileged.LsaRegisterLogonProcess("n" * 127)
        assert await status_of(privileged.LsaRegisterLogonProcess("n" * 128)) == STATUS_NAME_TOO_LONG
        connected = log.one(ClientConnected)
        assert (connected.handle, connected.trusted, connected.client) == (handle, True, privileged.name)


@pytest.mark.rule("LRL-3")
@simulated
async def test_two_processes_may_register_under_one_name_which_the_event_log_keeps(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", trusted=echo), bus=log.bus) as lsa:
        processes = [lsa.start_client(name, has_tcb_privilege=True) for name in ("one", "two")]
        for process in processes:
            handle = await process.LsaRegisterLogonProcess("winlogon")
            await process.LsaCallAuthenticationPackage(handle, 0, b"")
        await processes[0].LsaConnectUntrusted()
        async with lsa.connect("third", trusted=True):
            pass
    assert [(each.client, each.logon_process) for each in log.of(ClientConnected)] == [
        ("one", "winlogon"),
        ("two", "winlogon"),
        ("one", ""),
        ("third", "third"),
    ]


@pytest.mark.rule("LLA-2")
@simulated
async def test_a_name_is_unknown_or_too_long() -> None:
    async with lsart.open_lsa(scripted("a")) as lsa, lsa.connect() as client:
        look_up = client.LsaLookupAuthenticationPackage
        assert await status_of(look_up(client.handle, "b")) == STATUS_NO_SUCH_PACKAGE
        assert await status_of(look_up(client.handle, "n" * 127)) == STATUS_NO_SUCH_PACKAGE
        assert await status_of(look_up(client.handle, "n" * 128)) == STATUS_NAME_TOO_LONG
        assert await status_of(look_up(client.handle, "ä" * 64)) == STATUS_NAME_TOO_LONG  # bytes count
        assert await status_of(client.call("b", b"")) == STATUS_NO_SUCH_PACKAGE


@simulated
async def test_an_argument_of_the_wrong_type_fails_in_the_client_and_says_what_it_takes() -> None:
    async with lsart.open_lsa(scripted("a", call=echo)) as lsa, lsa.connect() as client:
        handles: list[Any] = [None, "h", [], 1.5]
        for wrong in handles:
            assert await status_of(client.LsaDeregisterLogonProcess(wrong)) == STATUS_INVALID_HANDLE
            assert await status_of(client.LsaLookupAuthenticationPackage(wrong, "a")) == STATUS_INVALID_HANDLE
            assert await status_of(client.LsaCallAuthenticationPackage(wrong, 0, b"")) == STATUS_INVALID_HANDLE
        no_name: Any = b"a"
        with pytest.raises(TypeError, match="a name is text, got bytes b'a'"):
            await client.LsaLookupAuthenticationPackage(client.handle, no_name)
        look_up = client.LsaLookupAuthenticationPackage(client.handle, "\ud800")
        assert await status_of(look_up) == STATUS_NO_SUCH_PACKAGE
        no_buffer: Any = "x"
        with pytest.raises(TypeError, match="expected a Pointer or None, got str 'x'"):
            await client.LsaFreeReturnBuffer(no_buffer)


@pytest.mark.parametrize("number", [1, -1, 1 << 40])
@simulated
async def test_an_id_that_no_package_has_gives_no_such_package(number: int) -> None:
    async with lsart.open_lsa(scripted("a")) as lsa, lsa.connect() as client:
        call = client.LsaCallAuthenticationPackage(client.handle, number, b"")
        assert await status_of(call) == STATUS_NO_SUCH_PACKAGE


@pytest.mark.rule("LDR-1", "LCO-3", "LRL-6")
@simulated
async def test_a_closed_handle_is_unusable_and_others_stay_open(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=echo), bus=log.bus) as lsa:
        client = lsa.start_client(has_tcb_privilege=True)
        handles = [await client.LsaConnectUntrusted(), await client.LsaRegisterLogonProcess("x")]
        kept = await client.LsaConnectUntrusted()
        for handle in handles:
            await client.LsaDeregisterLogonProcess(handle)
            assert await status_of(client.LsaDeregisterLogonProcess(handle)) == STATUS_INVALID_HANDLE
            assert await status_of(client.LsaLookupAuthenticationPackage(handle, "a")) == STATUS_INVALID_HANDLE
            assert await status_of(client.LsaCallAuthenticationPackage(handle, 0, b"")) == STATUS_INVALID_HANDLE
        await client.LsaCallAuthenticationPackage(kept, 0, b"")
        assert [(each.handle, each.reason) for each in log.of(ClientDisconnected)] == [
            (handle, "deregistered") for handle in handles
        ]


@simulated
async def test_a_handle_of_another_process_is_no_handle_and_stays_open() -> None:
    package = scripted("a", call=echo)
    async with lsart.open_lsa(package) as lsa, lsa.connect(trusted=True) as owner, lsa.connect() as thief:
        for handle in (owner.handle, 0, -4, 1 << 70):
            assert await status_of(thief.LsaLookupAuthenticationPackage(handle, "a")) == STATUS_INVALID_HANDLE
            assert await status_of(thief.LsaCallAuthenticationPackage(handle, 0, b"")) == STATUS_INVALID_HANDLE
            assert await status_of(thief.LsaDeregisterLogonProcess(handle)) == STATUS_INVALID_HANDLE
        assert await status_of(owner.call("a", b"")) != STATUS_SUCCESS  # it has no CallPackage, but is heard
        assert await owner.LsaLookupAuthenticationPackage(owner.handle, "a") == 0


@simulated
async def test_the_message_about_a_handle_gives_no_hint_whose_it_is() -> None:
    async with lsart.open_lsa(scripted("a")) as lsa, lsa.connect("owner") as owner, lsa.connect("thief") as thief:
        messages = []
        for handle in (owner.handle, owner.handle + 400):
            with pytest.raises(lsart.StatusError) as caught:
                await thief.LsaLookupAuthenticationPackage(handle, "a")
            messages.append(str(caught.value).replace(hex(handle), "HANDLE"))
    assert messages[0] == messages[1]
    assert "owner" not in messages[0]


@simulated
async def test_a_process_that_has_ended_can_do_nothing() -> None:
    async with lsart.open_lsa("minimal") as lsa:
        async with lsa.connect("alice") as client:
            reply = await client.call("minimal", b"hello")
            assert reply.data == b"hello"
            view = client.map_section("minimal")
            handle = client.handle
        assert not client.is_alive
        assert await status_of(client.LsaConnectUntrusted()) == STATUS_INVALID_HANDLE
        assert await status_of(client.LsaLookupAuthenticationPackage(handle, "minimal")) == STATUS_INVALID_HANDLE
        assert await status_of(client.call("minimal", b"")) == STATUS_INVALID_HANDLE
        assert await status_of(client.LsaFreeReturnBuffer(Pointer(1, "alice"))) == STATUS_INVALID_PARAMETER
        with pytest.raises(lsart.AccessViolation, match="nothing is mapped there"):
            await view.read(0, 1)
        with pytest.raises(ProcessTerminated, match="alice has ended; it cannot map section-1"):
            client.map_section("minimal")
        client.terminate()  # a second time: nothing happens
        lsa.start_client("alice").terminate()  # the name is free again
    assert in_use(lsa) == {}


@pytest.mark.rule("LFB-1", "ACB-5")
@simulated
async def test_only_the_process_that_got_a_reply_can_free_it_and_only_once() -> None:
    package = scripted("a", call=echo)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("mallory") as mallory:
        answer = await alice.LsaCallAuthenticationPackage(alice.handle, 0, b"hello")
        buffer = answer.protocol_return_buffer
        assert isinstance(buffer, Pointer)
        for wrong in (buffer, Pointer(buffer.address, "mallory"), Pointer(buffer.address, "lsass")):
            assert await status_of(mallory.LsaFreeReturnBuffer(wrong)) == STATUS_INVALID_PARAMETER
        for wrong in (buffer + 1, Pointer(buffer.address, "mallory"), Pointer(buffer.address, "lsass")):
            assert await status_of(alice.LsaFreeReturnBuffer(wrong)) == STATUS_INVALID_PARAMETER
        assert await alice.memory.read(buffer, 5) == b"hello"
        await alice.LsaFreeReturnBuffer(buffer)
        assert await status_of(alice.LsaFreeReturnBuffer(buffer)) == STATUS_INVALID_PARAMETER
        await alice.LsaFreeReturnBuffer(None)


@simulated
async def test_names_of_live_clients_are_unique() -> None:
    async with lsart.open_lsa() as lsa:
        lsa.start_client("alice")
        with pytest.raises(ValueError, match="a client named 'alice' is running already"):
            lsa.start_client("alice")


@simulated
async def test_a_section_that_is_not_there_cannot_be_mapped() -> None:
    async with lsart.open_lsa("minimal", scripted("a")) as lsa, lsa.connect() as client:
        for package, index in (("a", 0), ("minimal", 1), ("minimal", -1)):
            with pytest.raises(LookupError, match="so none at index"):
                client.map_section(package, index)


@pytest.mark.rule("CSM-7")
@simulated
async def test_clients_share_the_bytes_at_the_same_offsets_and_different_addresses() -> None:
    async with lsart.open_lsa("minimal") as lsa, lsa.connect() as first, lsa.connect() as second:
        views = first.map_section("minimal"), second.map_section("minimal")
        await views[0].write(100, b"shared")
        assert await views[1].read(100, 6) == b"shared"
        assert views[0].base.address != views[1].base.address
        assert first.map_section("minimal").base == views[0].base  # mapped once


@simulated
async def test_a_read_only_view_cannot_be_written() -> None:
    async with lsart.open_lsa("minimal") as lsa, lsa.connect() as client:
        view = client.map_section("minimal", writable=False)
        assert await view.read(0, 4) == bytes(4)
        with pytest.raises(lsart.AccessViolation, match="section-1 is read-only in this process"):
            await view.write(0, b"x")
