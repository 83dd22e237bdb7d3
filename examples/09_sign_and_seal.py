"""A client and a server prove to each other that they know a password. Then they sign and seal what they say.

The package runs twice: the legs in LSA, where the password's key is, and the messages in each process, where they are.
"""

import lsart
from lsart import SecBuffer, SecBufferDesc, constants
from lsart_packages.challenge import identity

ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT
NATIVE = 0x10  # SECURITY_NATIVE_DREP


def of(kind, content):
    return SecBuffer(kind, content)


async def connect(client, server, password):
    """Two legs on each side; the handles of both contexts."""
    sent = identity("alice", password)
    outbound, _ = await client.AcquireCredentialsHandle(
        None, "challenge", constants.SECPKG_CRED_OUTBOUND, None, sent
    )
    inbound, _ = await server.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_INBOUND)
    ours = theirs = message = None
    while True:
        leg = await client.InitializeSecurityContext(outbound, ours, "server", ASKED, 0, NATIVE, message, 0)
        ours, message = leg.new_context, leg.output
        print(f"  client: {leg.status!r:30} sends {len(message.buffers[0].data):3} bytes")
        if theirs is not None and leg.status == lsart.SEC_E_OK and not message.buffers[0].data:
            return ours, theirs
        leg = await server.AcceptSecurityContext(inbound, theirs, message, 0, NATIVE)
        theirs, message = leg.new_context, leg.output
        print(f"  server: {leg.status!r:30}")
        if leg.status == lsart.SEC_E_OK:
            return ours, theirs


async def main():
    async with (
        lsart.open_lsa("challenge") as lsa,
        lsa.connect("client") as client,
        lsa.connect("server") as server,
    ):
        print("the right password")
        ours, theirs = await connect(client, server, "wonderland")

        sizes = await client.QueryContextAttributes(ours, constants.SECPKG_ATTR_SIZES)
        print(f"a token has {sizes.security_trailer} bytes")

        text = bytearray(b"the cat only grinned when it saw alice")
        token = bytearray(sizes.security_trailer)
        message = SecBufferDesc((of(constants.SECBUFFER_DATA, text), of(constants.SECBUFFER_TOKEN, token)))
        await client.EncryptMessage(ours, 0, message, 0)
        print("sealed:  ", bytes(text[:16]).hex(), "...")
        copy = SecBufferDesc(
            (of(constants.SECBUFFER_DATA, bytearray(text)), of(constants.SECBUFFER_TOKEN, bytearray(token)))
        )
        await server.DecryptMessage(theirs, message, 0)
        print("unsealed:", text.decode())
        try:
            await server.DecryptMessage(theirs, copy, 0)
        except lsart.StatusError as error:
            print("again:   ", error.status)

        print("a wrong password")
        try:
            await connect(client, server, "through the looking-glass")
        except lsart.StatusError as error:
            print("  refused:", error.status)


lsart.run(main, seed=0)
