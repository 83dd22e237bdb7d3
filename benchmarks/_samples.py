"""All samples that do something, in one LSA, and what their clients do: what hostile clients are let at.

Logons are cheap here, as a few hundred thousand of them are wanted, not as passwords should be kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

import lsart_packages.challenge
import lsart_packages.password
import lsart_packages.ticketcache
from _keeper import NUMBERS, Keeper
from _roamer import Roamer
from _roaming import roam
from lsart_packages.challenge import identity
from lsart_packages.password import WHOAMI, encode_logon

from lsart.security import Accounts, HashCost
from lsart.stress import MessageMaker, Visit

__all__ = ["ACCOUNTS", "HONEST", "MESSAGES", "PACKAGES", "VISITS"]

PACKAGES: Final = (Keeper, Roamer, "minimal", "ticketcache", "password", "challenge")
HONEST: Final = ("ann", "ben")
"""Accounts whose passwords no hostile client knows: "ann's password"."""

_USERS: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")


def _accounts() -> Accounts:
    accounts = Accounts(domain="CONTOSO", dns_domain="contoso.test", cost=HashCost(time_cost=1, memory_kib=8))
    for rid, name in enumerate((*_USERS, *HONEST), start=1001):
        accounts = accounts.with_account(name, f"{name}'s password", rid=rid)
    return accounts


ACCOUNTS: Final = _accounts()


def _logon(random: Random, size: int) -> bytes:
    user = random.choice(_USERS)
    return encode_logon("CONTOSO", user, f"{user}'s password")


def _kept(random: Random, size: int) -> bytes:
    return bytes([random.choice(tuple(NUMBERS.values()))]) + random.randbytes(size)


def _operations() -> dict[str, Any]:
    modules = (lsart_packages.ticketcache, lsart_packages.password, lsart_packages.challenge)
    return {f"{each.__name__} {name}": done for each in modules for name, done in each.OPERATIONS.items()}


MESSAGES: Final[Mapping[str, MessageMaker]] = MappingProxyType(
    {name: each for name, each in _operations().items() if not inspect.iscoroutinefunction(each)}
    | {
        "log on": _logon,
        "who am I": lambda random, size: WHOAMI,
        "identity": lambda random, size: identity(*random.choice((("alice", "wonderland"), ("bob", "builder")))),
        "keep": _kept,
    }
)
VISITS: Final[Mapping[str, Visit]] = MappingProxyType(
    {name: each for name, each in _operations().items() if inspect.iscoroutinefunction(each)} | {"roam": roam}
)
