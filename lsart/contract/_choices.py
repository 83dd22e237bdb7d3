"""`Choices`: every gap that the contract leaves, decided in one place."""

from __future__ import annotations

import attrs

from lsart.contract._choice import ChoiceInfo
from lsart.contract._user_mode_choices import UserModeChoices

__all__ = ["Choices", "choice_infos"]


@attrs.frozen
class Choices(UserModeChoices):
    """What lsart does where no page says what happens.

    One field per question. The defaults are what careful systems do; the alternatives are what a real one could
    show just as well. A package whose outcome changes under an alternative leans on undocumented behaviour.
    ``docs/choices.md`` lists every field with its gap, its alternatives and the reason.

    Raises:
        ValueError: a value that the field does not offer.
    """


def choice_infos() -> tuple[ChoiceInfo, ...]:
    """Every field of `Choices`, in order, as data for documentation and for runs under the alternatives."""
    return tuple(
        ChoiceInfo(field.name, field.default, **field.metadata)  # metadata holds exactly the other members
        for field in attrs.fields(Choices)
    )
