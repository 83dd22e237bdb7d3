"""Floor 7: populations of clients against a package. Scenarios in, a judged summary out."""

import sys
from types import ModuleType

from lsart.stress._arrivals import Arrivals, Burst, Poisson, Ramp, Start, Steady
from lsart.stress._battery import Battery
from lsart.stress._battery_actions import BATTERY_ACTIONS
from lsart.stress._battery_functions import BATTERY_FUNCTIONS
from lsart.stress._distributions import Constant, Distribution, Exponential, OneOf, Pareto, Uniform
from lsart.stress._faults import ScenarioError, ScenarioFault
from lsart.stress._load import load_scenario
from lsart.stress._model import DEFAULT_CALLS, DEFAULT_CLIENTS, PackageFault, UseAfterFree, scenario_model
from lsart.stress._operations import MessageMaker, OperationError, Visit
from lsart.stress._reference import find_model
from lsart.stress._result import ExitCode, Progress, StressResult
from lsart.stress._scenario import AccountsFile, ClientGroup, HostileGroup, LsaSetup, Operation, RunLimits, Scenario
from lsart.stress._stress import run_scenario, stress
from lsart.stress._thresholds import METRICS, JudgedThreshold, Metric, Threshold
from lsart.stress._units import duration

__all__ = [
    "BATTERY_ACTIONS",
    "BATTERY_FUNCTIONS",
    "DEFAULT_CALLS",
    "DEFAULT_CLIENTS",
    "METRICS",
    "AccountsFile",
    "Arrivals",
    "Battery",
    "Burst",
    "ClientGroup",
    "Constant",
    "Distribution",
    "ExitCode",
    "Exponential",
    "HostileGroup",
    "JudgedThreshold",
    "LsaSetup",
    "MessageMaker",
    "Metric",
    "OneOf",
    "Operation",
    "OperationError",
    "PackageFault",
    "Pareto",
    "Poisson",
    "Progress",
    "Ramp",
    "RunLimits",
    "Scenario",
    "ScenarioError",
    "ScenarioFault",
    "Start",
    "Steady",
    "StressResult",
    "Threshold",
    "Uniform",
    "UseAfterFree",
    "Visit",
    "duration",
    "find_model",
    "load_scenario",
    "run_scenario",
    "scenario_model",
    "stress",
]


class _Face(ModuleType):
    """`lsart.stress` is a function of the top and the name of this floor. Whoever imports the floor first makes Python
    put the module into that place, so the module can be called like the function."""

    __call__ = staticmethod(stress)


sys.modules[__name__].__class__ = _Face
