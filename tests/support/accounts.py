"""A domain of four accounts and three groups, cheap to log on to."""

from __future__ import annotations

from lsart.security import GUEST_RID, Accounts, HashCost, LockoutPolicy

__all__ = ["CHEAP", "CONTOSO", "PASSWORD", "contoso"]

CHEAP = HashCost(time_cost=1, memory_kib=8)
PASSWORD = "correct horse"


def contoso(lockout: LockoutPolicy | None = None, **guest: bool) -> Accounts:
    """alice and bob, a service, and Guest; Staff is in Everybody, which is in Visitors.

    Args:
        guest: fields of Guest's account.
    """
    return (
        Accounts(domain="CONTOSO", dns_domain="contoso.test", cost=CHEAP, lockout=lockout or LockoutPolicy())
        .with_group("Visitors", 1102)
        .with_group("Everybody", 1101, ["Visitors"])
        .with_group("Staff", 1100, ["Everybody"])
        .with_account(
            "alice",
            PASSWORD,
            rid=1001,
            user_principal_name="alice@contoso.test",
            display_name="Alice Adams",
            alternate_ids=["X509:<S>CN=Alice"],
            sid_history=["S-1-5-21-9-9-9-77"],
            groups=["Staff"],
        )
        .with_account(
            "bob",
            "hunter2",
            rid=1002,
            display_name="Bob",
            distinguished_name="CN=bob\\, the 2nd,OU=Ops,DC=contoso,DC=test",
        )
        .with_account("web", rid=1003, display_name="Bob", service_principal_names=["http/www.contoso.test"])
        .with_account("Guest", "", rid=GUEST_RID, **{"disabled": True, **guest})
    )


CONTOSO = contoso()
