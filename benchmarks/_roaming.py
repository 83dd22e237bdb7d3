"""A visit to the package of `_roamer`: everything that SSPI has is asked for once, and given back."""

from __future__ import annotations

from random import Random

from _roamer import ACCOUNT
from lsart_packages.challenge import identity

from lsart.contract import Pointer, SecBuffer, SecBufferDesc, SecHandle, constants
from lsart.runtime import Client

__all__ = ["roam"]

_ASKED = constants.ISC_REQ_CONFIDENTIALITY
_NATIVE = 0x10  # SECURITY_NATIVE_DREP
_PASSWORD = "wonderland"


async def roam(client: Client, random: Random, size: int) -> None:
    """Make both sides of a context, act by its token, move it, and say something over it."""
    data = identity(ACCOUNT, _PASSWORD)
    use = constants.SECPKG_CRED_BOTH
    credential, _ = await client.AcquireCredentialsHandle(None, "roamer", use, auth_data=data)
    await _attributes_of_credential(client, credential, data)
    await client.ChangeAccountPassword("roamer", "", ACCOUNT, _PASSWORD, "new", False)
    ours, theirs = await _connected(client, credential)
    await client.SetContextAttributes(ours, 1, bytearray(random.randbytes(16)))
    await client.CompleteAuthToken(ours, SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, b"token"),)))
    await _acting(client, theirs)
    moved = await _moved(client, theirs)
    for receiver in (theirs, moved):
        message = _message(random.randbytes(size))
        await client.EncryptMessage(ours, 0, message, 3)
        await client.DecryptMessage(receiver, message, 3)
        message = _message(random.randbytes(size))
        await client.MakeSignature(ours, 0, message, 4)
        await client.VerifySignature(receiver, message, 4)
    for context in (ours, theirs, moved):
        await client.DeleteSecurityContext(context)
    await client.FreeCredentialsHandle(credential)


async def _attributes_of_credential(client: Client, credential: SecHandle, data: bytes) -> None:
    await client.AddCredentials(credential, None, "roamer", constants.SECPKG_CRED_OUTBOUND, data)
    await client.SetCredentialsAttributes(credential, 1, bytearray(16))
    names = bytearray(8)
    await client.QueryCredentialsAttributes(credential, constants.SECPKG_CRED_ATTR_NAMES, names)
    await client.FreeContextBuffer(Pointer(int.from_bytes(names, "little"), client.process.space.name))


async def _connected(client: Client, credential: SecHandle) -> tuple[SecHandle, SecHandle]:
    leg = await client.InitializeSecurityContext(credential, None, "me", _ASKED, 0, _NATIVE, None, 0)
    ours = leg.new_context
    leg = await client.AcceptSecurityContext(credential, None, leg.output, 0, _NATIVE)
    theirs = leg.new_context
    leg = await client.InitializeSecurityContext(credential, ours, "me", _ASKED, 0, _NATIVE, leg.output, 0)
    await client.AcceptSecurityContext(credential, theirs, leg.output, 0, _NATIVE)
    return ours, theirs


async def _acting(client: Client, context: SecHandle) -> None:
    """Act for the other side, which only a logon process has a token to do."""
    if client.is_logon_process:
        await client.ImpersonateSecurityContext(context)
        _, at = await client.GetSecurityUserInfo(None, constants.NO_LONG_NAMES)
        await client.FreeContextBuffer(at)
    await client.RevertSecurityContext(context)


async def _moved(client: Client, context: SecHandle) -> SecHandle:
    """Another context like this one."""
    packed, token = await client.ExportSecurityContext(context, constants.SECPKG_CONTEXT_EXPORT_RESET_NEW)
    moved = await client.ImportSecurityContext("roamer", packed, token)
    if isinstance(packed.buffer, Pointer):
        await client.FreeContextBuffer(packed.buffer)
    return moved


def _message(data: bytes) -> SecBufferDesc:
    data_buffer = SecBuffer(constants.SECBUFFER_DATA, bytearray(data))
    return SecBufferDesc((data_buffer, SecBuffer(constants.SECBUFFER_TOKEN, bytearray(28))))
