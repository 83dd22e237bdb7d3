"""Security support providers of SecurityProviders: in client processes, and nowhere in LSA; and the default TLS one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsas import Log, simulated, status_of
from sspi import BOTH, Ssp, accept, acquire, initialize, token, tokens

import lsart
from lsart.contract import (
    SEC_E_INVALID_HANDLE,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_NO_SUCH_PACKAGE,
    ConfigurationError,
    PackageLoadError,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    constants,
)
from lsart.events import ClientCrashed, PackageLoaded, UserModeLoaded
from lsart.runtime import DEFAULT_TLS, Registry

DLL = '''
from lsart.contract import (
    SEC_I_CONTINUE_NEEDED, STATUS_SUCCESS, ContextLeg, SecBuffer, SecBufferDesc, SecHandle, SecPkgInfo,
)

calls = []

class Table:
    """Two providers, whose token is their name; a message is sealed by turning its bits over."""

    def __init__(self):
        self.names = dict()

    async def EnumerateSecurityPackages(self):
        return [SecPkgInfo("{one}", max_token=64), SecPkgInfo("{two}", max_token=64)]

    def AcquireCredentialsHandle(self, principal, package, use, logon_id, auth_data, get_key_fn, get_key_argument):
        handle = SecHandle(len(self.names) + 1, 7)
        self.names[handle] = package
        return handle, 99

    def FreeCredentialsHandle(self, credential):
        calls.append(("free", self.names.pop(credential)))

    async def InitializeSecurityContext(
        self, credential, context, target_name, context_req, reserved1, drep, input, reserved2, *, output=None
    ):
        if context is None:
            text = self.names[credential].encode()
            return ContextLeg(SecHandle(50, 1), SecBufferDesc((SecBuffer(2, text),)), 0, 5, SEC_I_CONTINUE_NEEDED)
        return ContextLeg(context, SecBufferDesc(), 0, 5, STATUS_SUCCESS)

    def AcceptSecurityContext(self, credential, context, input, context_req, drep, *, output=None):
        return ContextLeg(SecHandle(60, 1), input, 0, 5, STATUS_SUCCESS)

    def DeleteSecurityContext(self, context):
        calls.append(("delete", context.lower))

    def QueryContextAttributes(self, context, attribute):
        return (context.lower, attribute)

    def MakeSignature(self, context, qop, message, number):
        message.buffers[1].buffer[:] = bytes([number])

    def VerifySignature(self, context, message, number):
        return int(message.buffers[1].buffer[0] == number)

    def EncryptMessage(self, context, qop, message, number):
        data = message.buffers[0].buffer
        data[:] = bytes(each ^ 255 for each in data)

    def DecryptMessage(self, context, message, number):
        self.EncryptMessage(context, 0, message, number)
        return message, 3

def InitSecurityInterface():
    calls.append("InitSecurityInterface")
    return Table()

def SpLsaModeInitialize(lsa_version):
    calls.append("in LSA")
    raise RuntimeError("LSA has no business here")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "one.py").write_text(DLL.format(one="red", two="green"), "utf-8")
    (tmp_path / "two.py").write_text(DLL.format(one="blue", two="ssp"), "utf-8")
    (tmp_path / "none.py").write_text("", "utf-8")
    (tmp_path / "bad.py").write_text("def InitSecurityInterface():\n    raise ValueError('bad')\n", "utf-8")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def registry_of(folder: Path, **given: Any) -> Registry:
    return Registry(security_providers=f"{folder}/one.dll, {folder}/two.DLL", **given)


def calls_of(dll: str) -> list[Any]:
    found: list[Any] = sys.modules[f"lsart_loaded_{dll}"].calls
    return found


@pytest.mark.rule("REG-6")
@simulated
async def test_a_dll_has_several_providers_and_is_loaded_by_processes_and_never_by_lsa(folder: Path, log: Log) -> None:
    async with (
        lsart.open_lsa(registry=registry_of(folder), bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
        lsa.connect("carol") as carol,
    ):
        assert (calls_of("one"), log.of(UserModeLoaded), lsa.packages) == ([], [], ())
        sent: list[bytes] = []
        sides = [await acquire(alice, "green"), await acquire(bob, "green")]
        leg = await initialize(alice, sides[0])
        sent += [each.data for each in leg.output.buffers]
        await accept(bob, sides[1], message=leg.output)
        assert sent == [b"green"]
        assert [(each.client, each.packages) for each in log.of(UserModeLoaded)] == [
            ("alice", ("red", "green")),
            ("alice", ("blue", "ssp")),
            ("bob", ("red", "green")),
            ("bob", ("blue", "ssp")),
        ]
        assert calls_of("one") == ["InitSecurityInterface"] * 2  # of each process, and carol has not asked yet
        assert [each.name for each in (await carol.EnumerateSecurityPackages())[1]] == ["red", "green", "blue", "ssp"]
        assert (lsa.packages, lsa.negotiable, log.of(PackageLoaded)) == ((), (), [])
        assert await status_of(alice.LsaLookupAuthenticationPackage(alice.handle, "green")) == STATUS_NO_SUCH_PACKAGE
        assert "in LSA" not in calls_of("one")
        assert lsa.check() == []


@simulated
async def test_a_context_of_a_provider_does_all_in_its_process_and_its_handles_are_of_that_process(
    folder: Path,
) -> None:
    async with (
        lsart.open_lsa(registry=registry_of(folder)) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("eve") as eve,
    ):
        red, blue = await acquire(alice, "red"), await acquire(alice, "blue")
        assert (await alice.AcquireCredentialsHandle(None, "red", BOTH))[1] == 99
        first = await initialize(alice, red)
        context = first.new_context
        assert context not in (red, SecHandle(50, 1))
        assert (await initialize(alice, red, context, token(b"x"))).new_context == context
        message = SecBufferDesc((SecBuffer(constants.SECBUFFER_DATA, bytearray(b"hello")), SecBuffer(2, bytearray(1))))
        assert await alice.MakeSignature(context, 0, message, 9) is message
        assert await alice.VerifySignature(context, message, 9) == 1
        assert await alice.EncryptMessage(context, 0, message, 1) is message
        assert message.buffers[0].data != b"hello"
        assert (await alice.DecryptMessage(context, message, 1))[1] == 3
        assert message.buffers[0].data == b"hello"
        assert await alice.QueryContextAttributes(context, 4) == (50, 4)
        assert await status_of(initialize(alice, blue, context)) == SEC_E_INVALID_HANDLE
        assert await status_of(initialize(alice, red, SecHandle(50, 1))) == SEC_E_INVALID_HANDLE
        for call in (
            eve.MakeSignature(context, 0, message, 0),
            eve.VerifySignature(context, message, 0),
            eve.EncryptMessage(context, 0, message, 0),
            eve.DecryptMessage(context, message, 0),
            eve.QueryContextAttributes(context, 4),
            eve.DeleteSecurityContext(context),
            eve.FreeCredentialsHandle(red),
            initialize(eve, red),
            accept(eve, red, context),
        ):
            assert await status_of(call) == SEC_E_INVALID_HANDLE
        await alice.DeleteSecurityContext(context)
        await alice.DeleteSecurityContext(context)  # which is fine once more
        await alice.FreeCredentialsHandle(red)
        assert await status_of(alice.FreeCredentialsHandle(red)) == SEC_E_INVALID_HANDLE
        assert calls_of("one")[-2:] == [("delete", 50), ("free", "red")]


@simulated
async def test_a_name_that_a_package_of_lsa_has_is_that_package_s(folder: Path) -> None:
    ssp = Ssp("ssp")
    async with (
        lsart.open_lsa(registry=registry_of(folder)) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
    ):
        await lsa.load_on_demand(ssp)
        assert await tokens(alice, bob, "ssp") == [b"token 1", b"token 2"]
        assert len(await alice.QuerySecurityPackageInfo("ssp")) == 1
        infos = await alice.QuerySecurityPackageInfo("blue")
        assert [each.name for each in infos] == ["blue"]
        assert infos.buffer is not None
        await alice.FreeContextBuffer(infos.buffer)
        assert await status_of(acquire(alice, "yellow")) == SEC_E_SECPKG_NOT_FOUND


@simulated
async def test_a_provider_that_faults_ends_its_process_and_no_other(folder: Path, log: Log) -> None:
    registry = Registry(security_providers=[f"{folder}/bad.dll"])
    async with lsart.open_lsa(registry=registry, bus=log.bus) as lsa:
        alice, bob = lsa.start_client("alice"), lsa.start_client("bob")
        with pytest.raises(ProcessTerminated):
            await alice.EnumerateSecurityPackages()
        assert log.one(ClientCrashed).entry_point == "InitSecurityInterface"
        assert (alice.is_alive, bob.is_alive) == (False, True)


@simulated
async def test_a_function_that_a_provider_lacks_is_unsupported(folder: Path) -> None:
    text = DLL.format(one="red", two="green").replace("def QueryContextAttributes", "def nothing")
    (folder / "one.py").write_text(text, "utf-8")
    async with lsart.open_lsa(registry=registry_of(folder)) as lsa, lsa.connect("alice") as alice:
        context = (await initialize(alice, await acquire(alice, "red"))).new_context
        assert await status_of(alice.QueryContextAttributes(context, 4)) == SEC_E_UNSUPPORTED_FUNCTION


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("one", "with their ending; write 'one.dll'"),
        ("a.dll, folder/one.dll", "is a relative path"),
        (b"one.dll", "got bytes"),
        (5, "got int"),
    ],
)
def test_names_of_dlls_that_cannot_be_are_refused(names: Any, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Registry(security_providers=names)
    registry = Registry()
    with pytest.raises(ConfigurationError, match=why):
        registry.set_value("SecurityProviders", names)
    assert registry.value("SecurityProviders") == ()


@simulated
async def test_a_dll_that_is_not_there_or_none_of_providers_is_told_as_lsa_starts(folder: Path) -> None:
    for name, why in (("none.dll", "has no InitSecurityInterface"), ("zzz.dll", "there is no file")):
        with pytest.raises(PackageLoadError, match=why):
            async with lsart.open_lsa(registry=Registry(security_providers=[f"{folder}/{name}"])):
                pass
    with pytest.raises(PackageLoadError, match="which is not installed"):
        async with lsart.open_lsa(registry=Registry(security_providers="zzz.dll")):
            pass


@pytest.mark.rule("REG-7")
@simulated
async def test_who_asks_for_the_default_tls_provider_gets_the_one_of_the_registry(folder: Path) -> None:
    for named in ("ssp", "green"):  # a package of LSA, and one that only client processes have
        registry = registry_of(folder, default_tls=named)
        ssp, other = Ssp("ssp"), Ssp("other")
        async with lsart.open_lsa(registry=registry) as lsa, lsa.connect("alice") as alice:
            await lsa.load_on_demand(ssp)
            await lsa.load_on_demand(other)
            credential = await acquire(alice, DEFAULT_TLS)
            leg = await initialize(alice, credential)
            expected = b"token 1" if named == "ssp" else b"green"
            assert [each.data for each in leg.output.buffers] == [expected]
            assert [each.name for each in await alice.QuerySecurityPackageInfo(DEFAULT_TLS)] == [named]
            await acquire(alice, "other")  # who names a provider gets that one
            assert (len(ssp.credentials), len(other.credentials)) == (1 if named == "ssp" else 0, 1)
            # Who is no application asking through SSPI gets none by that name.
            lookup = alice.LsaLookupAuthenticationPackage(alice.handle, DEFAULT_TLS)
            assert await status_of(lookup) == STATUS_NO_SUCH_PACKAGE
            inner = other.table.CallPackage(DEFAULT_TLS, b"", 0)
            assert await status_of(inner) == STATUS_NO_SUCH_PACKAGE


@simulated
async def test_without_a_default_tls_provider_nobody_has_that_name() -> None:
    registry = Registry(default_tls="")
    assert registry.default_tls is None
    async with lsart.open_lsa(registry=registry) as lsa, lsa.connect("alice") as alice:
        assert await status_of(acquire(alice, DEFAULT_TLS)) == SEC_E_SECPKG_NOT_FOUND
    registry.set_value(DEFAULT_TLS, "ssp")
    assert registry.value(DEFAULT_TLS) == ("ssp",)
    with pytest.raises(ConfigurationError, match="is the name of a package, got int"):
        Registry(default_tls=5)  # type: ignore[arg-type]  # that it is refused is the point
