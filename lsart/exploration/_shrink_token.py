"""`shrink`: a token in, a smaller one out."""

from __future__ import annotations

from collections.abc import Callable

from lsart.exploration._attempt import follow, labelled
from lsart.exploration._explain import Origin, explain
from lsart.exploration._model import Main, Model
from lsart.exploration._recheck import recheck
from lsart.exploration._replay import model_for
from lsart.exploration._result import Failure
from lsart.exploration._token import Token, TokenError, decode

__all__ = ["shrink"]


def shrink(model: Model | Main, token: str | Token, *, stop: Callable[[], bool] = lambda: False) -> Failure:
    """Find the same failure with the fewest preemptions, in the smallest version of the model that shows it.

    Args:
        model: the one that the token was made with. token: ``lsart1:...``, or the name of a file that holds one.
        stop: asked between runs; True ends the search with the best so far.

    Raises:
        TokenError: it is none, belongs to another model or other code, or its schedule does not fail any more.
    """
    known = decode(token) if isinstance(token, str) else token
    found_model = model_for(model, known)
    with labelled():
        found, trace = follow(found_model, known.script, known.seed)
        if found is None or found.symptom.number != known.symptom:
            how = "does not fail any more" if found is None else f"fails with {found.symptom}, not as it did"
            raise TokenError(f"there is nothing to shrink: the schedule of this token {how}")
        checked, script, _ = recheck(found_model, trace.numbers, found.symptom, known.seed)
        origin = Origin(schedule=None, strategy=known.strategy, preemptions=found.preemptions, recheck=checked)
        return explain(found_model, script, found.symptom, origin, known.seed, stop=stop)
