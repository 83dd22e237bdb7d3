"""GetSecurityUserInfo: who a session's user is; and credentials that packages keep under keys of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsas import simulated, status_of
from sspi import Ssp, acquire
from tokens import LUID, USER, create

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_NO_CREDENTIALS,
    SEC_E_NOT_OWNER,
    STATUS_INVALID_PARAMETER,
    SecBuffer,
    SecurityUserData,
    constants,
)
from lsart.security import pack_user_data, unpack_user_data, user_data_size

TEXTS = st.text(max_size=20)
ALICE = SecurityUserData("alice", "CONTOSO", "DC1", USER)


class Logon(Ssp):
    """Has one session, whose user it describes, and keys that it deletes."""

    def __init__(self, data: Any = ALICE) -> None:
        super().__init__("logon")
        self.data = data
        self.token = 0

    async def SpInitialize(self, package_id: int, parameters: object, table: lsart.FunctionTable) -> None:
        self.table = table
        await table.CreateLogonSession(LUID)
        self.token = (await create(table))[0]

    async def SpGetUserInfo(self, *given: Any) -> Any:
        await self._enter("User", given)
        return self.data

    async def SpDeleteCredentials(self, *given: Any) -> None:
        await self._enter("DeleteCredentials", given)


@given(st.builds(SecurityUserData, TEXTS, TEXTS, TEXTS, st.just(USER)), st.integers(1, 2**40))
def test_the_structure_survives_as_bytes(data: SecurityUserData, address: int) -> None:
    packed = pack_user_data(data, address)
    assert len(packed) == user_data_size(data)
    assert unpack_user_data(packed, address) == data


@pytest.mark.rule("SGU-2")
@simulated
async def test_the_structure_is_in_the_caller_s_memory_until_free_context_buffer() -> None:
    logon = Logon()
    async with lsart.open_lsa(logon) as lsa:
        alice = lsa.start_client("alice", token=logon.token)
        data, buffer = await alice.GetSecurityUserInfo()
        assert data == ALICE
        assert logon.of("User") == [(LUID, 0)]
        assert buffer.space == "alice"
        assert unpack_user_data(await alice.memory.read(buffer, user_data_size(data)), buffer.address) == ALICE
        assert await status_of(alice.LsaFreeReturnBuffer(buffer)) == STATUS_INVALID_PARAMETER
        await alice.FreeContextBuffer(buffer)
        assert await status_of(alice.FreeContextBuffer(buffer)) == SEC_E_INVALID_HANDLE
        assert alice.process.committed == 0


@pytest.mark.rule("SGU-1")
@simulated
async def test_a_caller_that_wants_no_long_names_gets_none() -> None:
    logon = Logon()
    async with lsart.open_lsa(logon) as lsa:
        alice = lsa.start_client("alice", token=logon.token)
        for length, status in ((15, None), (16, SEC_E_INTERNAL_ERROR)):
            logon.data = SecurityUserData("alice", "D" * length, "DC1", USER)
            call = alice.GetSecurityUserInfo(flags=constants.NO_LONG_NAMES)
            if status is None:
                assert (await call)[0] == logon.data
            else:
                assert await status_of(call) == status
        assert (await alice.GetSecurityUserInfo(flags=constants.UNDERSTANDS_LONG_NAMES))[0] == logon.data
        assert [flags for _, flags in logon.of("User")] == [2, 2, 1]


@simulated
async def test_whose_session_may_be_looked_at() -> None:
    logon = Logon()
    async with lsart.open_lsa(logon) as lsa, lsa.connect("eve") as eve, lsa.connect("boss", trusted=True) as boss:
        assert await status_of(eve.GetSecurityUserInfo(LUID)) == SEC_E_NOT_OWNER
        assert (await boss.GetSecurityUserInfo(LUID))[0] == ALICE
        assert await status_of(eve.GetSecurityUserInfo()) == SEC_E_NO_CREDENTIALS  # the system's, which no package made
        assert await status_of(boss.GetSecurityUserInfo(12345)) == SEC_E_NO_CREDENTIALS
        with pytest.raises(TypeError, match="logon_id is a LUID"):
            await boss.GetSecurityUserInfo("alice")  # type: ignore[arg-type]  # that it is refused is the point


@pytest.mark.parametrize(
    "data",
    [
        None,
        ("alice", "CONTOSO", "DC1", USER),
        SecurityUserData("alice", "CONTOSO", "DC1", "no sid"),
        SecurityUserData("a" * 40000, "CONTOSO", "DC1", USER),
        SecurityUserData(b"alice", "CONTOSO", "DC1", USER),  # type: ignore[arg-type]  # that it is refused is the point
    ],
)
@simulated
async def test_what_describes_no_user_is_an_internal_error(data: Any) -> None:
    logon = Logon(data)
    async with lsart.open_lsa(logon) as lsa:
        alice = lsa.start_client("alice", token=logon.token)
        assert await status_of(alice.GetSecurityUserInfo()) == SEC_E_INTERNAL_ERROR
        assert lsa.check() == []


@pytest.mark.rule("SDC-1")
@pytest.mark.parametrize("key", [b"", b"\0\xff any bytes", bytearray(b"k" * 5000)])
@simulated
async def test_a_key_reaches_the_package_as_it_is(key: bytes) -> None:
    logon = Logon()
    async with lsart.open_lsa(logon) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "logon")
        await alice.delete_credentials(credential, key)
        assert logon.of("DeleteCredentials") == [(32, SecBuffer(constants.SECBUFFER_PKG_PARAMS, bytes(key)))]
        await alice.FreeCredentialsHandle(credential)
        assert await status_of(alice.delete_credentials(credential, key)) == SEC_E_INVALID_HANDLE
