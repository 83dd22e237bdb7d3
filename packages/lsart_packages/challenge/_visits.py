"""What clients do in `lsart stress challenge`: connect to themselves and talk, or guess a password."""

from __future__ import annotations

from random import Random

from lsart import SEC_E_WRONG_PRINCIPAL, Client, SecBuffer, SecBufferDesc, SecHandle, StatusError, constants
from lsart_packages.challenge._credentials import identity
from lsart_packages.challenge._protection import TOKEN_SIZE

__all__ = ["guess", "talk"]

_ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT
_NATIVE = 0x10  # SECURITY_NATIVE_DREP
_LARGEST = 16 * 1024


async def talk(client: Client, random: Random, size: int) -> None:
    """Make a context and send a few messages of up to `size` bytes over it, sealed and signed in turn."""
    account, password = random.choice((("alice", "wonderland"), ("bob", "builder")))
    outbound, inbound = await _credentials(client, account, password)
    ours, theirs = await _connect(client, outbound, inbound)
    for number in range(random.randrange(1, 5)):
        data = bytearray(random.randbytes(random.randrange(min(size, _LARGEST) + 1)))
        message = _message(data, bytearray(TOKEN_SIZE))
        if number % 2:
            await client.MakeSignature(theirs, 0, message, 0)
            await client.VerifySignature(ours, message, 0)
        else:
            await client.EncryptMessage(ours, 0, message, 0)
            await client.DecryptMessage(theirs, message, 0)
    for context in (ours, theirs):
        await client.DeleteSecurityContext(context)
    for credential in (outbound, inbound):
        await client.FreeCredentialsHandle(credential)


async def guess(client: Client, random: Random, size: int) -> None:
    """Try a password that is wrong, and clean up."""
    outbound, inbound = await _credentials(client, "alice", f"wonder{random.randrange(10_000)}")
    try:
        await _connect(client, outbound, inbound)
    except StatusError as error:
        if error.status != SEC_E_WRONG_PRINCIPAL:
            raise
    for credential in (outbound, inbound):
        await client.FreeCredentialsHandle(credential)


async def _credentials(client: Client, account: str, password: str) -> tuple[SecHandle, SecHandle]:
    acquire = client.AcquireCredentialsHandle
    data = identity(account, password)
    outbound, _ = await acquire(None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=data)
    inbound, _ = await acquire(None, "challenge", constants.SECPKG_CRED_INBOUND)
    return outbound, inbound


async def _connect(client: Client, outbound: SecHandle, inbound: SecHandle) -> tuple[SecHandle, SecHandle]:
    """Two legs on each side. Whatever was made is deleted if they fail (CIC-3)."""
    ours: SecHandle | None = None
    theirs: SecHandle | None = None
    message: SecBufferDesc | None = None
    try:
        for _ in range(2):
            leg = await client.InitializeSecurityContext(outbound, ours, "me", _ASKED, 0, _NATIVE, message, 0)
            ours, message = leg.new_context, leg.output
            leg = await client.AcceptSecurityContext(inbound, theirs, message, 0, _NATIVE)
            theirs, message = leg.new_context, leg.output
    except StatusError:
        for context in (ours, theirs):
            if context is not None:
                await client.DeleteSecurityContext(context)
        raise
    assert ours is not None
    assert theirs is not None
    return ours, theirs


def _message(data: bytearray, token: bytearray) -> SecBufferDesc:
    return SecBufferDesc((SecBuffer(constants.SECBUFFER_DATA, data), SecBuffer(constants.SECBUFFER_TOKEN, token)))
