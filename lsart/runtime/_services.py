"""What serves the slots of the function table, and how each is made for one LSA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsart.runtime._account_services import AccountServices
from lsart.runtime._audit_services import AuditServices
from lsart.runtime._auth_token_services import AuthTokenServices
from lsart.runtime._call_services import CallServices
from lsart.runtime._callback_services import CallbackServices
from lsart.runtime._caller_services import CallerServices
from lsart.runtime._client_services import ClientServices
from lsart.runtime._credential_manager_services import CredentialManagerServices
from lsart.runtime._credential_services import CredentialServices
from lsart.runtime._identity_services import IdentityServices
from lsart.runtime._map_services import MapServices
from lsart.runtime._memory_services import MemoryServices
from lsart.runtime._notification_services import NotificationServices
from lsart.runtime._protect_services import ProtectServices
from lsart.runtime._session_services import SessionServices
from lsart.runtime._task_services import TaskServices
from lsart.runtime._token_services import TokenServices
from lsart.runtime._update_credentials_services import UpdateCredentialsServices

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["SERVICES", "make_services"]

SERVICES: tuple[type[object], ...] = (
    MemoryServices,
    ClientServices,
    ProtectServices,
    AccountServices,
    SessionServices,
    CredentialServices,
    TokenServices,
    AuthTokenServices,
    TaskServices,
    NotificationServices,
    CallServices,
    CredentialManagerServices,
    CallerServices,
    AuditServices,
    UpdateCredentialsServices,
    CallbackServices,
    IdentityServices,
    MapServices,
)
"""What serves the slots of the function table: a method of a slot's name is that slot."""


def make_services(lsa: Lsa) -> tuple[object, ...]:
    """The services of this LSA. Its loader and its unloading may come later."""
    choices = lsa.settings.choices
    tokens = TokenServices(lsa.security, lsa.memory, lsa.names_of)
    services: tuple[object, ...] = (
        MemoryServices(lsa.memory, lsa.bus, lsa.settings.costs),
        ClientServices(lsa.memory, lsa.pacer),
        ProtectServices(lsa.memory, lsa.pacer, lsa.bus),
        lsa.accounts,
        SessionServices(lsa.security),
        CredentialServices(lsa.security, lsa.memory, lambda key: lsa.loader.authentication_ids.get(key)),
        tokens,
        AuthTokenServices(lsa.accounts, lsa.security, tokens),
        TaskServices(lsa.belongings, choices, lambda key: lsa.unloading.begin(key)),
        NotificationServices(lsa.belongings, choices),
        CallServices(lsa.memory, lsa.pacer, lsa.find_package, lsa.entrance, lsa.dispatcher),
        CredentialManagerServices(lsa.security, lsa.memory, lsa.bus),
        CallerServices(lsa.security, choices),
        AuditServices(lsa.bus, lsa.names_of),
        UpdateCredentialsServices(lsa.security, lsa.office, choices),
        CallbackServices(choices),
        IdentityServices(lsa.identities, lsa.settings.lsass_privileges, choices),
        MapServices(lsa.memory, lsa.pacer),
    )
    assert tuple(map(type, services)) == SERVICES
    return services
