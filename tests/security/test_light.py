"""Libraries for secrets are imported by who needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, lsart
lsart.run, lsart.open_lsa, lsart.LsaSettings()
{then}
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {{"argon2", "cryptography"}}))
"""


@pytest.mark.parametrize(
    ("then", "loaded"),
    [
        ("lsart.Accounts().with_account('web')", "[]"),
        ("lsart.Accounts().with_account('alice', 'x')", "['argon2']"),
        ("import random, lsart.security; lsart.security.MemoryCipher(random.Random(1))", "['cryptography']"),
    ],
)
def test_neither_argon2_nor_cryptography_is_imported_before_it_is_needed(then: str, loaded: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(then=then)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded
