"""The part of the supervisor's loop that those see who look at files for it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from supervisor.domain.event import Event
from supervisor.domain.world import World


class WorldClock(Protocol):
    """The clock of the loop, which tests replace."""

    def now(self) -> datetime:
        """Return the time in UTC, by which events are ordered."""


class WorldInbox(Protocol):
    """What is known now, and where to say what is new."""

    @property
    def world(self) -> World:
        """The world after the latest step; the next one replaces it."""

    @property
    def clock(self) -> WorldClock:
        """The clock of all events."""

    def post(self, event: Event) -> None:
        """Put an event into the inbox, without waiting for its step."""
