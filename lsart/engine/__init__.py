"""Floor 3: how an async main is run. Virtual or real time, who goes next, deadlock named.

Nothing above this floor knows which event loop runs underneath. The engine knows nothing of LSA.
"""

from lsart.engine._abandoned import abandon_lock
from lsart.engine._canary import loop_works
from lsart.engine._clock import VirtualClock
from lsart.engine._deadlock import DeadlockError, Wait
from lsart.engine._engine import Engine, current, now_ns, sleep_ns
from lsart.engine._explored import run_schedule
from lsart.engine._interrupt import ctrl_c_calls
from lsart.engine._labels import (
    announce,
    end_run,
    exploring,
    own,
    owner,
    point,
    rename,
    touch,
    touch_everything,
    upcoming,
)
from lsart.engine._order import order_of
from lsart.engine._outside import SystemTaskError, VirtualTimeError
from lsart.engine._primitive_names import state_of_primitives
from lsart.engine._primitives import labelled_primitives
from lsart.engine._run import run
from lsart.engine._schedule import (
    CLOCK,
    EVERYTHING,
    Choose,
    Kind,
    Label,
    Ready,
    StepLimitError,
    TimeLimitError,
    Trace,
    nurseries_of,
)
from lsart.engine._waits import DescribesWait, waits_now

__all__ = [
    "CLOCK",
    "EVERYTHING",
    "Choose",
    "DeadlockError",
    "DescribesWait",
    "Engine",
    "Kind",
    "Label",
    "Ready",
    "StepLimitError",
    "SystemTaskError",
    "TimeLimitError",
    "Trace",
    "VirtualClock",
    "VirtualTimeError",
    "Wait",
    "abandon_lock",
    "announce",
    "ctrl_c_calls",
    "current",
    "end_run",
    "exploring",
    "labelled_primitives",
    "loop_works",
    "now_ns",
    "nurseries_of",
    "order_of",
    "own",
    "owner",
    "point",
    "rename",
    "run",
    "run_schedule",
    "sleep_ns",
    "state_of_primitives",
    "touch",
    "touch_everything",
    "upcoming",
    "waits_now",
]
