"""Count what code does, which says the same on a busy machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls(act: Callable[[], object], name: str | None = None) -> int:
    """Count the calls of Python functions, or of those with this name, in the second run of something."""
    act()
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "call" and (name is None or frame.f_code.co_name == name)

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return counted
