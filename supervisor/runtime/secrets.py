"""Cut out secrets: texts that look like one, and the values of secrets in our own environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TypeVar

from supervisor.core.text.redact import secrets_in
from supervisor.core.text.redact_values import redacted

Value = TypeVar("Value")


def clean(value: Value) -> Value:
    """Cut the secrets out of a domain value or text. Returns the same object if it has none."""
    return redacted(value, known())


@cache
def known() -> tuple[str, ...]:
    """Return the secrets of our own environment."""
    return secrets_in(os.environ)
