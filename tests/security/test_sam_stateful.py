"""Any order of opening, closing and unloading: a handle is good from its opening to its end, and never again."""

from __future__ import annotations

from accounts import CONTOSO
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from lsart.contract import Pointer
from lsart.events import Origin
from lsart.memory import LSASS
from lsart.security import Sam

PACKAGES = st.sampled_from(["a", "b"])
ACCOUNTS = st.sampled_from(CONTOSO.accounts)


class Handles(RuleBasedStateMachine):
    """Against a dict of what is open."""

    given_out = Bundle("given_out")

    def __init__(self) -> None:
        super().__init__()
        self.sam = Sam(CONTOSO, b"key")
        self.open_ones: dict[Pointer, tuple[str, str]] = {}
        self.ever: set[Pointer] = set()

    @rule(target=given_out, package=PACKAGES, account=ACCOUNTS)
    def opens(self, package: str, account: object) -> Pointer:
        assert account in CONTOSO.accounts
        found = next(each for each in CONTOSO.accounts if each == account)
        handle = self.sam.open(found, Origin(package))
        assert handle not in self.ever
        self.ever.add(handle)
        self.open_ones[handle] = (package, found.name)
        return handle

    @rule(handle=given_out)
    def closes(self, handle: Pointer) -> None:
        assert self.sam.close(handle) is (self.open_ones.pop(handle, None) is not None)

    @rule(handle=consumes(given_out))
    def closes_and_forgets(self, handle: Pointer) -> None:
        self.closes(handle)

    @rule(address=st.integers(0, 0x1000_0100), space=st.sampled_from([LSASS, "alice"]))
    def closes_anything(self, address: int, space: str) -> None:
        self.closes(Pointer(address, space))

    @rule(package=PACKAGES)
    def unloads(self, package: str) -> None:
        left = {handle: record.account.name for handle, record in self.sam.release(package)}
        assert left == {handle: name for handle, (owner, name) in self.open_ones.items() if owner == package}
        for handle in left:
            del self.open_ones[handle]

    @invariant()
    def exactly_what_is_open_is_found(self) -> None:
        assert self.sam.handles == len(self.open_ones)
        for handle in self.ever:
            found = self.sam.opened(handle)
            expected = self.open_ones.get(handle)
            assert (None if found is None else (found.opened.package, found.account.name)) == expected


TestHandles = Handles.TestCase
