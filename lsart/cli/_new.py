"""`lsart new`: a package of one's own, made from the sample `minimal`.

The sample is read, not copied into this file, so what it teaches and what a newcomer gets cannot drift apart.
"""

from __future__ import annotations

import keyword
import os
import re
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import TextIO

from lsart.cli._failures import OutputError
from lsart.contract import ConfigurationError, InternalError
from lsart.runtime import installed_packages

__all__ = ["create_package", "package_files"]

SAMPLE, SAMPLE_CLASS = "minimal", "Minimal"

_PACKAGE_TOML = """\
# How lsart finds the package: `lsart stress` takes this directory, and so does lsart.open_lsa.

[package]
name = "{name}"
source = "{name}.py:{class_name}"
"""

_TEST = '''\
"""{class_name} answers, and gives everything back."""

from pathlib import Path

import lsart

PACKAGE = Path(__file__).parent


def test_it_answers_with_what_it_was_sent() -> None:
    async def ask() -> bytes:
        async with lsart.open_lsa(PACKAGE) as lsa:
            assert lsa.refusals == ()
            async with lsa.connect("alice") as alice:
                reply = await alice.call("{name}", b"hello")
                return reply.data

    assert lsart.run(ask) == b"hello"


def test_it_serves_many_clients_and_leaves_nothing_behind() -> None:
    result = lsart.stress(PACKAGE, clients=10, calls=10)
    assert result.problems == ()
    assert result.exit_code == 0
'''


def create_package(name: str, directory: Path | None, out: TextIO) -> int:
    """Write a package directory and say what to do with it; 0.

    Raises:
        ConfigurationError: the name or the directory is taken, or cannot be a name.
        OutputError: the directory cannot be written.
    """
    _check_name(name)
    target = Path(name) if directory is None else directory
    files = package_files(name)
    try:
        if os.path.lexists(target) and (not target.is_dir() or any(target.iterdir())):
            raise ConfigurationError(f"{target} is there already. Choose another name, or --directory elsewhere.")
        _write(files, target)
    except OSError as error:
        raise OutputError("the package", target, error) from None
    shown = os.path.join(os.curdir, target) if target.parent == Path() else str(target)
    print(f"Wrote {target}{os.sep} with {', '.join(sorted(files))}.", file=out)
    print(f"\nRun it:   lsart stress {shown}\nTest it:  pytest {shown}", file=out)
    return 0


def package_files(name: str) -> dict[str, str]:
    """What the directory of a new package holds: file name to text."""
    class_name = "".join(part.capitalize() for part in name.split("_"))
    sample = resources.files("lsart_packages").joinpath(SAMPLE)
    module = sample.joinpath("__init__.py").read_text("utf-8")
    module = _renamed(module, rf"\b{SAMPLE_CLASS}\b", class_name)
    module = _renamed(module, rf'"{SAMPLE}"', f'"{name}"')
    module = _renamed(module, r"\A\"\"\"The smallest useful package: it", f'"""{class_name}')
    scenario = sample.joinpath("scenario.toml").read_text("utf-8")
    scenario = _renamed(scenario, rf"lsart stress {SAMPLE}\b", f"lsart stress {name}")
    scenario = _renamed(scenario, rf'"{SAMPLE}"', '"."')
    return {
        "package.toml": _PACKAGE_TOML.format(name=name, class_name=class_name),
        f"{name}.py": module,
        "scenario.toml": scenario,
        f"test_{name}.py": _TEST.format(name=name, class_name=class_name),
    }


def _check_name(name: str) -> None:
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None or keyword.iskeyword(name):
        likely = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_0123456789")
        hint = f" Did you mean {likely!r}?" if likely and not keyword.iskeyword(likely) else ""
        raise ConfigurationError(
            f"a package cannot be named {name!r}: expected lower-case letters, digits and _, a letter first, and no "
            f"Python keyword.{hint}"
        )
    if len(name) > 100:
        raise ConfigurationError(f"a package name of {len(name)} letters is too long; LSA takes 127 bytes, use 100")
    if name in sys.stdlib_module_names:
        raise ConfigurationError(
            f"{name!r} is a module of Python, which {name}.py would hide from your tests; choose another name"
        )
    if name in installed_packages():
        raise ConfigurationError(f"a package {name!r} is installed already (`lsart list`); choose another name")


def _renamed(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, lambda _: replacement, text)
    if not count:
        raise InternalError(f"the sample {SAMPLE} has no {pattern!r} any more; lsart/cli/_new.py expects it")
    return changed


def _write(files: dict[str, str], target: Path) -> None:
    """All files or none: they are written in a directory beside, which then takes the name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        beside.chmod(0o777 & ~_umask())
        for name, text in files.items():
            (beside / name).write_text(text, encoding="utf-8")
        if target.exists():
            target.rmdir()  # empty, and Windows does not rename onto it
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
