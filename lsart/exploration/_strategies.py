"""The strategies by name, each made from the same few settings."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from random import Random

import attrs

from lsart.contract import ConfigurationError
from lsart.exploration._dfs import DFS
from lsart.exploration._dpor import DPOR
from lsart.exploration._hotspots import HotSpots
from lsart.exploration._lockstep import Lockstep
from lsart.exploration._pct import PCT, FairPCT
from lsart.exploration._portfolio import Portfolio
from lsart.exploration._pos import POS
from lsart.exploration._protocol import Strategy
from lsart.exploration._random_walk import RandomWalk
from lsart.exploration._selective import Selective
from lsart.exploration._uniform import UniformRandomWalk

__all__ = ["EXHAUSTIVE", "STRATEGIES", "TAKE_DEPTH", "TAKE_PREEMPTIONS", "StrategySettings", "make_strategy"]


@attrs.frozen(kw_only=True)
class StrategySettings:
    """What strategies are made from.

    Args:
        depth: of PCT and its fair variant: how many ordering constraints a bug is taken to need.
        preemptions: of DFS: how many at most; None for any number.
        labelled: whether the model promises that tasks share nothing but what labelled operations touch.
    """

    depth: int = 3
    preemptions: int | None = None
    labelled: bool = False


def _selective(stream: Random, settings: StrategySettings) -> Strategy:
    return Selective(POS(stream), HotSpots(labelled=settings.labelled))


def _portfolio(stream: Random, settings: StrategySettings) -> Strategy:
    hot = HotSpots(labelled=settings.labelled)
    selective = Selective(POS(stream), hot)
    others = (
        Selective(PCT(stream, 2), hot),
        Lockstep(stream),
        POS(stream),
        Selective(RandomWalk(stream), hot),
        RandomWalk(stream),
    )
    # Every second turn is that of the strategy that finds most; the others find what it cannot.
    return Portfolio([member for other in others for member in (selective, other)], hot)


STRATEGIES: dict[str, Callable[[Random, StrategySettings], Strategy]] = {
    "portfolio": _portfolio,
    "selective": _selective,
    "random": lambda stream, settings: RandomWalk(stream),
    "pct": lambda stream, settings: PCT(stream, settings.depth),
    "fair-pct": lambda stream, settings: FairPCT(stream, settings.depth),
    "pos": lambda stream, settings: POS(stream),
    "urw": lambda stream, settings: UniformRandomWalk(stream),
    "lockstep": lambda stream, settings: Lockstep(stream),
    "dfs": lambda stream, settings: DFS(settings.preemptions),
    "dpor": lambda stream, settings: DPOR(labelled=settings.labelled),
}
"""Name to a function that makes one. The first is the default."""

TAKE_DEPTH = ("pct", "fair-pct")
TAKE_PREEMPTIONS = ("dfs",)
"""Those that a setting is for."""

EXHAUSTIVE = frozenset({"dfs", "dpor"})
"""Those that end by themselves, having seen everything; each schedule follows from the one before."""


def make_strategy(name: str, stream: Random, settings: StrategySettings) -> Strategy:
    """A strategy.

    Raises:
        ConfigurationError: there is none of that name, or a setting is out of range.
    """
    maker = STRATEGIES.get(name)
    if maker is None:
        near = get_close_matches(name, STRATEGIES, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(f"there is no strategy {name!r}; choose one of {', '.join(STRATEGIES)}.{hint}")
    try:
        return maker(stream, settings)
    except ValueError as error:
        raise ConfigurationError(f"strategy {name!r}: {error}") from None
