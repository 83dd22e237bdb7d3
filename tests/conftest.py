"""Hypothesis profiles: the default finds new examples, `ci` runs the same examples every time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy shared machine makes any wall-clock deadline a coin toss.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
