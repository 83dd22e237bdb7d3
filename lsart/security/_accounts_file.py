"""Accounts as a TOML file: read with all faults at once, and written so that no password is in it.

    [domain]
    name = "CONTOSO"
    dns_name = "contoso.test"
    sid = "S-1-5-21-1-2-3"

    [lockout]
    threshold = 5
    window_s = 600
    duration_s = 900

    [[group]]
    name = "Staff"
    rid = 1100
    member_of = ["Everybody"]

    [[account]]
    name = "alice"
    rid = 1001
    password = "only in a file made by hand"    # or: hash = "$argon2id$..."
    groups = ["Staff"]
    disabled = false
    expires_s = 3600                            # seconds of the run's clock
    supplemental_credentials = { "challenge" = "a2V5" }     # by package, in base64

Every key but the names and rids may be left out. A password in the file is hashed when it is read and never written.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from lsart.security._accounts import Account, Accounts, AccountsError, Group, LockoutPolicy
from lsart.security._passwords import HashCost, fault_of_hash, hash_password

__all__ = ["accounts_text", "parse_accounts", "read_accounts"]

_NS = 1_000_000_000
# What may stand where: key -> (field of the class, kind of value).
_DOMAIN = {"name": ("domain", "text"), "dns_name": ("dns_domain", "text"), "sid": ("sid", "text")}
_LOCKOUT = {
    "threshold": ("threshold", "count"),
    "window_s": ("window_ns", "seconds"),
    "duration_s": ("duration_ns", "seconds"),
}
_COST = {each: (each, "count") for each in ("time_cost", "memory_kib", "parallelism")}
_GROUP = {"name": ("name", "text"), "rid": ("rid", "count"), "member_of": ("member_of", "texts")}
_ACCOUNT = {
    "name": ("name", "text"),
    "rid": ("rid", "count"),
    "hash": ("password_hash", "text"),
    "password": ("password", "text"),
    "distinguished_name": ("distinguished_name", "text"),
    "user_principal_name": ("user_principal_name", "text"),
    "display_name": ("display_name", "text"),
    "service_principal_names": ("service_principal_names", "texts"),
    "alternate_ids": ("alternate_ids", "texts"),
    "sid_history": ("sid_history", "texts"),
    "groups": ("groups", "texts"),
    "disabled": ("disabled", "flag"),
    "expires_s": ("expires_ns", "seconds"),
    "password_expires_s": ("password_expires_ns", "seconds"),
    "supplemental_credentials": ("supplemental_credentials", "secrets"),
}
_TABLES = {"domain": _DOMAIN, "lockout": _LOCKOUT, "hashing": _COST}
_LISTS = {"group": _GROUP, "account": _ACCOUNT}
_KINDS = {
    "text": "a text",
    "count": "a whole number, not negative",
    "seconds": "a number of seconds, not negative",
    "texts": "a list of texts",
    "flag": "true or false",
    "secrets": "a table of packages, each with a text in base64",
}


def read_accounts(path: str | os.PathLike[str]) -> Accounts:
    """Accounts of a file.

    Raises:
        AccountsError: with every fault and where it is. OSError: the file cannot be read.
    """
    return parse_accounts(Path(path).read_text("utf-8"), os.fspath(path))


def parse_accounts(text: str, source: str = "accounts") -> Accounts:
    """Accounts of a text; raises AccountsError, which calls the text `source`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AccountsError(source, [str(error)]) from None
    faults: list[str] = []
    for key in tree:
        if key not in _TABLES and key not in _LISTS:
            faults.append(f"{key}: no such table; known are {', '.join([*_TABLES, *_LISTS])}")
    tables = {name: _table(tree.get(name, {}), name, keys, faults) for name, keys in _TABLES.items()}
    lists = {name: _list(tree.get(name, []), name, keys, faults) for name, keys in _LISTS.items()}
    for index, account in enumerate(lists["account"]):
        _check_secret(account, f"account[{index}]", faults)
    if faults:
        raise AccountsError(source, faults)
    try:
        return _built(tables, lists)
    except AccountsError as error:
        raise AccountsError(source, error.faults) from None
    except ValueError as error:
        raise AccountsError(source, [str(error)]) from None


def accounts_text(accounts: Accounts) -> str:
    """The file that `parse_accounts` reads as the same accounts."""
    cost, lockout = accounts.cost, accounts.lockout
    names = {"domain": accounts.domain, "dns_domain": accounts.dns_domain, "sid": accounts.sid}
    blocks = [
        _block("[domain]", names, _DOMAIN),
        _block("[lockout]", attrs.asdict(lockout), _LOCKOUT),
        _block("[hashing]", attrs.asdict(cost), _COST),
        *(_block("[[group]]", attrs.asdict(each), _GROUP) for each in accounts.groups),
        *(_block("[[account]]", attrs.asdict(each, recurse=False), _ACCOUNT) for each in accounts.accounts),
    ]
    return "\n".join(blocks)


def _built(tables: Mapping[str, Any], lists: Mapping[str, list[dict[str, Any]]]) -> Accounts:
    """From values of the right kinds."""
    empty = Accounts(**tables["domain"], lockout=LockoutPolicy(**tables["lockout"]), cost=HashCost(**tables["hashing"]))
    members = []
    for fields in lists["account"]:
        password = fields.pop("password", None)
        if password is not None:
            fields["password_hash"] = hash_password(password, empty.salt_of(fields["name"]), empty.cost)
        members.append(Account(**fields))
    return attrs.evolve(empty, groups=tuple(Group(**each) for each in lists["group"]), accounts=tuple(members))


def _check_secret(account: Mapping[str, Any], where: str, faults: list[str]) -> None:
    """A password or its hash, not both; no fault repeats either."""
    if "password" in account and "password_hash" in account:
        faults.append(f"{where}: password and hash; give one of them")
    fault = fault_of_hash(account["password_hash"]) if account.get("password_hash") else ""
    if fault:
        faults.append(f"{where}.hash: {fault}")


def _list(value: object, where: str, keys: Mapping[str, tuple[str, str]], faults: list[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        faults.append(f"{where}: write [[{where}]], once for each")
        return []
    found = [_table(each, f"{where}[{index}]", keys, faults) for index, each in enumerate(value)]
    for index, each in enumerate(found):
        faults.extend(f"{where}[{index}]: {key} is missing" for key in ("name", "rid") if key not in each)
    return found


def _table(value: object, where: str, keys: Mapping[str, tuple[str, str]], faults: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        faults.append(f"{where}: expected a table")
        return {}
    found = {}
    for key, given in value.items():
        if key not in keys:
            faults.append(f"{where}.{key}: no such key; known are {', '.join(keys)}")
            continue
        field, kind = keys[key]
        if not _is_of(kind, given):
            # The value is left out: what stands in a wrong place may be a password.
            faults.append(f"{where}.{key}: expected {_KINDS[kind]}, not {type(given).__name__}")
        elif kind == "seconds":
            found[field] = round(given * _NS)
        elif kind == "secrets":
            found[field] = {name: base64.b64decode(text) for name, text in given.items()}
        else:
            found[field] = tuple(given) if kind == "texts" else given
    return found


def _is_of(kind: str, value: object) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "texts":
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case "secrets":
            return isinstance(value, dict) and all(map(_is_base64, value.values()))
        case "flag":
            return isinstance(value, bool)
        case "count":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case _:  # nan and infinity are no times
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


def _block(head: str, values: Mapping[str, Any], keys: Mapping[str, tuple[str, str]]) -> str:
    lines = [head]
    for key, (field, kind) in keys.items():
        value = values.get(field)
        if value is None or value in ("", (), []):
            continue
        lines.append(f"{key} = {_written(value, kind)}")
    return "\n".join(lines) + "\n"


def _written(value: Any, kind: str) -> str:
    if kind == "seconds":
        whole, rest = divmod(value, _NS)
        return f"{whole}.{rest:09d}".rstrip("0") if rest else str(whole)
    if kind == "texts":
        return f"[{', '.join(_written(each, 'text') for each in value)}]"
    if kind == "secrets":
        texts = [(_written(name, "text"), base64.b64encode(data).decode()) for name, data in value]
        pairs = [f'{name} = "{text}"' for name, text in texts]
        return f"{{ {', '.join(pairs)} }}"
    # A text of JSON is one of TOML, but for the character that TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
