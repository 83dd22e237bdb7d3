"""Choices for unloading packages and for notifications, where their pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._security_choices import SecurityChoices
from lsart.contract._status import NTSTATUS

__all__ = ["NotificationChoices"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)


@attrs.frozen
class NotificationChoices(SecurityChoices):
    """See `Choices`."""

    # ------------------------------------------------------------------ UnloadPackage
    unload_runs_shutdown: Literal["yes", "no"] = choice(
        "yes",
        "no",
        gap="UnloadPackage/1",
        reason="SpShutdown comes before a package is unloaded (LSQ-22), whoever asked for it.",
    )
    unload_unmaps: Literal["when_idle", "under_caller"] = choice(
        "when_idle",
        "under_caller",
        gap="UnloadPackage/1",
        reason="Code that is executed must stay; under 'under_caller' UnloadPackage returns into nothing.",
    )

    # ------------------------------------------------------------------ RegisterNotification
    notification_argument: Literal["parameter", "event_notify"] = choice(
        "parameter",
        "event_notify",
        gap="RegisterNotification/1",
        reason="The page speaks of a value passed to the function; a structure is documented for events alone.",
    )
    notification_delivery: Literal["one_by_one", "at_once"] = choice(
        "one_by_one",
        "at_once",
        gap="RegisterNotification/1",
        reason="The new-thread flag has a point only if the others share a thread: theirs runs one function at a time, "
        "by due time and then by registration, and skips intervals that end while their function runs.",
    )

    # ------------------------------------------------------------------ CancelNotification
    cancel_waits: Literal["no", "yes"] = choice(
        "no",
        "yes",
        gap="CancelNotification/1",
        reason="Stopping further runs (CNO-1) says nothing of the one under way; waiting under a lock is a deadlock.",
    )
    cancel_fired_one_shot: NTSTATUS = choice(
        _STATUS_INVALID_PARAMETER,
        _STATUS_SUCCESS,
        gap="CancelNotification/1",
        reason="The flag removes the registration after its run (RNO-8), so the handle names none.",
    )
