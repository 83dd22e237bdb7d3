"""Which tests prove which rules, and which rules nobody has to prove, read on first use.

The list is written from the marks in the source of the tests, so that an installed lsart can say what it keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import attrs

__all__ = ["Proof", "proofs"]


@attrs.frozen
class Proof:
    """What stands behind one rule.

    Args:
        tests: tests that fail when the rule is broken, as pytest names them. waived: why no test can show it, if so.
    """

    tests: tuple[str, ...] = ()
    waived: str = ""


@cache
def proofs() -> Mapping[str, Proof]:
    """By rule id; a rule that is not in it has neither test nor waiver."""
    # Imported here, as most runs never ask.
    import json
    from importlib import resources

    text = resources.files("lsart.contract").joinpath("data", "proofs.json").read_text("utf-8")
    found = {
        rule: Proof(tests=tuple(each.get("tests", ())), waived=each.get("waived", ""))
        for rule, each in json.loads(text).items()
    }
    return MappingProxyType(found)
