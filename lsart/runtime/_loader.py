"""Loading packages as LSA does at start-up, and unloading them on the way out.

Per module: SpLsaModeInitialize once, then for each package of it LsaApInitializePackage (if it is an
authentication package), SpInitialize and SpGetInfo. A package that fails anywhere is unloaded and unlisted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence

import attrs
import trio

from lsart.contract import (
    SECPKG_PARAMETERS,
    SECPKG_SLOTS,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    PackageLoadError,
    PackageState,
    PackageStep,
    Pointer,
    SecPkgInfo,
    StatusError,
    enumerations,
)
from lsart.engine import EVERYTHING, now_ns, own
from lsart.events import (
    SYSTEM,
    Bus,
    EntryPointMissing,
    EntryPointUnused,
    Origin,
    OutputNotFromHeap,
    PackageInitialized,
    PackageLoaded,
    PackageRefused,
    PackageShutDown,
    PackageUnloaded,
)
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._belongings import Belongings
from lsart.runtime._duties import information_fault, missing_entries
from lsart.runtime._enter import entry, own_state
from lsart.runtime._host import DECLARATION_ONLY, Host
from lsart.runtime._invoke import invoke, returned_status, split_fault, text_of
from lsart.runtime._loading import Loaded, RefusedError, thunks_of
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._modules import Module, open_module
from lsart.runtime._package import Package
from lsart.runtime._resolve import PackageSpec, Resolved, resolve
from lsart.runtime._results import ResultError, read
from lsart.runtime._settings import LsaSettings

__all__ = ["CLEAN_UP", "Loader"]

CLEAN_UP = 1.0
"""Seconds that what was cancelled gets at the least to unwind, however short the grace period."""

_ENTERED = {
    name: entry(name) for name in ("InitializePackage", "Initialize", "GetInfo", "GetExtendedInformation", "Shutdown")
}
_THUNKS = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS.SecpkgContextThunks

_log = logging.getLogger("lsart.packages")

_SPARSE_STEP = 7919  # any stride shows that ids need not be adjacent; a prime is easy to recognise in a log
_SEPARATE_OFFSET = 0x1000


class Loader:
    """Moves packages through their life.

    Args:
        release: told the key of a package that is gone: what it left behind is reported and given back.
        belongings: told who comes and who goes; ends the tasks and notifications of whoever goes.
    """

    def __init__(
        self,
        host: Host,
        memory: LsaMemory,
        view_of: Callable[[str], MemoryView],
        bus: Bus,
        settings: LsaSettings,
        release: Callable[[str], None],
        belongings: Belongings,
    ) -> None:
        self._host = host
        self._memory = memory
        self._view_of = view_of
        self._bus = bus
        self._settings = settings
        self._release = release
        self._belongings = belongings
        self._keys: set[str] = set()
        self.authentication_ids: dict[str, int] = {}  # by key, from when a package is named
        self.packages: list[Package] = []  # every one that initialized, in load order
        self.refused: list[Package] = []

    @property
    def parameters(self) -> SECPKG_PARAMETERS:
        """What the next SpInitialize is told of the machine."""
        return self._settings.parameters

    @parameters.setter
    def parameters(self, parameters: SECPKG_PARAMETERS) -> None:
        self._settings = attrs.evolve(self._settings, parameters=parameters)

    async def load(self, security: Sequence[PackageSpec], authentication: Sequence[PackageSpec]) -> None:
        """Load both registry lists in order (LSQ-1).

        Raises:
            PackageLoadError: a name leads nowhere: that is the user's mistake and not a package's failure.
        """
        choices = self._settings.choices
        lists = [(False, spec) for spec in security] + [(True, spec) for spec in authentication]
        if choices.list_order == "authentication_packages_first":
            lists.sort(key=lambda entry: not entry[0])
        seen: list[object] = []
        for by_list, spec in lists:
            if choices.name_in_both_lists == "load_once" and spec.source in seen:
                continue
            seen.append(spec.source)
            resolved = resolve(spec)
            try:
                module = await self._open(resolved)
            except PackageLoadError as error:
                if choices.module_without_tables == "stop":
                    raise
                nothing = Package(resolved.name, resolved.label, {})
                self._tell_refused(nothing, RefusedError("load", STATUS_UNSUCCESSFUL, str(error)))
            else:
                await self._load_module(module, Loaded(resolved, by_list))

    async def unload_all(self, after_each: Callable[[], Awaitable[None]]) -> None:
        """SpShutdown of every package in reverse order, whatever happens; then what they left is reported.

        Args:
            after_each: awaited when one is gone, as what it left may concern those that are still there.
        """
        for package in reversed(self.packages):
            if package.state in (PackageState.READY, PackageState.DISABLED):
                await self._unload(package)
                await after_each()

    def account(self) -> None:
        """Tell and give back what packages that are gone got all the same: what was under way for their last tasks."""
        for key in sorted(self._keys):
            self._release(key)

    async def _open(self, resolved: Resolved) -> Module:
        own(EVERYTHING)  # a module touches the state of packages that it has not named yet
        try:
            return await open_module(resolved, self._settings.choices)
        finally:
            own(None)

    async def _load_module(self, module: Module, loaded: Loaded) -> None:
        for package in module.packages:
            self._admit(package, loaded)
        for package in module.packages:
            try:
                await self._start(package)
            except RefusedError as refusal:
                await self._refuse(package, refusal)
                if self._settings.choices.failed_package_unloads == "module":
                    await self._unload_rest(module, package)
                    return
            else:
                self.packages.append(package)
                self._came_up(package)

    def _admit(self, package: Package, loaded: Loaded, instead_of: Package | None = None) -> None:
        package.advance(PackageStep.LOAD)
        package.loaded = loaded
        self._identify(package, instead_of)
        self._belongings.admit(package)
        label = loaded.resolved.label
        self._bus.emit(
            PackageLoaded(time_ns=now_ns(), package=package.key, package_id=package.package_id, module=label)
        )
        self._tell_unused(package)

    def _came_up(self, package: Package) -> None:
        self._bus.emit(PackageInitialized(time_ns=now_ns(), package=package.key, package_id=package.package_id))
        for slot, rule in missing_entries(package):
            self._bus.emit(EntryPointMissing(time_ns=now_ns(), package=package.key, slot=slot, rule=rule))
        self._belongings.came_up(package)

    def _tell_unused(self, package: Package) -> None:
        for slot in SECPKG_SLOTS:
            if slot.declared_only and slot.name in package.entries:
                self._bus.emit(
                    EntryPointUnused(time_ns=now_ns(), package=package.key, slot=slot.name, reason=DECLARATION_ONLY)
                )

    async def _unload_rest(self, module: Module, failed: Package) -> None:
        for other in module.packages:
            if other.state is PackageState.READY:
                await self._unload(other)
                self.packages.remove(other)
            elif other.state is PackageState.LOADED:
                reason = f"{failed.name}, of the same module, failed"
                await self._refuse(other, RefusedError("load", STATUS_UNSUCCESSFUL, reason))

    def _identify(self, package: Package, instead_of: Package | None) -> None:
        choices = self._settings.choices
        number = len(self._keys)
        listed, copies = package.key, 1
        while package.key in self._keys:
            copies += 1
            package.key = f"{listed}-{copies}"
        self._keys.add(package.key)
        if choices.package_ids == "from_one":
            number += 1
        elif choices.package_ids == "sparse":
            number = (number + 1) * _SPARSE_STEP
        separate = choices.package_id_everywhere == "separate"
        package.package_id = number
        package.authentication_id = number + _SEPARATE_OFFSET if separate else number
        if instead_of is not None:  # clients know it by these
            package.package_id = instead_of.package_id
            package.authentication_id = instead_of.authentication_id
        self.authentication_ids[package.key] = package.authentication_id

    async def _start(self, package: Package, instead_of: Collection[Package] = ()) -> None:
        """Initialize one package, in the place of others or beside those there are; raises RefusedError."""
        choices = self._settings.choices
        assert isinstance(package.loaded, Loaded)
        by_list = package.loaded.by_list
        others = [each for each in self.packages if each not in instead_of]
        table = self._host.table(package.key, self._view_of(package.key))
        entries = package.entries
        if "InitializePackage" in entries and (by_list or choices.authentication_package == "by_entry"):
            dispatch = self._host.dispatch_table(package.key, table)
            try:
                arguments = (package.authentication_id, dispatch, None, None)
                package.name = self._take_name(package, await self._enter(package, "InitializePackage", *arguments))
            except RefusedError:
                if choices.failed_initialize_package == "refuse" or "Initialize" not in entries:
                    raise
        if "Initialize" in entries:
            await self._enter(package, "Initialize", package.package_id, self._settings.parameters, table)
        package.advance(PackageStep.INITIALIZE)
        if "GetInfo" in entries and choices.get_info_while_loading == "yes":
            info = await self._enter(package, "GetInfo")
            assert isinstance(info, SecPkgInfo)
            if fault := information_fault(info, others):
                raise RefusedError("SpGetInfo", STATUS_UNSUCCESSFUL, fault)
            package.info = info
            package.is_informed = True
            package.name = info.name
        if "GetExtendedInformation" in entries:
            package.context_thunks = await self._ask_thunks(package)
        if choices.duplicate_package_name == "refuse_second":
            for other in others:
                if other.name == package.name and other.state.is_available:
                    reason = f"the name {package.name!r} is taken by the package from {other.module}; rename one"
                    raise RefusedError("SpGetInfo", STATUS_UNSUCCESSFUL, reason)

    async def _ask_thunks(self, package: Package) -> tuple[int, ...]:
        """Which attributes of contexts LSA mode answers for. A package need not say (SGX-1)."""
        try:
            information = await self._enter(package, "GetExtendedInformation", _THUNKS)
        except RefusedError as refusal:
            if isinstance(refusal.__cause__, StatusError):
                return ()
            raise
        return thunks_of(information)

    def _take_name(self, package: Package, name: object) -> str:
        """The name that LsaApInitializePackage returned: text, or a block of the LSA heap that LSA frees (LIP-4)."""
        if name is None:
            return package.name
        if isinstance(name, str):
            return name
        assert isinstance(name, Pointer)
        heap = self._memory.lsa_heap
        block = heap.block_at(name.address) if heap is not None and name.space == LSASS else None
        if block is None and self._settings.choices.lsa_heap_outputs == "checked":
            self._bus.emit(
                OutputNotFromHeap(
                    time_ns=now_ns(),
                    package=package.key,
                    output="AuthenticationPackageName",
                    address=name.address,
                )
            )
            reason = f"{name!r} is no block of the LSA heap, so LSA cannot free it"
            raise RefusedError("LsaApInitializePackage", STATUS_UNSUCCESSFUL, reason)
        if block is None:
            return package.name
        text = self._memory.space.read(name.address, block.size).split(b"\0")[0].decode("utf-8", "replace")
        self._memory.FreeLsaHeap(name, Origin(SYSTEM, function="LsaApInitializePackage", time_ns=now_ns()))
        return text

    async def _enter(self, package: Package, slot: str, *args: object) -> object:
        """Call an entry point during loading, for what its one out-parameter becomes, if it has one; whatever it fails
        with is a refusal."""
        function = package.entries[slot]
        name = getattr(function, "__name__", slot)
        task = trio.lowlevel.current_task()
        caller = task.name
        task.name = f"{caller} in {name} of package {package.name!r}"  # for the deadlock report
        own_state(package, slot)
        try:
            result: object = await invoke(function, *args)
        except BaseException as raised:
            error, rest = split_fault(raised)
            if error is None:
                raise
            if rest is not None:  # it failed over its being cancelled
                raise rest from error
            status = returned_status(error)
            if status is not None and status.status.is_success:
                result = None
            elif status is not None:
                raise RefusedError(name, status.status, f"it returned {status}") from error
            else:
                raise RefusedError(name, STATUS_UNSUCCESSFUL, f"it raised {text_of(error)}") from error
        finally:
            own(None)
            task.name = caller
        try:
            outs = read(_ENTERED[slot], result).outs
        except ResultError as error:
            raise RefusedError(name, STATUS_UNSUCCESSFUL, str(error)) from None
        except StatusError as error:
            raise RefusedError(name, error.status, f"it returned {error}") from None
        return outs[0] if outs else None

    async def _refuse(self, package: Package, refusal: RefusedError) -> None:
        self._tell_refused(package, refusal)
        if package.state is PackageState.READY:  # it came up, but cannot stay
            await self._unload(package)
            return
        if self._settings.choices.shutdown_after_failed_initialize == "yes":
            await self.shut_down(package)
        await self._belongings.leave(package)
        self._host.retire(package.key)
        self._release(package.key)

    def _tell_refused(self, package: Package, refusal: RefusedError) -> None:
        package.failure = str(refusal)
        _log.debug("package %r did not start", package.name, exc_info=refusal.__cause__)
        if package.state is not PackageState.READY:
            package.advance(PackageStep.REFUSE)
        self.refused.append(package)
        self._bus.emit(
            PackageRefused(
                time_ns=now_ns(),
                package=package.key,
                stage=refusal.stage,
                status=int(refusal.status),
                reason=refusal.reason,
            )
        )

    async def _unload(self, package: Package) -> None:
        package.advance(PackageStep.SHUT_DOWN)  # nobody comes in any more
        await package.empty(max(self._settings.grace / 1e9, CLEAN_UP), CLEAN_UP)
        await self.shut_down(package)
        await self.let_go(package)

    async def let_go(self, package: Package) -> None:
        """A package that has shut down is gone, and what it left behind is reported and given back."""
        await self._belongings.leave(package)
        self._host.retire(package.key)
        package.advance(PackageStep.UNLOAD)
        self._release(package.key)
        self._bus.emit(PackageUnloaded(time_ns=now_ns(), package=package.key))

    async def shut_down(self, package: Package) -> None:
        """SpShutdown, bounded by the grace period. Its failure is told and changes nothing."""
        if "Shutdown" not in package.entries:
            return
        await trio.lowlevel.checkpoint_if_cancelled()  # else one that does not wait would run though LSASS is down
        status, reason = STATUS_SUCCESS, ""
        with trio.move_on_after(self._settings.grace / 1e9) as scope:
            try:
                await self._enter(package, "Shutdown")
            except RefusedError as refusal:
                status, reason = refusal.status, refusal.reason
            except BaseExceptionGroup as rest:
                reason = "" if rest.__cause__ is None else f", and then raised {text_of(rest.__cause__)}"
                raise
        if scope.cancelled_caught:
            status, reason = STATUS_UNSUCCESSFUL, f"it did not end within {self._settings.grace / 1e9:g} s{reason}"
        self._bus.emit(PackageShutDown(time_ns=now_ns(), package=package.key, status=int(status), reason=reason))
