"""Track what the orchestrator is doing right now, for the status. Nothing of it is stored."""

from __future__ import annotations

from supervisor.runtime.secrets import clean
from supervisor.wire.codex.activity import doing
from supervisor.wire.codex.notifications import Notification


class Activity:
    """Its last message, or the tool or command that it runs; "" between two turns."""

    def __init__(self) -> None:
        self.text = ""

    def observe(self, notification: Notification) -> None:
        """Update this from a notification of the orchestrator's own thread."""
        text = doing(notification)
        if text is not None:
            self.text = clean(text)
