r"""The registry values, most of them under HKLM\System\CurrentControlSet\Control\Lsa, that name packages.

A value names DLLs, not classes: a plain name is a DLL of the system directory, which here is what installed
distributions offer; any other DLL is named with its full path. Neither has its ending (REG-1, REG-2), except in
SecurityProviders, whose DLLs client processes load and LSA does not (REG-6).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import takewhile

import attrs

from lsart.contract import ConfigurationError, PackageLoadError
from lsart.runtime._providers import ProviderModule
from lsart.runtime._resolve import PackageSpec, installed_packages, resolve

__all__ = ["DEFAULT_TLS", "Registry"]

DEFAULT_TLS = "Default TLS SSP"
"""What applications call the default TLS provider, DEFAULT_TLS_SSP_NAME of schannel.h; the registry value too."""

SECURITY_PACKAGES = "Security Packages"
AUTHENTICATION_PACKAGES = "Authentication Packages"
OS_CONFIG = "OSConfig Security Packages"

SECURITY_PROVIDERS = "SecurityProviders"

_DLL = ".dll"
_ENDINGS = (".dll", ".py")


class Registry:
    """The values of one machine. They outlive an LSA: the next `open_lsa` reads them anew (REG-3, REG-5).

    Args:
        security_packages, authentication_packages: names, or the data of a REG_MULTI_SZ: text in which a zero
            character ends each name, or the same in UTF-16.
        os_config_security_packages: what ships with the system; loaded first, and nobody's to change (REG-8).
        security_providers: names with the ending .dll, or the data of a REG_SZ: text in which commas stand between
            them. "one.dll" is what is installed as "one", "/opt/one.dll" the file /opt/one.py; see `_providers`.
        default_tls: name of the package, not of its DLL, that applications get as "Default TLS SSP" (REG-7).

    Raises:
        ConfigurationError: a name has an ending, a relative path or a class, or is empty.
    """

    def __init__(
        self,
        *,
        security_packages: str | bytes | Iterable[str] = (),
        authentication_packages: str | bytes | Iterable[str] = (),
        os_config_security_packages: str | bytes | Iterable[str] = (),
        security_providers: str | Iterable[str] = (),
        default_tls: str | None = None,
    ) -> None:
        self._values = {
            SECURITY_PACKAGES: _names(security_packages),
            AUTHENTICATION_PACKAGES: _names(authentication_packages),
            OS_CONFIG: _names(os_config_security_packages),
            SECURITY_PROVIDERS: _dll_names(security_providers),
            DEFAULT_TLS: _package_name(default_tls),
        }

    def value(self, name: str) -> tuple[str, ...]:
        """The names in a value, such as "Security Packages", in order.

        Raises:
            ConfigurationError: there is no value of that name.
        """
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(repr(each) for each in self._values)
            raise ConfigurationError(f"there is no registry value {name!r}; known are {known}") from None

    def set_value(self, name: str, data: str | bytes | Iterable[str] | None) -> None:
        """Write a value. An LSA that runs does not hear of it.

        Raises:
            ConfigurationError: no such value, or a name that does not fit; or it is the list of what ships with the
                system, which cannot be edited (REG-8).
        """
        self.value(name)
        if name == OS_CONFIG:
            raise ConfigurationError(
                f"{OS_CONFIG!r} lists what ships with the system and cannot be edited; "
                f"a package of your own goes into {SECURITY_PACKAGES!r}"
            )
        if name == DEFAULT_TLS:
            self._values[name] = _package_name(data)
        elif name == SECURITY_PROVIDERS:
            self._values[name] = _dll_names(data)
        else:
            self._values[name] = _names(() if data is None else data)

    def add(self, name: str, package: str) -> None:
        """Put a package at the end of a value; raises as `set_value` does."""
        self.set_value(name, (*self.value(name), package))

    @property
    def default_tls(self) -> str | None:
        """The package that is the default TLS provider; None for none."""
        return next(iter(self._values[DEFAULT_TLS]), None)

    # ------------------------------------------------------------------ for this floor only

    def provider_modules(self) -> tuple[ProviderModule, ...]:
        """The DLLs of SecurityProviders. They are found as LSA starts, so that a wrong name is told at once; what is in
        them runs in client processes only. Raises PackageLoadError for what is not there."""
        return tuple(_provider(name) for name in self._values[SECURITY_PROVIDERS])

    def security_specs(self) -> list[PackageSpec]:
        """What the system ships, then what the first list adds. Raises PackageLoadError for what is not there."""
        return [_spec(name) for name in (*self._values[OS_CONFIG], *self._values[SECURITY_PACKAGES])]

    def authentication_specs(self) -> list[PackageSpec]:
        """Likewise, of the other list."""
        return [_spec(name) for name in self._values[AUTHENTICATION_PACKAGES]]


def _names(data: str | bytes | Iterable[str]) -> tuple[str, ...]:
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"the data of a registry value is no UTF-16: {error}") from None
    if isinstance(data, str):
        data = takewhile(bool, data.split("\0"))  # an empty string ends the list, whatever may follow
    names = tuple(data)
    for name in names:
        if fault := _fault(name):
            raise ConfigurationError(fault)
    return names


def _dll_names(data: object) -> tuple[str, ...]:
    if isinstance(data, str):
        data = [each.strip() for each in data.split(",") if each.strip()]
    if isinstance(data, bytes) or not isinstance(data, Iterable):
        raise ConfigurationError(f"{SECURITY_PROVIDERS!r} is text with commas, or names, got {type(data).__name__}")
    names = tuple(str(each) for each in data)
    for name in names:
        if not name.lower().endswith(_DLL):
            raise ConfigurationError(f"{SECURITY_PROVIDERS!r} names DLLs with their ending; write {name + _DLL!r}")
        if fault := _fault(name[: -len(_DLL)]):
            raise ConfigurationError(fault)
    return names


def _package_name(data: object) -> tuple[str, ...]:
    if data is None:
        return ()
    if not isinstance(data, str):
        raise ConfigurationError(f"{DEFAULT_TLS!r} is the name of a package, got {type(data).__name__}")
    return (data,) if data else ()


def _provider(name: str) -> ProviderModule:
    spec = _spec(name[: -len(_DLL)])
    target = resolve(spec).target
    initialize = getattr(target, "InitSecurityInterface", None)
    if initialize is None:
        raise PackageLoadError(
            f"{name} has no InitSecurityInterface, so it is no DLL of security providers", package=name
        )
    return ProviderModule(name, initialize)


def _fault(name: str) -> str:
    if not name or "\0" in name:
        return f"{name!r} is no name of a package's file"
    stem, ending = os.path.splitext(name)
    if ending.lower() in _ENDINGS:
        return f"{name!r}: a registry value names a package's file without its ending; write {stem!r}"
    if os.path.isabs(name):
        return ""
    if os.sep in name or "/" in name or "\\" in name:
        return f"{name!r} is a relative path; write the full path, or the name alone of what is installed"
    if ":" in name:
        return f"{name!r} names a class; a registry value names a package's file, all of which is loaded"
    return ""


def _spec(name: str) -> PackageSpec:
    """A file by its full path, else what is installed under that name and nothing that happens to be called so."""
    if os.path.isabs(name):
        return PackageSpec(name if os.path.isdir(name) else f"{name}.py")
    target = installed_packages().get(name)
    if target is None:
        raise PackageLoadError(
            f"the registry names {name!r}, which is not installed; any other package is named with its full path",
            package=name,
        )
    return PackageSpec(attrs.evolve(resolve(PackageSpec(target)), label=name, name=name))
