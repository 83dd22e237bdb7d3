"""From a schedule that fails to a failure that a person can read: made small, told, with its token."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from lsart.exploration._attempt import follow
from lsart.exploration._failure import Symptom
from lsart.exploration._footprints import trace_hash
from lsart.exploration._model import Model
from lsart.exploration._recheck import Recheck
from lsart.exploration._result import Failure
from lsart.exploration._script import Script
from lsart.exploration._shrink import shrink_script
from lsart.exploration._story import tell
from lsart.exploration._token import Token

__all__ = ["Origin", "explain"]


@attrs.frozen(kw_only=True)
class Origin:
    """Where a failure comes from: see the fields of `Failure`."""

    schedule: int | None
    strategy: str
    preemptions: int
    recheck: Recheck


def explain(
    model: Model,
    script: Script,
    symptom: Symptom,
    origin: Origin,
    seed: int,
    *,
    shrinks: bool = True,
    stop: Callable[[], bool] = lambda: False,
    stop_proof: Callable[[], bool] | None = None,
) -> Failure:
    """Make a failing schedule small, if it repeats at all, and say what it does."""
    shrunk = None
    if shrinks and origin.recheck.is_stable:
        shrunk = shrink_script(model, script, seed, stop=stop, stop_proof=stop_proof)
    if shrunk is not None:
        model, script = shrunk.model, shrunk.found.script
    found, trace = follow(model, script, seed, shows_names=True)
    if found is not None:
        symptom = found.symptom
    is_minimal = None if shrunk is None else shrunk.is_minimal
    token = Token(
        model=model.name,
        fingerprint=model.fingerprint,
        symptom=symptom.number,
        trace=trace_hash(trace) & 0xFFFF_FFFF,
        script=script,
        steps=len(trace.numbers),
        seed=seed,
        step_limit=model.step_limit,
        time_limit_ns=model.time_limit_ns,
        strategy=origin.strategy,
        time_is_a_choice=model.time_is_a_choice,
        labelled=model.labelled,
        is_shrunk=shrunk is not None,
        is_minimal=bool(is_minimal),
    )
    return Failure(
        symptom=symptom,
        token=token,
        story=tell(trace, symptom, labelled=model.labelled),
        schedule=origin.schedule,
        strategy=origin.strategy,
        preemptions=trace.preemptions,
        preemptions_found=origin.preemptions,
        model=model.name,
        tasks=len(trace.names) - 1,
        steps=len(trace.numbers),
        is_shrunk=shrunk is not None,
        is_minimal=is_minimal,
        shrink_runs=0 if shrunk is None else shrunk.runs,
        proof_runs=0 if shrunk is None else shrunk.proof_runs,
        recheck=origin.recheck,
        turns_from=trace.turns_from,
    )
