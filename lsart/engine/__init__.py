"""Floor 3: how an async main is run. Virtual or real time, who goes next, deadlock named.

Nothing above this floor knows which event loop runs underneath. The engine knows nothing of LSA.
"""

from lsart.engine._clock import VirtualClock
from lsart.engine._deadlock import DeadlockError, Wait
from lsart.engine._engine import Engine, current, now_ns, sleep_ns
from lsart.engine._run import run
from lsart.engine._waits import DescribesWait

__all__ = [
    "DeadlockError",
    "DescribesWait",
    "Engine",
    "VirtualClock",
    "Wait",
    "current",
    "now_ns",
    "run",
    "sleep_ns",
]
