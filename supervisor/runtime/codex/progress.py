"""What the orchestrator is doing at this moment: shown to whoever waits for it, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervisor.runtime.secrets import clean
from supervisor.wire import codex


class Activity:
    """Its last words, or what it is at; "" between two turns."""

    def __init__(self) -> None:
        self.words = ""

    def observe(self, method: str, params: Mapping[str, Any]) -> None:
        """Take in a notification of the orchestrator's own thread."""
        words = codex.doing(method, params)
        if words is not None:
            self.words = clean(words)
