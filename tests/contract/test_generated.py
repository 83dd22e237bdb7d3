"""The generated modules are the data, nothing else, and say so when they are not."""

from __future__ import annotations

from pathlib import Path

import generate_contract
import pytest

import lsart.contract._tables as tables
from lsart.contract._tables import _constants, _enumerations, _ndis_constants


def test_the_generated_modules_agree_with_the_data() -> None:
    assert generate_contract.differences() == []


def test_a_changed_and_a_stray_module_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {path.name: text for path, text in generate_contract.generate().items()}
    folder = tmp_path / "_tables"
    folder.mkdir()
    monkeypatch.setattr(generate_contract, "generate", lambda: {folder / n: t for n, t in written.items()})
    monkeypatch.setattr(generate_contract, "CONTRACT", tmp_path)
    monkeypatch.setattr(generate_contract, "ROOT", tmp_path)
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    assert generate_contract.differences() == []
    (folder / "_statuses.py").write_text("STATUS_SUCCESS = 1\n", "utf-8")
    (folder / "_old.py").write_text("", "utf-8")
    differs, stray = generate_contract.differences()
    assert "_statuses.py: differs from the data; run" in differs
    assert "_old.py: no longer generated; delete it" in stray


@pytest.mark.parametrize("module", [tables, _constants, _enumerations, _ndis_constants])
def test_every_exported_name_exists_and_exports_are_sorted(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]  # a module's own list
    assert list(names) == sorted(names)
    assert all(hasattr(module, name) for name in names)


def test_constants_have_the_values_of_the_headers() -> None:
    assert _constants.SECPKG_ID_NONE == 0xFFFF
    assert _constants.SECPKG_INTERFACE_VERSION_3 == 0x40000
    assert _constants.SECPKG_FLAG_LOGON == 0x2000
    assert _enumerations.SECURITY_LOGON_TYPE(2).name == "Interactive"
    assert _ndis_constants.NDIS_SHARED_MEMORY_USAGE(9).name == "NdisSharedMemoryUsageOther"
    assert _ndis_constants.NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_2 == 68
