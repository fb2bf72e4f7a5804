"""The one door for what is written or shown: cut out texts that look like a secret, and those of our own environment.

What goes to a server, accepted revisions of plan.md and git's objects do not pass through it.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TypeVar

from supervisor.core.text.redact import secrets_in
from supervisor.core.text.redact_values import redacted, redacted_on

Value = TypeVar("Value")


def clean(value: Value) -> Value:
    """Cut the secrets out of a domain value, a text, or JSON. Returns the same object if it has none."""
    return redacted(value, known())


@cache
def known() -> tuple[str, ...]:
    """Return the secrets of our own environment."""
    return secrets_in(os.environ)


class Door:
    """Cleans values that come one after the other. It remembers whose last one ended within a private key."""

    def __init__(self) -> None:
        self._inside: set[str | None] = set()

    def clean(self, value: Value, source: str | None) -> Value:
        """Clean a value from this source. What goes on with a key that the last one began is cut out too."""
        cleaned, inside = redacted_on(value, known(), inside=source in self._inside)
        (self._inside.add if inside else self._inside.discard)(source)
        return cleaned
