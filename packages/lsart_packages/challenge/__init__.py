"""An SSP: mutual challenge and response in two legs, then messages that are signed and sealed.

It is what a careful author would write. An account that does not exist looks to a client like one with another
password; every length that comes from outside is checked before it is used; a context whose proof failed is dead.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import attrs

from lsart import (
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_LOGON_DENIED,
    SEC_E_NO_CREDENTIALS,
    SEC_E_UNKNOWN_CREDENTIALS,
    SEC_E_WRONG_PRINCIPAL,
    SEC_I_CONTINUE_NEEDED,
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    AcceptLsaModeLeg,
    FunctionTable,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecPkgInfo,
    StatusError,
    constants,
)
from lsart_packages.challenge._credentials import HEAD_SIZE, LIMIT, account_and_password, identity
from lsart_packages.challenge._flags import KNOWN, asked_by, granted_as
from lsart_packages.challenge._keys import account_key, context_keys
from lsart_packages.challenge._packed import pack
from lsart_packages.challenge._protocol import (
    CLIENT,
    NONCE_SIZE,
    SERVER,
    Challenge,
    Negotiate,
    Response,
    proof_of,
    read_challenge,
    read_negotiate,
    read_response,
)
from lsart_packages.challenge._user_mode import ChallengeUserMode
from lsart_packages.challenge._visits import guess, talk

__all__ = ["ACCOUNTS", "OPERATIONS", "ChallengePackage", "identity"]

OPERATIONS = {"talk": talk, "guess": guess}

ACCOUNTS = {"alice": "wonderland", "bob": "builder"}
"""Names and passwords that the package knows when it is given no others."""

_NEVER = 0x7FFF_FFFF_FFFF_FFFF  # as FILETIME
_MAX_TOKEN = 128
_CAPABILITIES = (
    constants.SECPKG_FLAG_INTEGRITY
    | constants.SECPKG_FLAG_PRIVACY
    | constants.SECPKG_FLAG_MUTUAL_AUTH
    | constants.SECPKG_FLAG_MULTI_REQUIRED
    | constants.SECPKG_FLAG_CONNECTION
)


@attrs.frozen(repr=False)
class _Credential:
    """An account to connect as, or nobody in particular: then it can only accept."""

    account: str = ""
    key: bytes | None = None
    accepts: bool = False


@attrs.define(repr=False, eq=False)
class _Context:
    """One side of a context. `awaits` is what must come next: "challenge", "response", or nothing."""

    account: str
    key: bytes
    flags: int
    client_nonce: bytes
    server_nonce: bytes
    awaits: str


class ChallengePackage:
    """The half of the package in LSA.

    Args:
        accounts: names and passwords of those who may connect; None: ACCOUNTS.
    """

    user_mode = ChallengeUserMode

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        self._passwords = dict(ACCOUNTS if accounts is None else accounts)
        self._keys: dict[str, bytes] = {}
        self._credentials: dict[int, _Credential] = {}
        self._contexts: dict[int, _Context] = {}
        self._last = 0

    def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self._table = table
        self._keys = {name: account_key(name, password) for name, password in self._passwords.items()}
        self._passwords.clear()

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("challenge", "mutual challenge and response", _CAPABILITIES, _MAX_TOKEN)

    def SpAcceptCredentials(self, logon_type: object, account_name: str, primary: object, supplemental: object) -> None:
        """Whoever logs on with another package has no account here: nothing is kept."""

    def SpShutdown(self) -> None:
        self._keys.clear()

    # ------------------------------------------------------------------ credentials

    async def SpAcquireCredentialsHandle(
        self,
        principal_name: str | None,
        credential_use_flags: int,
        logon_id: int | None,
        authorization_data: Pointer | None,
        get_key_function: object,
        get_key_argument: object,
    ) -> tuple[int, int]:
        accepts = bool(credential_use_flags & constants.SECPKG_CRED_INBOUND)
        account, key = "", None
        if authorization_data is not None:
            account, password = await self._read_identity(authorization_data)
            key = account_key(account, password)
        if credential_use_flags & constants.SECPKG_CRED_OUTBOUND and key is None:
            raise StatusError(SEC_E_NO_CREDENTIALS, "the authorization data must name an account and its password")
        if principal_name is not None and key is not None and principal_name.casefold() != account.casefold():
            raise StatusError(SEC_E_UNKNOWN_CREDENTIALS, "the authorization data is not of that principal")
        number = self._number()
        self._credentials[number] = _Credential(account, key, accepts)
        return number, _NEVER

    def SpFreeCredentialsHandle(self, credential_handle: int) -> None:
        if self._credentials.pop(credential_handle, None) is None:
            raise StatusError(SEC_E_INVALID_HANDLE)

    async def _read_identity(self, data: Pointer) -> tuple[str, str]:
        """Copied once. What the client changes meanwhile is its own loss."""
        copy = self._table.CopyFromClientBuffer
        account, password = account_and_password(await copy(None, HEAD_SIZE, data))
        if not 0 < account + password <= LIMIT:
            raise StatusError(SEC_E_UNKNOWN_CREDENTIALS, "the authorization data has no such length")
        both = await copy(None, account + password, data + HEAD_SIZE)
        try:
            return both[:account].decode(), both[account:].decode()
        except UnicodeDecodeError:
            raise StatusError(SEC_E_UNKNOWN_CREDENTIALS, "the authorization data is no text") from None

    # ------------------------------------------------------------------ the client's side

    async def SpInitLsaModeContext(
        self,
        credential_handle: int | None,
        context_handle: int | None,
        target_name: str | None,
        context_requirements: int,
        target_data_rep: int,
        input_buffers: SecBufferDesc | None,
        output_buffers: SecBufferDesc | None,
    ) -> InitLsaModeLeg:
        if context_handle is None:
            return self._negotiate(credential_handle, asked_by(CLIENT, context_requirements))
        context = self._expect(context_handle, "challenge")
        said = read_challenge(_token(input_buffers))
        if said is None or said.flags & context.flags != context.flags:
            raise StatusError(SEC_E_INVALID_TOKEN, "no challenge, or one that grants less than was asked for")
        proof = proof_of(SERVER, context.key, context.account, said.flags, context.client_nonce, said.nonce)
        if not hmac.compare_digest(proof, said.proof):
            raise StatusError(SEC_E_WRONG_PRINCIPAL, "the server does not know the account's key")
        context.flags, context.server_nonce = said.flags, said.nonce
        answer = proof_of(CLIENT, context.key, context.account, said.flags, context.client_nonce, said.nonce)
        return InitLsaModeLeg(
            output_buffers=_message(Response(answer).encode()),
            context_attributes=granted_as(CLIENT, context.flags),
            expiration_time=_NEVER,
            mapped_context=True,
            context_data=await self._pack(CLIENT, context),
        )

    def _negotiate(self, credential_handle: int | None, flags: int) -> InitLsaModeLeg:
        credential = self._credentials.get(credential_handle or 0)
        if credential is None or credential.key is None:
            raise StatusError(SEC_E_NO_CREDENTIALS, "the credential is not for connecting")
        nonce = self._table.win32.BCryptGenRandom(NONCE_SIZE)
        asked = Negotiate(flags, nonce, credential.account)
        number = self._number()
        self._contexts[number] = _Context(credential.account, credential.key, flags, nonce, b"", "challenge")
        return InitLsaModeLeg(
            number, _message(asked.encode()), granted_as(CLIENT, flags), _NEVER, status=SEC_I_CONTINUE_NEEDED
        )

    # ------------------------------------------------------------------ the server's side

    async def SpAcceptLsaModeContext(
        self,
        credential_handle: int | None,
        context_handle: int | None,
        input_buffer: SecBufferDesc | None,
        context_requirements: int,
        target_data_rep: int,
        output_buffer: SecBufferDesc | None,
    ) -> AcceptLsaModeLeg:
        if context_handle is None:
            return self._challenge(credential_handle, _token(input_buffer), asked_by(SERVER, context_requirements))
        context = self._expect(context_handle, "response")
        said = read_response(_token(input_buffer))
        if said is None:
            raise StatusError(SEC_E_INVALID_TOKEN, "no response")
        nonces = context.client_nonce, context.server_nonce
        proof = proof_of(CLIENT, context.key, context.account, context.flags, *nonces)
        if not hmac.compare_digest(proof, said.proof):
            raise StatusError(SEC_E_LOGON_DENIED, "the client does not know the account's key")
        return AcceptLsaModeLeg(
            context_attributes=granted_as(SERVER, context.flags),
            expiration_time=_NEVER,
            mapped_context=True,
            context_data=await self._pack(SERVER, context),
        )

    def _challenge(self, credential_handle: int | None, message: bytes, flags: int) -> AcceptLsaModeLeg:
        credential = self._credentials.get(credential_handle or 0)
        if credential is None or not credential.accepts:
            raise StatusError(SEC_E_NO_CREDENTIALS, "the credential is not for accepting")
        said = read_negotiate(message)
        if said is None:
            raise StatusError(SEC_E_INVALID_TOKEN, "no message of a client that begins")
        flags |= said.flags & KNOWN
        # For a name that nobody has, a key that nobody has: the proof will not fit, as with a wrong password.
        key = self._keys.get(said.account) or self._table.win32.BCryptGenRandom(32)
        nonce = self._table.win32.BCryptGenRandom(NONCE_SIZE)
        proof = proof_of(SERVER, key, said.account, flags, said.nonce, nonce)
        number = self._number()
        self._contexts[number] = _Context(said.account, key, flags, said.nonce, nonce, "response")
        answer = Challenge(flags, nonce, proof).encode()
        return AcceptLsaModeLeg(
            number, _message(answer), granted_as(SERVER, flags), _NEVER, status=SEC_I_CONTINUE_NEEDED
        )

    # ------------------------------------------------------------------ both

    def SpDeleteContext(self, context_handle: int) -> None:
        if self._contexts.pop(context_handle, None) is None:
            raise StatusError(SEC_E_INVALID_HANDLE)

    def _expect(self, context_handle: int, awaited: str) -> _Context:
        """The context, which from now on awaits nothing: a proof is tried once, whatever comes of it."""
        context = self._contexts.get(context_handle)
        if context is None or context.awaits != awaited:
            raise StatusError(SEC_E_INVALID_TOKEN, f"the context awaits no {awaited}")
        context.awaits = ""
        return context

    async def _pack(self, side: bytes, context: _Context) -> SecBuffer:
        """What the half in the client's process needs, in memory of LSA, which LSA frees."""
        keys = context_keys(side, context.key, context.client_nonce, context.server_nonce, context.flags)
        packed = pack(keys, context.flags, context.account)
        block = await self._table.AllocateLsaHeap(len(packed))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await self._table.memory.write(block, packed)
        return SecBuffer(constants.SECBUFFER_TOKEN, block, len(packed))

    def _number(self) -> int:
        self._last += 1
        return self._last


def _token(message: SecBufferDesc | None) -> bytes:
    buffer = None if message is None else message.first(constants.SECBUFFER_TOKEN)
    if buffer is None or buffer.length > _MAX_TOKEN:
        raise StatusError(SEC_E_INVALID_TOKEN, "the message has no token, or one that is too long")
    return buffer.data


def _message(data: bytes) -> SecBufferDesc:
    return SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, data),))
