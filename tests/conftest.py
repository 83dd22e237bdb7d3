"""Hypothesis profiles, and the rule beside the failure of a test that proves it.

The default profile runs the same examples every time; HYPOTHESIS_PROFILE=dev or =thorough looks for new ones.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from lsart.contract import rules

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


# A job in the background may have been started with Ctrl-C ignored, and its children ignore it too. Tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test that proves a rule prints the rule."""
    report = yield
    if report.failed:
        for mark in item.iter_markers("rule"):
            report.sections += [("contract", f"{each}: {rules()[each].text}") for each in mark.args if each in rules()]
    return report
