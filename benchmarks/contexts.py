"""What contexts and messages of SSPI cost, against their cryptography and a round trip for each call.

    python benchmarks/contexts.py [--smoke] [--check]

The package is the sample `challenge`. Its own functions make proofs, keys and ciphers for the baseline, without LSA,
handles, buffers or processes. To that one round trip through trio channels of size 0 is added for each call that one
party makes of another. For a message of 4 KiB that is signed and verified, or sealed and unsealed, these are the two of
the programs. For a context they are the programs' four legs and two deletions (6), for each of which LSA calls the
package (6); the package's calls of its table for two nonces, two blocks and what it writes there (6); LSA's calls of
the halves in both processes (4), which read, wipe and free what they are given (6). The bar says that lsart costs no
more than these and the cryptography together. What a context costs against the programs' six is shown, too.

Each round measures every contestant once, in turning order; a ratio is the median over the rounds of the ratio within
the round.
"""

from __future__ import annotations

import gc
import statistics
import sys
from collections.abc import Callable, Sequence
from time import perf_counter_ns

import trio
from _bars import Bar, options, verdict
from _round_trips import WARM_UP, round_trips
from lsart_packages.challenge import ACCOUNTS, identity
from lsart_packages.challenge._keys import account_key, context_keys
from lsart_packages.challenge._protection import TOKEN_SIZE, Protection
from lsart_packages.challenge._protocol import CLIENT, NONCE_SIZE, SERVER, proof_of

import lsart
from lsart import SecBuffer, SecBufferDesc, SecHandle, constants

BAR = 1.0
ROUNDS, COUNT = 15, 400
SMOKE_ROUNDS, SMOKE_COUNT = 2, 30
SIZE = 4096
NATIVE = 0x10  # SECURITY_NATIVE_DREP
ASKED = constants.ISC_REQ_CONFIDENTIALITY | constants.ISC_REQ_SEQUENCE_DETECT
FLAGS = 7  # as these are told to the other side
ACCOUNT, PASSWORD = next(iter(ACCOUNTS.items()))
KEY = account_key(ACCOUNT, PASSWORD)
NONCES = bytes(NONCE_SIZE), bytes([1]) * NONCE_SIZE


# ---------------------------------------------------------------------- cryptography alone


def protections() -> tuple[Protection, Protection]:
    """Both proofs made and checked, and the keys and ciphers of both sides."""
    for side in (SERVER, SERVER, CLIENT, CLIENT):
        proof_of(side, KEY, ACCOUNT, FLAGS, *NONCES)
    client, server = (Protection(context_keys(side, KEY, *NONCES, FLAGS), in_order=True) for side in (CLIENT, SERVER))
    return client, server


def bare_contexts(count: int) -> int:
    """Nanoseconds for the cryptography of `count` contexts."""
    begin = perf_counter_ns()
    for _ in range(count):
        protections()
    return perf_counter_ns() - begin


def bare_signatures(count: int) -> int:
    """Likewise for messages that are signed and verified."""
    client, server = protections()
    data = bytes(SIZE)
    begin = perf_counter_ns()
    for _ in range(count):
        server.verify([data], client.sign([data], 0), 0)
    return perf_counter_ns() - begin


def bare_seals(count: int) -> int:
    """Likewise for messages that are sealed and unsealed."""
    client, server = protections()
    data = bytes(SIZE)
    begin = perf_counter_ns()
    for _ in range(count):
        sealed, token = client.seal(data, 0)
        server.unseal(sealed, token, 0)
    return perf_counter_ns() - begin


# ---------------------------------------------------------------------- the same through lsart


class Pair:
    """A client, a server and their credentials."""

    def __init__(self, client: lsart.Client, server: lsart.Client) -> None:
        self.client = client
        self.server = server

    async def acquire(self) -> None:
        data = identity(ACCOUNT, PASSWORD)
        self.outbound, _ = await self.client.AcquireCredentialsHandle(
            None, "challenge", constants.SECPKG_CRED_OUTBOUND, auth_data=data
        )
        self.inbound, _ = await self.server.AcquireCredentialsHandle(None, "challenge", constants.SECPKG_CRED_INBOUND)

    async def connect(self) -> tuple[SecHandle, SecHandle]:
        """The contexts of both."""
        client, server = self.client, self.server
        leg = await client.InitializeSecurityContext(self.outbound, None, "server", ASKED, 0, NATIVE, None, 0)
        got = await server.AcceptSecurityContext(self.inbound, None, leg.output, 0, NATIVE)
        leg = await client.InitializeSecurityContext(
            self.outbound, leg.new_context, "server", ASKED, 0, NATIVE, got.output, 0
        )
        got = await server.AcceptSecurityContext(self.inbound, got.new_context, leg.output, 0, NATIVE)
        return leg.new_context, got.new_context

    async def contexts(self, count: int) -> None:
        """Make and delete."""
        for _ in range(count):
            ours, theirs = await self.connect()
            await self.client.DeleteSecurityContext(ours)
            await self.server.DeleteSecurityContext(theirs)

    async def signatures(self, count: int) -> None:
        """Sign and verify."""
        ours, theirs = await self.connect()
        message = message_of(SIZE)
        for _ in range(count):
            await self.client.MakeSignature(ours, 0, message, 0)
            await self.server.VerifySignature(theirs, message, 0)

    async def seals(self, count: int) -> None:
        """Seal and unseal."""
        ours, theirs = await self.connect()
        message = message_of(SIZE)
        for _ in range(count):
            await self.client.EncryptMessage(ours, 0, message, 0)
            await self.server.DecryptMessage(theirs, message, 0)


def message_of(size: int) -> SecBufferDesc:
    data, token = bytearray(size), bytearray(TOKEN_SIZE)
    return SecBufferDesc((SecBuffer(constants.SECBUFFER_DATA, data), SecBuffer(constants.SECBUFFER_TOKEN, token)))


async def timed(name: str, count: int) -> int:
    async with (
        lsart.open_lsa("challenge") as lsa,
        lsa.connect("client") as client,
        lsa.connect("server") as server,
    ):
        pair = Pair(client, server)
        await pair.acquire()
        work = getattr(pair, name)
        await work(WARM_UP)
        begin = perf_counter_ns()
        await work(count)
        elapsed: int = perf_counter_ns() - begin
    return elapsed


def through_lsart(name: str) -> Callable[[int], int]:
    return lambda count: lsart.run(timed, name, count, clock="real")


CONTEXT, OF_PROGRAMS = "context of two legs on each side", 6
TRIP = "trio channel(0) round trip"
PARTS: tuple[tuple[str, int, Callable[[int], int], str], ...] = (  # what, calls, alone, through lsart
    (CONTEXT, 28, bare_contexts, "contexts"),
    ("4 KiB signed and verified", 2, bare_signatures, "signatures"),
    ("4 KiB sealed and unsealed", 2, bare_seals, "seals"),
)


def ratio_of(times: dict[str, list[float]], what: str, calls: int) -> float:
    """The median over the rounds of lsart's time, as a multiple of the cryptography and so many round trips."""
    columns = times[f"{what}, lsart"], times[f"{what}, cryptography alone"], times[TRIP]
    return statistics.median(ours / (alone + calls * trip) for ours, alone, trip in zip(*columns, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    given = options("Measure contexts and messages of SSPI against their cryptography and round trips.", arguments)
    rounds, count = (SMOKE_ROUNDS, SMOKE_COUNT) if given.smoke else (ROUNDS, COUNT)
    contestants: list[tuple[str, Callable[[int], int]]] = [(TRIP, lambda number: trio.run(round_trips, number))]
    for what, _, alone, name in PARTS:
        contestants += [(f"{what}, cryptography alone", alone), (f"{what}, lsart", through_lsart(name))]
    times: dict[str, list[float]] = {name: [] for name, _ in contestants}
    for number in range(rounds):
        for index in range(len(contestants)):
            name, contestant = contestants[(number + index) % len(contestants)]
            gc.collect()
            times[name].append(contestant(count) / count / 1e3)
    print(f"{'':<60}{'best us':>10}{'median us':>12}")
    for name, values in times.items():
        print(f"{name:<60}{min(values):>10.2f}{statistics.median(values):>12.2f}")
    bars = [
        Bar(f"{what}, against its cryptography and {calls} round trips", ratio_of(times, what, calls), BAR)
        for what, calls, _, _ in PARTS
    ]
    print(f"\n{CONTEXT}, against its cryptography and {OF_PROGRAMS} round trips:", end=" ")
    print(f"{ratio_of(times, CONTEXT, OF_PROGRAMS):.2f}, not judged")
    return verdict(bars, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
