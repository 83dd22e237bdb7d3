"""How long `import lsart` takes, against importing what it stands on.

    python benchmarks/imports.py [--smoke] [--check]

Each import runs in a fresh interpreter, whose own start-up is subtracted; the contestants take turns. Byte code is
cached beforehand for all of them, in a temporary directory. `import lsart` loads names when they are first used,
so the rows below it say what is paid then; only the import is judged.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from time import perf_counter_ns

from _bars import Bar, options, verdict

IMPORT_BAR = 1.3  # at most so many times trio and attrs

ROUNDS, SMOKE_ROUNDS = 25, 3

NOTHING = "nothing"
BASELINE = "import trio, attrs"
LSART = "import lsart"
FIRST_USE = "... and use run and open_lsa"
PROGRAMS = {
    NOTHING: "pass",
    BASELINE: "import trio, attrs",
    LSART: "import lsart",
    FIRST_USE: "import lsart; lsart.run; lsart.open_lsa",
    "... and use a name of the contract": "import lsart; lsart.StatusError",
}


def start(program: str, environment: Mapping[str, str]) -> int:
    """Nanoseconds that a fresh interpreter takes for a program."""
    begin = perf_counter_ns()
    subprocess.run(
        [sys.executable, "-c", f"try:\n exec({program!r})\nexcept SystemExit: pass"],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    return perf_counter_ns() - begin


def main(arguments: Sequence[str] | None = None) -> int:
    given = options("Measure how long importing lsart takes.", arguments)
    times: dict[str, list[int]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as cache:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for program in PROGRAMS.values():
            start(program, environment)
        names = list(PROGRAMS)
        for number in range(SMOKE_ROUNDS if given.smoke else ROUNDS):
            for index in range(len(names)):
                name = names[(number + index) % len(names)]
                times[name].append(start(PROGRAMS[name], environment))
    bare = statistics.median(times[NOTHING])
    cost = {name: statistics.median(values) - bare for name, values in times.items()}
    print(f"{'':<40}{'ms':>8}{'ratio':>8}")
    for name in names:
        shown = bare if name == NOTHING else cost[name]
        ratio = "" if name == NOTHING else f"{cost[name] / cost[BASELINE]:.2f}"
        print(f"{name:<40}{shown / 1e6:>8.1f}{ratio:>8}")
    code = verdict([Bar(LSART, cost[LSART] / cost[BASELINE], IMPORT_BAR)], check=given.check)
    print(
        "\nThe import alone is judged: it is what a program pays that uses lsart now and then, or only its types.\n"
        f"Not judged: the import with the first use of run and open_lsa, {cost[FIRST_USE] / cost[BASELINE]:.2f} times. "
        "Whoever runs an LSA pays it, once."
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
