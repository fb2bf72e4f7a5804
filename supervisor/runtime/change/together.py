"""Do the same in several repos at once: git waits for the disk, and works on more than one core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from supervisor.errors import OutOfReach

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 8
"""Repos in which git runs at the same time."""


def at_once(act: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do something with each item, and return the results in their order, once all have ended.

    Raises the first error; OutOfReach before any other, because nobody knows what was done there.
    """
    with ThreadPoolExecutor(AT_ONCE, "repos") as pool:
        futures = [pool.submit(act, one) for one in items]
    errors = [error for one in futures if (error := one.exception()) is not None]
    if errors:
        raise next((one for one in errors if isinstance(one, OutOfReach)), errors[0])
    return [one.result() for one in futures]
