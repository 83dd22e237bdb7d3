"""Open an LSA for the length of a block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import trio

from lsart.contract import ConfigurationError, LsassTerminated
from lsart.events import Bus
from lsart.runtime._enter import Entrance
from lsart.runtime._enter_task import enter_task
from lsart.runtime._invoke import sole_leaf
from lsart.runtime._loader import Loader
from lsart.runtime._lsa import Lsa
from lsart.runtime._registry import Registry
from lsart.runtime._resolve import PackageSpec
from lsart.runtime._settings import LsaSettings
from lsart.runtime._watchdog import Watchdog

__all__ = ["open_lsa"]

_WAYS_IN = tuple(  # for the watchdog
    each.__code__ for each in (Entrance.call_package, Entrance.enter, Loader._enter, enter_task)
)


@asynccontextmanager
async def open_lsa(
    *packages: Any,
    authentication_packages: Iterable[Any] = (),
    registry: Registry | None = None,
    settings: LsaSettings | None = None,
    bus: Bus | None = None,
) -> AsyncIterator[Lsa]:
    """Run an LSA for the length of the block.

    Args:
        packages: the "Security Packages" list in order: anything that `PackageSpec` takes as source, or a PackageSpec.
        authentication_packages: the "Authentication Packages" list.
        registry: the registry values that name the packages of both lists, instead of the two arguments above, and what
            client processes have of their own.
        settings: limits, choices, costs, workers. bus: where to tell events; subscribe before to hear the loading.

    A package that fails to start is unlisted, as in Windows: see `Lsa.refusals`.

    Raises:
        ConfigurationError: a package cannot be found; or packages are given beside a registry.
        LsassTerminated: the modelled LSASS went down.
    """
    settings = settings or LsaSettings()
    security, authentication = _specs(packages), _specs(authentication_packages)
    if registry is not None:
        if security or authentication:
            raise ConfigurationError("packages are named by the registry or by arguments, not by both")
        security, authentication = registry.security_specs(), registry.authentication_specs()
    providers = () if registry is None else registry.provider_modules()
    failure: BaseException | None = None
    lsa: Lsa | None = None
    try:
        with Watchdog(settings.watchdog, _WAYS_IN):
            async with trio.open_nursery() as nursery:
                lsa = Lsa(nursery, settings, bus or Bus())
                lsa.provider_modules = providers
                lsa.default_tls = None if registry is None else registry.default_tls
                try:
                    await lsa.loader.load(security, authentication)
                    yield lsa
                # Kept out of the nursery, which would wrap it in a group.
                except (Exception, KeyboardInterrupt, SystemExit) as error:
                    failure = error
                finally:
                    await lsa.close()
    except BaseExceptionGroup as group:
        leaf = sole_leaf(group)
        if isinstance(leaf, KeyboardInterrupt):  # Ctrl-C hit a worker
            raise leaf from None
        raise
    if lsa.death is not None:
        raise LsassTerminated(lsa.death) from failure
    if failure is not None:
        raise failure


def _specs(sources: Iterable[Any]) -> list[PackageSpec]:
    return [each if isinstance(each, PackageSpec) else PackageSpec(each) for each in sources]
