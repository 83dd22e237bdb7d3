"""One run of a model under one strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from lsart.engine import Trace, labelled_primitives, run_schedule
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._footprints import trace_hash
from lsart.exploration._model import Model
from lsart.exploration._protocol import Strategy
from lsart.exploration._script import Follow, Script, ScriptWriter

__all__ = ["Found", "attempt", "follow", "labelled", "write_down"]

labelled = labelled_primitives
"""Around everything that runs models: trio's primitives announce what they do."""


def attempt(
    model: Model,
    strategy: Strategy,
    seed: int,
    *,
    before_step: Callable[[int, int], None] | None = None,
    shows_names: bool = False,
) -> Trace:
    """Run the model once; `strategy.begin` was called, `strategy.end` is left to the caller."""
    return run_schedule(
        model.main,
        strategy.choose,
        seed=seed,
        step_limit=model.step_limit,
        time_limit_ns=model.time_limit_ns,
        time_is_a_choice=model.time_is_a_choice,
        notes_arrivals=strategy.notes_arrivals,
        before_step=before_step,
        shows_names=shows_names,
        notes_nurseries=getattr(strategy, "notes_nurseries", False),
    )


@attrs.frozen(kw_only=True)
class Found:
    """A failing schedule, as a script that brings it back."""

    script: Script
    symptom: Symptom
    trace: Trace

    @property
    def preemptions(self) -> int:
        """How often a task that could go on did not."""
        return self.trace.preemptions

    @property
    def number(self) -> int:
        """For the whole run, of 32 bits."""
        return trace_hash(self.trace) & 0xFFFF_FFFF


def write_down(model: Model, numbers: Sequence[int], seed: int) -> tuple[Trace, ScriptWriter]:
    """Run the model again step by step as it ran before, and write its script."""
    writer = ScriptWriter(numbers)
    writer.begin(0)
    return attempt(model, writer, seed), writer


def follow(model: Model, script: Script, seed: int, *, shows_names: bool = False) -> tuple[Found | None, Trace]:
    """Run a script, as far as it can be done. If that fails: how, and the script of what was done in fact."""
    strategy = Follow(script)
    strategy.begin(0)
    trace = attempt(model, strategy, seed, shows_names=shows_names)
    symptom = symptom_of(trace)
    if symptom is None:
        return None, trace
    return Found(script=tuple(strategy.done), symptom=symptom, trace=trace), trace
