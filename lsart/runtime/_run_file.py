"""Running a file of Python as a module."""

from __future__ import annotations

import importlib.util
import linecache
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["run_file"]


def run_file(name: str, path: Path) -> ModuleType:
    """The module of this name, made of what the file says now; the `__init__.py` of a package may have submodules.

    Bytecode that Python has kept is not used: it knows a changed file by its size and the second of the change, and a
    person who tries things out is faster than that.

    Raises:
        Exception: whatever the file raises; no module of that name is left then.
    """
    search = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    linecache.cache.pop(str(path), None)  # so that a traceback shows the lines of today
    sys.modules[name] = module  # so that classes in it can be pickled and their annotations resolved
    try:
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        exec(code, vars(module))  # as importing it does
    except BaseException:
        del sys.modules[name]
        raise
    return module
