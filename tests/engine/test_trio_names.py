"""The canary: says which trio version broke which private name, and that life goes on without it."""

import importlib
import random

import pytest
import trio
import trio.testing
from trio._core import _run as internals

from lsart.engine import _trio, now_ns, run, sleep_ns


def test_this_trio_has_every_private_name_that_the_engine_uses() -> None:
    async def main() -> tuple[str, ...]:
        return _trio.missing_names()

    missing = trio.run(main)
    assert not missing, f"trio {trio.__version__} no longer has {', '.join(missing)}"


def test_modules_whose_waits_mean_the_outside_world_exist() -> None:
    # Which of the three I/O modules exists depends on the platform; the other two always do.
    known = {name for name in _trio._OUTSIDE | _trio._PARKING if _imports(name)}
    assert {"trio._signals", "trio._threads", *_trio._PARKING} <= known
    assert any("_io_" in name for name in known), f"trio {trio.__version__} has none of its I/O modules"


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


@pytest.fixture
def trio_without_a_seedable_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    # trio itself needs the name, so the engine looks at a stand-in.
    monkeypatch.setattr(_trio, "_run", _Without(internals, "_r"))


@pytest.fixture
def trio_without_a_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_trio, "_runner", lambda: None)


class _Without:
    def __init__(self, module: object, *names: str) -> None:
        self._module = module
        self._names = names

    def __getattr__(self, name: str) -> object:
        if name in self._names:
            raise AttributeError(name)
        return getattr(self._module, name)


@pytest.mark.usefixtures("trio_without_a_seedable_scheduler")
def test_without_trios_random_the_run_works_and_says_what_is_lost() -> None:
    async def main() -> int:
        await sleep_ns(3)
        return now_ns()

    with pytest.warns(RuntimeWarning, match=f"trio {trio.__version__} has no _r: the order of tasks"):
        assert run(main) == 3

    async def names() -> tuple[str, ...]:
        return _trio.missing_names()

    assert trio.run(names) == ("trio._core._run._r",)


@pytest.mark.usefixtures("trio_without_a_runner")
def test_without_the_runner_idle_waiters_still_go_first() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 10)
            await trio.testing.wait_all_tasks_blocked()
            assert now_ns() == 0
        assert now_ns() == 10

    run(main)


def test_only_one_seeded_block_can_be_open() -> None:
    stream = random.Random(0)
    with (
        _trio.seeded_scheduler(stream),
        pytest.raises(RuntimeError, match="use processes"),
        _trio.seeded_scheduler(stream),
    ):
        raise AssertionError
