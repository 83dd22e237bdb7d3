"""What LSASS knows of who is logged on: everything in this floor is reached from here."""

from __future__ import annotations

from lsart.memory import LsaMemory, Resource
from lsart.security._credential_manager import CredentialManager
from lsart.security._credentials import Credentials
from lsart.security._handles import HandleTable
from lsart.security._luid import Luids
from lsart.security._sessions import Sessions
from lsart.security._tokens import Tokens

__all__ = ["Security"]


class Security:
    """LUIDs, sessions, credentials, tokens and handles of one LSASS process.

    Args:
        memory: where credentials are kept; its machine pays for sessions and handles.
    """

    def __init__(self, memory: LsaMemory) -> None:
        self._memory = memory
        environment, machine = memory.environment, memory.machine
        self.luids = Luids()
        self.sessions = Sessions(machine, environment)
        self.credentials = Credentials(self.sessions, memory)
        self.credential_manager = CredentialManager()
        self.tokens = Tokens(self.sessions, self.luids)
        self.handles = HandleTable(environment, machine)

    def release_package(self, package: str, time_ns: int) -> None:
        """Tell what a package leaves behind when it is unloaded, and give it back."""
        self.credentials.release_package(package, time_ns)  # first: a session that ends here is no fault of its
        self.handles.release_package(package, time_ns)  # before sessions: a token may be what holds one
        self.sessions.release_package(package, time_ns)

    def close(self, time_ns: int) -> None:
        """The machine goes down."""
        self.handles.close_all(time_ns)
        self.sessions.close()
        self.credentials.close()

    def due(self) -> dict[Resource, int]:
        """What the machine should have charged for all of this, besides memory of the LSA heap."""
        return {Resource.PAGED_POOL: self.sessions.due(), Resource.HANDLES: self.handles.due()}

    def check(self) -> list[str]:
        """Every invariant of this floor, without the machine's books; [] when sound."""
        return [*self.sessions.check(), *self.credentials.check(), *self.tokens.check(), *self.handles.check()]
