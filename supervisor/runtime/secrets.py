"""Cutting out secrets: those that look like one, and those of our own environment, by their values."""

from __future__ import annotations

import os
from functools import cache
from typing import TypeVar

from supervisor.core.text.redact import redacted, secrets_in

Value = TypeVar("Value")


def clean(value: Value) -> Value:
    """A domain value or text without secrets; the very same one if it has none."""
    return redacted(value, known())


@cache
def known() -> tuple[str, ...]:
    """The secrets of our own environment."""
    return secrets_in(os.environ)
