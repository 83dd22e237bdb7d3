"""Write lsart/contract/data/proofs.json: which tests prove which rules, and which rules are waived.

python tools/generate_proofs.py            write it
python tools/generate_proofs.py --check    fail when it differs from what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path

from rule_marks import rule_marks

__all__ = ["generate"]

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "lsart" / "contract" / "data" / "proofs.json"


def generate() -> str:
    """The text of the file: one rule per line, so that a change of one is a small diff."""
    found: dict[str, dict[str, object]] = {}
    for rule, tests in rule_marks(ROOT / "tests", ROOT).items():
        found[rule] = {"tests": sorted(set(tests))}
    for waiver in tomllib.loads((ROOT / "tests" / "waivers.toml").read_text("utf-8")).get("waiver", []):
        found.setdefault(waiver["id"], {})["waived"] = waiver["reason"]
    lines = [f"{json.dumps(rule)}: {json.dumps(each)}" for rule, each in sorted(found.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the list of which tests prove which rules.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when it differs")
    text = generate()
    if parser.parse_args().check:
        if FILE.exists() and FILE.read_text("utf-8") == text:
            print("the list of proofs agrees with the marks in the tests")
            return 0
        print(f"{FILE.relative_to(ROOT)} differs from the marks in the tests; run python tools/generate_proofs.py")
        return 1
    FILE.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
