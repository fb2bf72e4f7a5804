"""The log level of each kind of event."""

from __future__ import annotations

from typing import Literal

from supervisor.domain.event import (
    ChecksLost,
    Event,
    EventLost,
    InterruptFailed,
    LedgerRepaired,
    LeftoversEnded,
    MapFailed,
    NoticeFailed,
    OwnTreeFailed,
    PlanAccepted,
    PlanMissing,
    PlanPostponed,
    PlanRejected,
    RequestDeclined,
    SaidElsewhere,
    ServerExited,
    ServerStartFailed,
    ServerStopFailed,
    ServerUnresponsive,
    SharedChanged,
    SteerMissed,
    ThreadFailed,
    ThreadSettingsChanged,
    TurnRefused,
    TurnRetried,
)

Level = Literal["debug", "info", "warning", "error"]

WARNINGS = (
    PlanRejected,
    PlanMissing,
    PlanPostponed,
    ServerExited,
    ServerUnresponsive,
    ThreadFailed,
    TurnRetried,
    TurnRefused,
    SteerMissed,
    InterruptFailed,
    LeftoversEnded,
    ChecksLost,
    OwnTreeFailed,
    RequestDeclined,
    SaidElsewhere,
    ThreadSettingsChanged,
    NoticeFailed,
    SharedChanged,
    MapFailed,
    EventLost,
    LedgerRepaired,
)
ERRORS = (ServerStartFailed, ServerStopFailed)


def level(event: Event) -> Level:
    """The level of the log line of an event."""
    if isinstance(event, ERRORS):
        return "error"
    warned = isinstance(event, PlanAccepted) and event.plan.warnings
    return "warning" if warned or isinstance(event, WARNINGS) else "info"
