"""Loading while clients call. Of a package that is loaded again calls under way end in the old code, the next ones
enter the new."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from lsart.contract import (
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    PackageLoadError,
    PackageState,
    StatusError,
)
from lsart.engine import Label, announce, exploring, now_ns
from lsart.events import PackageReloaded
from lsart.runtime._loader import CLEAN_UP, Loader
from lsart.runtime._loading import Loaded, RefusedError
from lsart.runtime._modules import Module
from lsart.runtime._package import Package
from lsart.runtime._resolve import PackageSpec, resolve_again

__all__ = ["Reloader"]

_UP = (PackageState.READY, PackageState.DISABLED)


class Reloader(Loader):
    """A loader that goes on while the LSA runs: more packages, and modules again. One at a time."""

    _turn: trio.Lock | None = None
    _scope: trio.CancelScope | None = None  # of what is under way
    _is_stopped = False

    async def load_on_demand(self, spec: PackageSpec, is_open: Callable[[], bool]) -> None:
        """Load one more module.

        Raises:
            PackageLoadError: a name leads nowhere. StatusError: the LSA shuts down.
        """
        async with self._alone(is_open):
            await self.load([spec], ())

    async def reload(self, name: str, is_open: Callable[[], bool], retire: Callable[[Package], None]) -> Package:
        """Load the module of a package again and put the new packages in the place of the old.

        Args:
            is_open: whether the LSA still takes calls. retire: begins to unload a package that another one follows.

        Raises:
            StatusError: STATUS_NO_SUCH_PACKAGE, also when it went meanwhile; or the status with which the new one did
                not come up.
            PackageLoadError: the file or module does not import, or offers something else.
        """
        found: list[Package] = []
        async with self._alone(is_open):
            before = self._generation(name)
            loaded = before[0].loaded
            assert isinstance(loaded, Loaded)
            resolved = resolve_again(loaded.resolved)
            module = await self._open(resolved)
            pairs = _pairs(module, before)
            after = Loaded(resolved, loaded.by_list)
            extra: list[Package] = []
            try:
                for package in module.packages:
                    self._admit(package, after, pairs.get(package))
                for package in module.packages:
                    if await self._starts(package, pairs, before) and package not in pairs:
                        extra.append(package)
                if exploring():
                    await announce(Label("the calls of LSA", "w", f"load {name} again"))
                if not is_open():
                    raise _shutting_down()
                if gone := next((each for each in before if each.state not in _UP), None):
                    raise StatusError(STATUS_NO_SUCH_PACKAGE, f"package {gone.name!r} is {gone.state.value} meanwhile")
            except BaseException:
                await self._take_back(module)
                raise
            # From here to the end nobody else runs: at no moment is a client without the package.
            for new, old in pairs.items():
                self.packages[self.packages.index(old)] = new
                old.successor = new
            self.packages += extra
            for package in (*pairs, *extra):
                self._came_up(package)
            for new, old in pairs.items():
                self._bus.emit(PackageReloaded(time_ns=now_ns(), package=new.key, replaces=old.key))
                retire(old)
            found += pairs
        return next(each for each in found if each.name == name)

    async def settle(self, patience: float) -> None:
        """Wait until nothing is being loaded; what is not through after this many seconds is taken back."""
        if self._turn is not None:
            with trio.move_on_after(patience) as over:
                await self._wait_for_turn(self._turn)
            if over.cancelled_caught and self._scope is not None:
                self._scope.cancel()
                with trio.move_on_after(CLEAN_UP):
                    await self._wait_for_turn(self._turn)

    def stop(self) -> None:
        """LSASS goes down, and packages are not even told."""
        self._is_stopped = True
        if self._scope is not None:
            self._scope.cancel()

    @asynccontextmanager
    async def _alone(self, is_open: Callable[[], bool]) -> AsyncIterator[None]:
        self._turn = self._turn or trio.Lock()
        async with self._turn:
            if not is_open():
                raise _shutting_down()
            with trio.CancelScope() as scope:
                self._scope = scope
                yield
        if scope.cancelled_caught:
            raise _shutting_down()

    async def _wait_for_turn(self, turn: trio.Lock) -> None:
        async with turn:
            pass

    async def _load_module(self, module: Module, loaded: Loaded) -> None:
        try:
            await super()._load_module(module, loaded)
        except BaseException:  # a cancellation, or Ctrl-C
            await self._take_back(module)
            raise

    def _generation(self, name: str) -> list[Package]:
        """The packages of the module to which the package of this name belongs, as far as they are up."""
        up = [each for each in self.packages if each.state in _UP]
        named = [each for each in up if each.name == name]
        # The one in use, if a disabled one of the same name is about.
        found = next((each for each in named if each.state.is_available), next(iter(named), None))
        if found is None:
            raise StatusError(STATUS_NO_SUCH_PACKAGE, f"package {name!r}: none of that name is up, so none to reload")
        return [each for each in up if each.loaded is found.loaded]

    async def _starts(self, package: Package, pairs: dict[Package, Package], before: list[Package]) -> bool:
        """Whether it came up; one that takes the place of another must, and under its name."""
        old = pairs.get(package)
        try:
            await self._start(package, before)
            if old is not None and package.name != old.name:
                reason = f"it calls itself {package.name!r}, and clients know it as {old.name!r}"
                raise RefusedError("reload", STATUS_UNSUCCESSFUL, reason)
        except RefusedError as refusal:
            await self._refuse(package, refusal)
            if old is not None:
                raise StatusError(refusal.status, f"package {old.name!r} was not loaded again: {refusal}") from refusal
            return False
        return True

    async def _take_back(self, module: Module) -> None:
        """Of packages that came up, or were about to, those that are not in the list go."""
        with trio.CancelScope(shield=True) as self._scope:
            for package in module.packages:
                if self._is_stopped or package in self.packages:
                    continue
                if package.state in _UP:
                    await self._unload(package)
                elif package.state is PackageState.LOADED:
                    reason = "it was not waited for, or another one was not loaded"
                    await self._refuse(package, RefusedError("load", STATUS_UNSUCCESSFUL, reason))


def _shutting_down() -> StatusError:
    return StatusError(STATUS_NO_SUCH_PACKAGE, "no package is loaded any more: the LSA is shutting down")


def _pairs(module: Module, before: list[Package]) -> dict[Package, Package]:
    """Each new package with the old one in whose place it comes: as the module lists them.

    Raises:
        PackageLoadError: an old one has no successor, so that its clients would be left alone.
    """
    old = {each.listed: each for each in before}
    pairs = {each: old[each.listed] for each in module.packages if each.listed in old}
    left = [each.name for each in before if each not in pairs.values()]
    if left:
        raise PackageLoadError(f"{module.label} does not offer {', '.join(left)} any more", package=left[0])
    return pairs
