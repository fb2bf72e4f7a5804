"""Caching of what is derived from immutable values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
Made = TypeVar("Made")


def remember_last(make: Callable[[Value], Made]) -> Callable[[Value], Made]:
    """Cache the result of `make` for the latest argument only.

    The argument is compared by identity: comparing or hashing a plan of thousands of tasks would cost what the cache
    saves.
    """
    last: list[tuple[Value, Made]] = []

    def remembering(value: Value) -> Made:
        known = last[0] if last else None
        if known is None or known[0] is not value:
            last[:] = [known := (value, make(value))]  # one assignment: other threads may be here at the same time
        return known[1]

    return remembering
