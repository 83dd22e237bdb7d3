"""lsart: a Local Security Authority that anyone can run on a laptop.

Authors of packages need the names of `lsart.contract`, all of which are here too. Programs that run an LSA need
`run`, `open_lsa` and `stress`. Every name is loaded when it is first used: importing lsart costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING

from lsart._version import __version__ as __version__

if TYPE_CHECKING:
    from lsart.contract import *
    from lsart.engine import DeadlockError as DeadlockError
    from lsart.engine import VirtualClock as VirtualClock
    from lsart.engine import current as current
    from lsart.engine import now_ns as now_ns
    from lsart.engine import point as point
    from lsart.engine import run as run
    from lsart.engine import sleep_ns as sleep_ns
    from lsart.engine import touch as touch
    from lsart.events import Bus as Bus
    from lsart.events import Event as Event
    from lsart.events import Origin as Origin
    from lsart.events import describe as describe
    from lsart.exploration import Exploration as Exploration
    from lsart.exploration import Failure as Failure
    from lsart.exploration import Model as Model
    from lsart.exploration import ReplayDiverged as ReplayDiverged
    from lsart.exploration import ReplayedFailure as ReplayedFailure
    from lsart.exploration import ScheduleFailure as ScheduleFailure
    from lsart.exploration import TokenError as TokenError
    from lsart.exploration import explore as explore
    from lsart.exploration import replay as replay
    from lsart.exploration import shrink as shrink
    from lsart.memory import Machine as Machine
    from lsart.memory import MachineLimits as MachineLimits
    from lsart.memory import Resource as Resource
    from lsart.runtime import Client as Client
    from lsart.runtime import Costs as Costs
    from lsart.runtime import Lsa as Lsa
    from lsart.runtime import LsaSettings as LsaSettings
    from lsart.runtime import PackageSpec as PackageSpec
    from lsart.runtime import Registry as Registry
    from lsart.runtime import Reply as Reply
    from lsart.runtime import SectionView as SectionView
    from lsart.runtime import open_lsa as open_lsa
    from lsart.security import Account as Account
    from lsart.security import Accounts as Accounts
    from lsart.security import HashCost as HashCost
    from lsart.security import LockoutPolicy as LockoutPolicy
    from lsart.security import parse_accounts as parse_accounts
    from lsart.security import read_accounts as read_accounts
    from lsart.stress import Scenario as Scenario
    from lsart.stress import ScenarioError as ScenarioError
    from lsart.stress import StressResult as StressResult
    from lsart.stress import load_scenario as load_scenario
    from lsart.stress import scenario_model as scenario_model
    from lsart.stress import stress as stress
    from lsart.watch import ContentionWarning as ContentionWarning
    from lsart.watch import ExhaustionWarning as ExhaustionWarning

_HOMES = {
    "lsart.engine": ("DeadlockError", "VirtualClock", "current", "now_ns", "point", "run", "sleep_ns", "touch"),
    "lsart.events": ("Bus", "Event", "Origin", "describe"),
    "lsart.exploration": (
        "Exploration",
        "Failure",
        "Model",
        "ReplayDiverged",
        "ReplayedFailure",
        "ScheduleFailure",
        "TokenError",
        "explore",
        "replay",
        "shrink",
    ),
    "lsart.memory": ("Machine", "MachineLimits", "Resource"),
    "lsart.security": ("Account", "Accounts", "HashCost", "LockoutPolicy", "parse_accounts", "read_accounts"),
    "lsart.runtime": (
        "Client",
        "Costs",
        "Lsa",
        "LsaSettings",
        "PackageSpec",
        "Registry",
        "Reply",
        "SectionView",
        "open_lsa",
    ),
    "lsart.stress": ("Scenario", "ScenarioError", "StressResult", "load_scenario", "scenario_model", "stress"),
    "lsart.watch": ("ContentionWarning", "ExhaustionWarning"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "__all__":
        return sorted({*_HOME_OF, *importlib.import_module("lsart.contract").__all__})
    if name.startswith("_"):  # asked for by introspection; no face has private names
        raise AttributeError(f"module 'lsart' has no attribute {name!r}")
    # Whatever is not listed here is a name of the contract, statuses above all.
    module = importlib.import_module(_HOME_OF.get(name, "lsart.contract"))
    if name not in module.__all__:
        raise AttributeError(f"module 'lsart' has no attribute {name!r}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
