"""A client and a server prove to each other that they know a password. Then they seal and sign what they say.

The package runs twice: its legs in LSA, where the password's key is, and its messages in each process, where they are.
"""

from lsart_packages.challenge import identity

import lsart
from lsart import SecBuffer, SecBufferDesc, constants

ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT
NATIVE = 0x10  # SECURITY_NATIVE_DREP


async def connect(client, outbound, server, inbound):
    """Two legs on each side, until both are done. The contexts of both."""
    ours = theirs = message = None
    while True:
        leg = await client.InitializeSecurityContext(outbound, ours, "server", ASKED, 0, NATIVE, message, 0)
        ours, message = leg.new_context, leg.output
        print(f"  client: {leg.status.name}, sends {size(message)} bytes")
        leg = await server.AcceptSecurityContext(inbound, theirs, message, 0, NATIVE)
        theirs, message = leg.new_context, leg.output
        print(f"  server: {leg.status.name}, sends {size(message)} bytes")
        if leg.status == lsart.SEC_E_OK:
            return ours, theirs


def size(message):
    return sum(each.length for each in message.buffers)


def message_of(data, token):
    return SecBufferDesc((SecBuffer(constants.SECBUFFER_DATA, data), SecBuffer(constants.SECBUFFER_TOKEN, token)))


async def talk(client, ours, server, theirs):
    sizes = await client.QueryContextAttributes(ours, constants.SECPKG_ATTR_SIZES)
    text, token = bytearray(b"sealed: only the other side can read this"), bytearray(sizes.security_trailer)
    sealed = message_of(text, token)
    await client.EncryptMessage(ours, 0, sealed, 0)
    print("  on its way:", bytes(text[:20]).hex(), "...")
    again = message_of(bytearray(text), bytearray(token))
    await server.DecryptMessage(theirs, sealed, 0)
    print("  arrived:   ", text.decode())
    try:
        await server.DecryptMessage(theirs, again, 0)
    except lsart.StatusError as error:
        print("  once more: ", error.status.name)

    text, token = bytearray(b"signed: everybody can read this"), bytearray(sizes.max_signature)
    signed = message_of(text, token)
    await server.MakeSignature(theirs, 0, signed, 0)
    text[0] ^= 1
    try:
        await client.VerifySignature(ours, signed, 0)
    except lsart.StatusError as error:
        print("  one bit changed:", error.status.name)


async def main():
    async with (
        lsart.open_lsa("challenge") as lsa,
        lsa.connect("client") as client,
        lsa.connect("server") as server,
    ):
        inbound, _ = await server.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_INBOUND)
        for password in ("wonderland", "looking-glass"):
            print(f"alice, password {password!r}")
            outbound, _ = await client.AcquireCredentialsHandle(
                None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=identity("alice", password)
            )
            try:
                ours, theirs = await connect(client, outbound, server, inbound)
            except lsart.StatusError as error:
                print("  client refuses:", error.status.name)
            else:
                await talk(client, ours, server, theirs)
                await client.DeleteSecurityContext(ours)
                await server.DeleteSecurityContext(theirs)
            await client.FreeCredentialsHandle(outbound)


lsart.run(main, seed=0)
