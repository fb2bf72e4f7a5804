"""Remembering what was made of a value that never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
Made = TypeVar("Made")


def of_last(make: Callable[[Value], Made]) -> Callable[[Value], Made]:
    """`make`, which is asked again only for another value than the last one. That is told by its identity: to compare
    or hash a plan of thousands of tasks would cost what is to be saved."""
    last: list[tuple[Value, Made]] = []

    def remembering(value: Value) -> Made:
        known = last[0] if last else None
        if known is None or known[0] is not value:
            last[:] = [known := (value, make(value))]  # threads may be here side by side
        return known[1]

    return remembering
