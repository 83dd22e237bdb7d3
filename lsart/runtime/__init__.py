"""Floor 4: the running LSA. The only place where LSA tasks live."""

from lsart.runtime._client import Client, Reply, SectionView
from lsart.runtime._implemented import implemented
from lsart.runtime._lsa import Lsa
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._open_lsa import open_lsa
from lsart.runtime._pacer import Interloper
from lsart.runtime._package import Package
from lsart.runtime._process_memory import ProcessMemory
from lsart.runtime._registry import DEFAULT_TLS, Registry
from lsart.runtime._resolve import PackageSpec, Resolved, installed_packages, package_groups, resolve
from lsart.runtime._settings import Costs, LsaSettings

__all__ = [
    "DEFAULT_TLS",
    "Client",
    "Costs",
    "Interloper",
    "Lsa",
    "LsaSettings",
    "MemoryView",
    "Package",
    "PackageSpec",
    "ProcessMemory",
    "Registry",
    "Reply",
    "Resolved",
    "SectionView",
    "implemented",
    "installed_packages",
    "open_lsa",
    "package_groups",
    "resolve",
]
