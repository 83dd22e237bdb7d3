"""The sample `challenge` as its users meet it: contexts between processes, and messages on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import trio
from challenge import ASKED, NATIVE, accepting, connecting, leg_of_client, leg_of_server, message, paired
from lsart_packages.challenge import identity
from lsas import in_use, simulated

import lsart
from lsart.contract import (
    NTSTATUS,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_LOGON_DENIED,
    SEC_E_MESSAGE_ALTERED,
    SEC_E_NO_CREDENTIALS,
    SEC_E_OUT_OF_SEQUENCE,
    SEC_E_QOP_NOT_SUPPORTED,
    SEC_E_UNKNOWN_CREDENTIALS,
    SEC_E_WRONG_PRINCIPAL,
    STATUS_INVALID_HANDLE,
    Pointer,
    StatusError,
    constants,
)
from lsart.events import ClientCrashed, PackageDisabled
from lsart.runtime import Client, Lsa

_TOKEN = 28


@contextmanager
def refused(*statuses: NTSTATUS) -> Iterator[None]:
    with pytest.raises(StatusError) as caught:
        yield
    assert caught.value.status in statuses


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Lsa, Client, Client]]:
    """The package, a client and a server; at the end everything is as before, and nobody crashed."""
    bus = lsart.Bus()
    faults: list[object] = []
    bus.subscribe(faults.append, ClientCrashed, PackageDisabled)
    async with (
        lsart.open_lsa("challenge", bus=bus) as lsa,
        lsa.connect("client") as client,
        lsa.connect("server") as server,
    ):
        yield lsa, client, server
        assert lsa.check() == []
    assert faults == []
    assert in_use(lsa) == {}


@simulated
async def test_both_sides_have_what_either_asked_for() -> None:
    async with running() as (_, client, server):
        outbound, inbound = await connecting(client), await accepting(server)
        ours, token = await leg_of_client(client, outbound, None, None, constants.ISC_REQ_CONFIDENTIALITY)
        theirs, token = await leg_of_server(server, inbound, None, token, constants.ASC_REQ_SEQUENCE_DETECT)
        leg = await client.InitializeSecurityContext(
            outbound, ours, "server", ASKED, 0, NATIVE, message(token=token), 0
        )
        got = await server.AcceptSecurityContext(inbound, theirs, leg.output, 0, NATIVE)
        both = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT | constants.ISC_REQ_MUTUAL_AUTH
        assert leg.context_attr & both == got.context_attr & both == both
        assert leg.context_attr & constants.ISC_REQ_INTEGRITY
        assert got.context_attr & constants.ASC_REQ_INTEGRITY


@simulated
async def test_what_one_side_seals_or_signs_the_other_takes_in_both_directions() -> None:
    async with running() as (_, client, server):
        ours, theirs = await paired(client, server)
        for sender, of_sender, receiver, of_receiver in (
            (client, ours, server, theirs),
            (server, theirs, client, ours),
        ):
            for number in (0, 5):
                text, token = bytearray(b"the quick brown fox"), bytearray(_TOKEN)
                await sender.EncryptMessage(of_sender, 0, message(text, token), number)
                assert text != b"the quick brown fox"
                await receiver.DecryptMessage(of_receiver, message(text, token), number)
                assert text == b"the quick brown fox"
                await sender.MakeSignature(of_sender, 0, message(text, token), number)
                assert await receiver.VerifySignature(of_receiver, message(text, token), number) == 0


@simulated
async def test_what_is_changed_repeated_or_sent_back_is_refused() -> None:
    async with running() as (_, client, server):
        ours, theirs = await paired(client, server)
        text, token = bytearray(b"pay 100"), bytearray(_TOKEN)
        await client.MakeSignature(ours, 0, message(text, token), 0)
        with refused(SEC_E_MESSAGE_ALTERED):
            await server.VerifySignature(theirs, message(b"pay 900", token), 0)
        with refused(SEC_E_MESSAGE_ALTERED):  # by whoever made it
            await client.VerifySignature(ours, message(text, token), 0)
        with refused(SEC_E_OUT_OF_SEQUENCE):  # under another number than the sender's
            await server.VerifySignature(theirs, message(text, token), 1)
        await server.VerifySignature(theirs, message(text, token), 0)
        with refused(SEC_E_OUT_OF_SEQUENCE):
            await server.VerifySignature(theirs, message(text, token), 0)
        await client.EncryptMessage(ours, 0, message(text, token), 0)
        text[-1] ^= 1
        with refused(SEC_E_MESSAGE_ALTERED):
            await server.DecryptMessage(theirs, message(text, token), 0)


@simulated
async def test_a_context_gives_only_what_it_was_set_up_for() -> None:
    async with running() as (_, client, server):
        ours, _ = await paired(client, server, constants.ISC_REQ_INTEGRITY)
        with refused(STATUS_INVALID_HANDLE):
            await client.EncryptMessage(ours, 0, message(bytearray(4), bytearray(_TOKEN)), 0)
        with refused(SEC_E_QOP_NOT_SUPPORTED):
            await client.MakeSignature(ours, 1, message(bytearray(4), bytearray(_TOKEN)), 0)


@simulated
async def test_a_client_with_a_wrong_password_or_name_learns_only_that_they_do_not_fit() -> None:
    async with running() as (_, client, server):
        inbound = await accepting(server)
        for account, password in (("alice", "wrong"), ("nobody", "wrong")):
            outbound = await connecting(client, account, password)
            ours, token = await leg_of_client(client, outbound, None, None)
            theirs, token = await leg_of_server(server, inbound, None, token)
            with refused(SEC_E_WRONG_PRINCIPAL):
                await leg_of_client(client, outbound, ours, token)
            with refused(SEC_E_INVALID_TOKEN):  # a proof is tried once
                await leg_of_client(client, outbound, ours, token)
            await client.DeleteSecurityContext(ours)
            await server.DeleteSecurityContext(theirs)


@simulated
async def test_a_server_takes_no_response_that_was_made_for_another_context() -> None:
    async with running() as (_, client, server):
        outbound, inbound = await connecting(client), await accepting(server)
        responses, waiting = [], []
        for _ in range(2):
            ours, token = await leg_of_client(client, outbound, None, None)
            theirs, token = await leg_of_server(server, inbound, None, token)
            _, token = await leg_of_client(client, outbound, ours, token)
            responses.append(token)
            waiting.append(theirs)
        with refused(SEC_E_LOGON_DENIED):
            await leg_of_server(server, inbound, waiting[0], responses[1])
        with refused(SEC_E_INVALID_TOKEN):  # not even the right one, after that
            await leg_of_server(server, inbound, waiting[0], responses[0])
        await leg_of_server(server, inbound, waiting[1], responses[1])


@simulated
async def test_messages_in_the_wrong_place_are_no_tokens() -> None:
    async with running() as (_, client, server):
        outbound, inbound = await connecting(client), await accepting(server)
        ours, hello = await leg_of_client(client, outbound, None, None)
        with refused(SEC_E_INVALID_TOKEN):  # its own message, sent back
            await leg_of_client(client, outbound, ours, hello)
        for nonsense in (b"", b"x", hello[:-6], bytes(129)):
            with refused(SEC_E_INVALID_TOKEN):
                await leg_of_server(server, inbound, None, nonsense)


@simulated
async def test_a_credential_is_for_what_it_was_asked_for() -> None:
    async with running() as (_, client, server):
        with refused(SEC_E_NO_CREDENTIALS):
            await client.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_OUTBOUND)
        with refused(SEC_E_UNKNOWN_CREDENTIALS):
            await client.AcquireCredentialsHandle(
                "bob", "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=identity("alice", "wonderland")
            )
        for data in (b"\xff\xff\xff\xff", bytes(4), b"\x01\x00\x00\x00\xff"):
            with refused(SEC_E_UNKNOWN_CREDENTIALS):
                await client.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=data)
        inbound = await accepting(server)
        with refused(SEC_E_NO_CREDENTIALS):
            await leg_of_client(server, inbound, None, None)
        outbound = await connecting(client)
        _, hello = await leg_of_client(client, outbound, None, None)
        with refused(SEC_E_NO_CREDENTIALS):
            await leg_of_server(client, outbound, None, hello)


@simulated
async def test_the_server_learns_who_the_client_is() -> None:
    async with running() as (_, client, server):
        _, theirs = await paired(client, server)
        names = await server.QueryContextAttributes(theirs, constants.SECPKG_ATTR_NAMES)
        assert await server.memory.read(names.user_name, names.length) == b"alice"
        assert isinstance(names.user_name, Pointer)
        await server.FreeContextBuffer(names.user_name)


@simulated
async def test_a_context_of_another_process_is_none() -> None:
    async with running() as (_, client, server):
        ours, theirs = await paired(client, server)
        with refused(SEC_E_INVALID_HANDLE):
            await client.MakeSignature(theirs, 0, message(b"x", bytearray(_TOKEN)), 0)
        with refused(SEC_E_INVALID_HANDLE):
            await server.DeleteSecurityContext(ours)


@simulated
async def test_many_clients_each_have_a_context_of_their_own() -> None:
    async with lsart.open_lsa("challenge") as lsa, lsa.connect("server") as server:

        async def visit(number: int) -> None:
            async with lsa.connect(f"client-{number}") as client:
                ours, theirs = await paired(client, server)
                text, token = bytearray(b"%d" % number), bytearray(_TOKEN)
                await client.EncryptMessage(ours, 0, message(text, token), 0)
                await trio.lowlevel.checkpoint()
                await server.DecryptMessage(theirs, message(text, token), 0)
                assert text == b"%d" % number

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(visit, number)
        assert lsa.check() == []
    assert in_use(lsa) == {}


def test_a_stress_run_ends_with_every_visit_paid_and_nothing_left() -> None:
    result = lsart.stress("challenge", clients=8)
    assert result.exit_code == 0
    summary = result.summary
    assert (summary.misuse, summary.notices, summary.leaks) == ((), (), ())


@pytest.mark.parametrize("strategy", ["random", "pct"])
def test_no_schedule_of_two_clients_breaks_it(strategy: str) -> None:
    model = lsart.scenario_model("challenge", clients=2, calls=1)
    assert lsart.explore(model, strategy=strategy, schedules=25).failure is None
