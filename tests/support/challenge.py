"""Two processes that make a context of the sample package `challenge`."""

from __future__ import annotations

from lsart_packages.challenge import identity

from lsart.contract import SecBuffer, SecBufferDesc, SecHandle, constants
from lsart.runtime import Client

__all__ = ["ASKED", "NATIVE", "accepting", "connecting", "leg_of_client", "leg_of_server", "message", "paired"]

NATIVE = 0x10  # SECURITY_NATIVE_DREP
ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT


async def connecting(client: Client, account: str = "alice", password: str = "wonderland") -> SecHandle:
    """A credential to connect as an account."""
    data = identity(account, password)
    handle, _ = await client.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=data)
    return handle


async def accepting(server: Client) -> SecHandle:
    """A credential to accept with."""
    handle, _ = await server.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_INBOUND)
    return handle


async def leg_of_client(
    client: Client, credential: SecHandle, context: SecHandle | None, token: bytes | None, asked: int = ASKED
) -> tuple[SecHandle, bytes]:
    """The context, and what to send."""
    leg = await client.InitializeSecurityContext(
        credential, context, "server", asked, 0, NATIVE, None if token is None else message(token=token), 0
    )
    return leg.new_context, b"".join(each.data for each in leg.output.buffers)


async def leg_of_server(
    server: Client, credential: SecHandle, context: SecHandle | None, token: bytes, asked: int = 0
) -> tuple[SecHandle, bytes]:
    """Likewise."""
    leg = await server.AcceptSecurityContext(credential, context, message(token=token), asked, NATIVE)
    return leg.new_context, b"".join(each.data for each in leg.output.buffers)


async def paired(client: Client, server: Client, asked: int = ASKED) -> tuple[SecHandle, SecHandle]:
    """Both contexts, when both sides are done."""
    outbound, inbound = await connecting(client), await accepting(server)
    ours, token = await leg_of_client(client, outbound, None, None, asked)
    theirs, token = await leg_of_server(server, inbound, None, token)
    ours, token = await leg_of_client(client, outbound, ours, token, asked)
    theirs, _ = await leg_of_server(server, inbound, theirs, token)
    return ours, theirs


def message(data: bytes | bytearray | None = None, token: bytes | bytearray = b"", kind: int = 0) -> SecBufferDesc:
    """Data, if any, and a token."""
    buffers = [] if data is None else [SecBuffer(constants.SECBUFFER_DATA | kind, data)]
    return SecBufferDesc((*buffers, SecBuffer(constants.SECBUFFER_TOKEN, token)))
