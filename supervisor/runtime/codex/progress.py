"""What the orchestrator is doing at this moment: shown to whoever waits for it, and kept nowhere."""

from __future__ import annotations

from supervisor.runtime.secrets import clean
from supervisor.wire.codex.activity import doing
from supervisor.wire.codex.notifications import Notification


class Activity:
    """Its last words, or what it is at; "" between two turns."""

    def __init__(self) -> None:
        self.words = ""

    def observe(self, heard: Notification) -> None:
        """Take in a notification of the orchestrator's own thread."""
        words = doing(heard)
        if words is not None:
            self.words = clean(words)
