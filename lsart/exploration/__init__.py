"""Floor 6: who could have gone next. Strategies, campaigns, tokens, replay, shrinking; any async function over trio.

Nothing here knows of LSA.
"""

from lsart.exploration._batch import BATCH
from lsart.exploration._campaign import CampaignProgress
from lsart.exploration._coverage import Coverage
from lsart.exploration._database import FailureDatabase
from lsart.exploration._dfs import DFS
from lsart.exploration._dpor import DPOR
from lsart.exploration._explore import explore
from lsart.exploration._failure import Symptom
from lsart.exploration._hotspots import HotSpots
from lsart.exploration._lockstep import Lockstep
from lsart.exploration._model import Model, as_model
from lsart.exploration._pct import PCT, FairPCT
from lsart.exploration._portfolio import Portfolio
from lsart.exploration._pos import POS
from lsart.exploration._protocol import Strategy
from lsart.exploration._random_walk import RandomWalk
from lsart.exploration._recheck import Recheck
from lsart.exploration._replay import Moment, Replay, ReplayDiverged, ReplayedFailure, replay
from lsart.exploration._result import Exploration, Failure, ScheduleFailure
from lsart.exploration._selective import Selective
from lsart.exploration._shrink_token import shrink
from lsart.exploration._strategies import STRATEGIES, StrategySettings, make_strategy
from lsart.exploration._token import LONGEST, Token, TokenError, decode
from lsart.exploration._uniform import UniformRandomWalk

__all__ = [
    "BATCH",
    "DFS",
    "DPOR",
    "LONGEST",
    "PCT",
    "POS",
    "STRATEGIES",
    "CampaignProgress",
    "Coverage",
    "Exploration",
    "Failure",
    "FailureDatabase",
    "FairPCT",
    "HotSpots",
    "Lockstep",
    "Model",
    "Moment",
    "Portfolio",
    "RandomWalk",
    "Recheck",
    "Replay",
    "ReplayDiverged",
    "ReplayedFailure",
    "ScheduleFailure",
    "Selective",
    "Strategy",
    "StrategySettings",
    "Symptom",
    "Token",
    "TokenError",
    "UniformRandomWalk",
    "as_model",
    "decode",
    "explore",
    "make_strategy",
    "replay",
    "shrink",
]
