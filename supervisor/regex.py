"""Patterns that are compiled when they are first used.

There are some 700. A process needs a few of them, and each takes 0.1 to 3 ms to compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, AnyStr, cast


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` returns. Whether the pattern is valid is found out at its first use."""
    return cast("re.Pattern[AnyStr]", _Regex(pattern, flags))


def alternatives(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    """Return a pattern that matches where one of these does, all of the same flags: one look instead of many."""
    known = tuple(patterns)
    return re.compile("|".join(f"(?:{one.pattern})" for one in known), known[0].flags)


class _Regex:
    def __init__(self, pattern: Any, flags: int) -> None:
        self.pattern = pattern
        self._given = flags

    @cached_property
    def _compiled(self) -> Any:
        return re.compile(self.pattern, self._given)

    def __getattr__(self, name: str) -> Any:
        """Return what the compiled pattern has, and keep it: the next look finds it without this method."""
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value
