"""Messages that packages sign and seal in the client's process."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from lsas import Log, simulated, status_of
from sealing import NO_INTEGRITY, TOKEN_SIZE, Sealing, SealingHalf, connected, message

import lsart
from lsart.contract import (
    CLIENT_FUNCTIONS,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_MESSAGE_ALTERED,
    SEC_E_OUT_OF_SEQUENCE,
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_USER_SLOTS,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    StatusError,
    constants,
)
from lsart.events import ContextShared

DATA, TOKEN, EXTRA = constants.SECBUFFER_DATA, constants.SECBUFFER_TOKEN, constants.SECBUFFER_EXTRA
READ_ONLY, CHECKSUM_ONLY = constants.SECBUFFER_READONLY, constants.SECBUFFER_READONLY_WITH_CHECKSUM


class Pair:
    """A client and a server with one context each."""

    def __init__(
        self, package: Sealing, alice: lsart.Client, bob: lsart.Client, here: SecHandle, there: SecHandle
    ) -> None:
        self.package, self.alice, self.bob, self.here, self.there = package, alice, bob, here, there

    @property
    def half(self) -> SealingHalf:
        half: SealingHalf = self.package.halves[0]
        return half


def paired(test: Any) -> Any:
    """Give a test a pair that understands each other."""

    async def main() -> None:
        package = Sealing()
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            pair = Pair(package, alice, bob, await connected(alice), await connected(bob, server=True))
            await test(pair)
            assert lsa.check() == []

    def run() -> None:
        lsart.run(main, seed=0)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


def flipped(desc: SecBufferDesc, place: int) -> SecBufferDesc:
    """Another message with one bit of one buffer changed."""
    buffers = [SecBuffer(each.buffer_type, bytearray(each.data)) for each in desc.buffers]
    content = buffers[place].buffer
    assert isinstance(content, bytearray)
    content[-1] ^= 1
    return SecBufferDesc(tuple(buffers))


@pytest.mark.rule("CMS-1", "UMS-2", "UMS-1", "UVS-1")
@paired
async def test_a_signature_lies_in_the_token_buffer_and_the_arguments_arrive_in_order(pair: Pair) -> None:
    big = SecBufferDesc((SecBuffer(DATA, b"hello"), SecBuffer(TOKEN, bytearray(64))))
    signed = await pair.alice.MakeSignature(pair.here, 3, big, 5)
    assert pair.half.steps[-1] == ("SpMakeSignature", 1, 3, big, 5)
    assert [each.length for each in signed.buffers] == [5, TOKEN_SIZE]
    assert signed.buffers[1].data[:8] == (5).to_bytes(8, "big")
    assert signed.buffers[1].buffer is big.buffers[1].buffer
    assert await pair.bob.VerifySignature(pair.there, signed, 0) == 7
    assert pair.package.halves[1].steps[-1] == ("SpVerifySignature", 2, signed, 0)


@pytest.mark.rule("CMS-2")
@paired
async def test_a_buffer_whose_checksum_alone_is_asked_for_is_not_signed(pair: Pair) -> None:
    signed = await pair.alice.MakeSignature(pair.here, 0, message(b"x", SecBuffer(DATA | CHECKSUM_ONLY, b"label")), 0)
    assert await pair.bob.VerifySignature(pair.there, flipped(signed, 2), 0) == 7
    plain = await pair.alice.MakeSignature(pair.here, 0, message(b"x", SecBuffer(DATA, b"label")), 0)
    assert await status_of(pair.bob.VerifySignature(pair.there, flipped(plain, 2), 0)) is SEC_E_MESSAGE_ALTERED


@pytest.mark.rule("CVS-1")
@paired
async def test_a_changed_message_is_altered_and_one_out_of_its_turn_out_of_sequence(pair: Pair) -> None:
    one = await pair.alice.MakeSignature(pair.here, 0, message(b"one"), 1)
    two = await pair.alice.MakeSignature(pair.here, 0, message(b"two"), 2)
    verify = pair.bob.VerifySignature
    assert await status_of(verify(pair.there, flipped(one, 0), 1)) is SEC_E_MESSAGE_ALTERED
    assert await status_of(verify(pair.there, flipped(one, 1), 1)) is SEC_E_MESSAGE_ALTERED
    assert await status_of(verify(pair.there, two, 1)) is SEC_E_OUT_OF_SEQUENCE
    await verify(pair.there, one, 1)
    assert await status_of(verify(pair.there, one, 1)) is SEC_E_OUT_OF_SEQUENCE
    await verify(pair.there, two, 2)


@pytest.mark.rule("UMS-3")
@paired
async def test_number_zero_again_and_again_is_never_out_of_sequence(pair: Pair) -> None:
    for _ in range(3):
        signed = await pair.alice.MakeSignature(pair.here, 0, message(b"again"), 0)
        await pair.bob.VerifySignature(pair.there, signed, 0)
        await pair.bob.VerifySignature(pair.there, signed, 0)


@pytest.mark.rule("CEM-1", "USM-3", "USM-1", "UUM-1")
@paired
async def test_data_is_encrypted_and_decrypted_where_it_lies(pair: Pair) -> None:
    sealed = message(b"a secret")
    data = sealed.buffers[1].buffer
    assert isinstance(data, bytearray)
    result = await pair.alice.EncryptMessage(pair.here, 4, sealed, 6)
    assert pair.half.steps[-1] == ("SpSealMessage", 1, 4, sealed, 6)
    assert result.buffers[1].buffer is data
    assert data != b"a secret"
    assert len(data) == 8
    opened, quality = await pair.bob.DecryptMessage(pair.there, result, 0)
    assert pair.package.halves[1].steps[-1] == ("SpUnsealMessage", 2, result, 0)
    assert (bytes(data), quality) == (b"a secret", 9)
    assert opened is result


@pytest.mark.rule("CEM-2")
@paired
async def test_a_read_only_buffer_is_neither_encrypted_nor_covered(pair: Pair) -> None:
    sealed = await pair.alice.EncryptMessage(pair.here, 0, message(b"x", SecBuffer(EXTRA | READ_ONLY, b"label")), 0)
    assert sealed.buffers[2].data == b"label"
    opened, _ = await pair.bob.DecryptMessage(pair.there, flipped(sealed, 2), 0)
    assert opened.buffers[1].data == b"x"
    covered = await pair.alice.EncryptMessage(pair.here, 0, message(b"x", SecBuffer(EXTRA, bytearray(b"label"))), 0)
    assert await status_of(pair.bob.DecryptMessage(pair.there, flipped(covered, 2), 0)) is SEC_E_MESSAGE_ALTERED


@pytest.mark.rule("CDM-1")
@paired
async def test_a_changed_sealed_message_is_altered_and_one_out_of_its_turn_out_of_sequence(pair: Pair) -> None:
    one = await pair.alice.EncryptMessage(pair.here, 0, message(b"one"), 1)
    two = await pair.alice.EncryptMessage(pair.here, 0, message(b"two"), 2)
    again, ahead = flipped(flipped(one, 1), 1), flipped(flipped(two, 1), 1)
    decrypt = pair.bob.DecryptMessage
    assert await status_of(decrypt(pair.there, flipped(one, 0), 1)) is SEC_E_MESSAGE_ALTERED
    assert await status_of(decrypt(pair.there, flipped(one, 1), 1)) is SEC_E_MESSAGE_ALTERED
    assert await status_of(decrypt(pair.there, ahead, 1)) is SEC_E_OUT_OF_SEQUENCE
    await decrypt(pair.there, one, 1)
    assert await status_of(decrypt(pair.there, again, 1)) is SEC_E_OUT_OF_SEQUENCE
    assert (await decrypt(pair.there, two, 2))[0].buffers[1].data == b"two"


@pytest.mark.rule("USM-2")
@pytest.mark.parametrize("data", [(DATA, DATA), (DATA | READ_ONLY,), (EXTRA,)], ids=["two", "read only", "none"])
def test_one_data_buffer_that_may_be_changed_can_be_sealed(data: tuple[int, ...]) -> None:
    @paired
    async def main(pair: Pair) -> None:
        wrong = SecBufferDesc((SecBuffer(TOKEN, bytearray(64)), *(SecBuffer(each, bytearray(4)) for each in data)))
        assert await status_of(pair.alice.EncryptMessage(pair.here, 0, wrong, 0)) is STATUS_INVALID_PARAMETER
        assert all(each.data == bytes(4) for each in wrong.buffers[1:])

    main()


@pytest.mark.rule("USM-4")
@pytest.mark.parametrize("size", [None, 0, TOKEN_SIZE - 1])
def test_sealing_needs_a_buffer_for_the_signature_that_is_large_enough(size: int | None) -> None:
    @paired
    async def main(pair: Pair) -> None:
        token = () if size is None else (SecBuffer(TOKEN, bytearray(size)),)
        wrong = SecBufferDesc((*token, SecBuffer(DATA, bytearray(b"x"))))
        assert await status_of(pair.alice.EncryptMessage(pair.here, 0, wrong, 0)) is STATUS_INVALID_PARAMETER
        assert await status_of(pair.alice.MakeSignature(pair.here, 0, wrong, 0)) is SEC_E_INVALID_TOKEN

    main()


@pytest.mark.rule("USM-5")
@simulated
async def test_a_context_without_integrity_cannot_seal() -> None:
    async with lsart.open_lsa(Sealing()) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice, requirements=NO_INTEGRITY)
        assert await status_of(alice.EncryptMessage(context, 0, message(b"x"), 0)) is STATUS_INVALID_HANDLE


@pytest.mark.rule("USM-6")
@given(data=st.binary(max_size=200), number=st.integers(0, 0xFFFF_FFFF))
@settings(max_examples=15, deadline=None)
def test_unsealing_gives_back_whatever_was_sealed(data: bytes, number: int) -> None:
    @paired
    async def main(pair: Pair) -> None:
        sealed = await pair.alice.EncryptMessage(pair.here, 0, message(data), number)
        assert (await pair.bob.DecryptMessage(pair.there, sealed, 0))[0].buffers[1].data == data

    main()


def calls(client: lsart.Client, context: Any) -> list[Any]:
    """Each of the four functions, not yet awaited."""
    return [
        client.MakeSignature(context, 0, message(b"x"), 0),
        client.VerifySignature(context, message(b"x"), 0),
        client.EncryptMessage(context, 0, message(b"x"), 0),
        client.DecryptMessage(context, message(b"x"), 0),
    ]


@pytest.mark.rule("UMS-4", "UVS-2")
@paired
async def test_what_is_no_context_of_this_process_reaches_no_package(pair: Pair) -> None:
    steps = len(pair.half.steps)
    for handle in (pair.there, SecHandle(1, 2), None):
        for call in calls(pair.alice, handle):
            assert await status_of(call) is SEC_E_INVALID_HANDLE
    await pair.alice.DeleteSecurityContext(pair.here)
    assert pair.half.steps[steps:] == [("SpDeleteUserModeContext", 1)]
    for call in calls(pair.alice, pair.here):
        assert await status_of(call) is SEC_E_INVALID_HANDLE
    assert len(pair.half.steps) == steps + 1


@pytest.mark.rule("CEM-3")
@simulated
async def test_two_that_seal_with_one_context_at_once_are_told_and_one_of_each_kind_are_not() -> None:
    class Slow(SealingHalf):
        async def SpSealMessage(self, *arguments: Any) -> None:
            await lsart.sleep_ns(10)

        async def SpUnsealMessage(self, *arguments: Any) -> None:
            await lsart.sleep_ns(10)

    log = Log()
    async with lsart.open_lsa(Sealing(half=Slow), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        context, other = await connected(alice), await connected(alice)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.EncryptMessage, context, 0, message(b"x"), 0)
            nursery.start_soon(alice.DecryptMessage, context, message(b"x"), 0)
            nursery.start_soon(alice.EncryptMessage, other, 0, message(b"x"), 0)
        await alice.EncryptMessage(context, 0, message(b"x"), 0)
        assert log.of(ContextShared) == []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.EncryptMessage, context, 0, message(b"x"), 0)
            nursery.start_soon(alice.EncryptMessage, context, 0, message(b"x"), 0)
        shared = log.one(ContextShared)
    assert (shared.client, shared.package, shared.context, shared.function) == ("alice", "sealing", 1, "EncryptMessage")


@paired
async def test_a_slot_that_is_null_is_an_unsupported_function(pair: Pair) -> None:
    table = await pair.alice.user_mode.table_of(pair.alice._lsa.find_package("sealing"))
    table.entries = {}
    for call in calls(pair.alice, pair.here):
        assert await status_of(call) is SEC_E_UNSUPPORTED_FUNCTION


@pytest.mark.parametrize("number", [-1, 1 << 32])
def test_a_number_that_has_no_32_bits_is_an_invalid_parameter(number: int) -> None:
    @paired
    async def main(pair: Pair) -> None:
        for wrong in ((number, message(b"x"), 0), (0, message(b"x"), number)):
            assert await status_of(pair.alice.MakeSignature(pair.here, *wrong)) is STATUS_INVALID_PARAMETER

    main()


@paired
async def test_wrong_types_are_the_callers_mistake(pair: Pair) -> None:
    with pytest.raises(TypeError, match="a message is a SecBufferDesc"):
        await pair.alice.MakeSignature(pair.here, 0, "a text", 0)  # type: ignore[arg-type]  # a wrong type is the point
    with pytest.raises(TypeError, match="expected a SecBufferDesc"):
        await pair.alice.VerifySignature(pair.here, "a text", 0)  # type: ignore[arg-type]  # a wrong type is the point
    with pytest.raises(TypeError, match="expected an int"):
        await pair.alice.MakeSignature(pair.here, "3", message(b"x"), 0)  # type: ignore[arg-type]
    fixed = SecBufferDesc((SecBuffer(TOKEN, bytearray(64)), SecBuffer(DATA, b"fixed")))
    with pytest.raises(TypeError, match="pass a bytearray"):
        await pair.alice.EncryptMessage(pair.here, 0, fixed, 0)
    with pytest.raises(TypeError, match="pass a bytearray"):
        await pair.alice.DecryptMessage(pair.here, fixed, 0)
    with pytest.raises(TypeError, match="pass a bytearray"):
        await pair.alice.MakeSignature(pair.here, 0, SecBufferDesc((SecBuffer(TOKEN, bytes(64)),)), 0)
    assert pair.alice.is_alive


@paired
async def test_a_client_that_fails_for_ever_lets_others_run(pair: Pair) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        for _ in range(5):
            await trio.lowlevel.checkpoint()
            turns += 1

    def refuse(*arguments: Any) -> None:
        raise StatusError(SEC_E_INVALID_TOKEN)

    table = await pair.alice.user_mode.table_of(pair.alice._lsa.find_package("sealing"))
    table.entries = {**table.entries, "MakeSignature": refuse}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for handle in (None, pair.here):
            for _ in range(5):
                with pytest.raises(StatusError):
                    await pair.alice.MakeSignature(handle, 0, message(b"x"), 0)  # type: ignore[arg-type]
        assert turns == 5


@paired
async def test_a_process_that_ends_while_its_package_seals_has_no_result(pair: Pair) -> None:
    async def slow(*arguments: Any) -> None:
        await lsart.sleep_ns(50)

    table = await pair.alice.user_mode.table_of(pair.alice._lsa.find_package("sealing"))
    table.entries = {**table.entries, "SealMessage": slow}

    async def end() -> None:
        await lsart.sleep_ns(10)
        pair.alice.terminate()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end)
        with pytest.raises(ProcessTerminated):
            await pair.alice.EncryptMessage(pair.here, 0, message(b"x"), 0)
    await lsart.sleep_ns(1)


@pytest.mark.rule("UMS-5")
def test_the_page_of_signing_is_that_of_the_function_in_the_kernel() -> None:
    (row,) = [each for each in SECPKG_USER_SLOTS if each.name == "MakeSignature"]
    assert row.doc == "sdk-api: nc-ntsecpkg-kspmakesignaturefn"


def test_the_rows_of_the_client_functions_say_what_is_checked() -> None:
    rows = {each.name: each for each in CLIENT_FUNCTIONS}
    types = [each.type for each in rows["MakeSignature"].in_parameters]
    assert types == ["PCtxtHandle", "unsigned long", "PSecBufferDesc", "unsigned long"]
