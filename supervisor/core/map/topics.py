"""Match topics with wildcards: `rides/+/ended` and `rides/#` with `rides/7/ended`, and with `rides/%s/ended`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from supervisor.core.map.mention.normalize import plain_name, topic_name
from supervisor.regex import regex

PATH = "path"
"""The kind in the key of a name with levels, such as `rides/7/ended`."""

MANY = 2_000  # names with levels that are compared; of more, each counts for itself
_SHARE = regex(r"\$share/[^/]+/")


def path_key(name: str) -> str:
    """Return the key of a name with levels."""
    return f"{PATH} {plain_name(_SHARE.sub('', topic_name(name)))}"


def absorbed(children: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return, by its key, the pattern that each topic of one child belongs to: the narrowest of another child.

    `children` are those of each key. A topic that several children have, letter by letter, needs no pattern.
    """
    patterns = [key for key in children if _is_pattern(key)]
    if not patterns or len(children) > MANY:
        return {}
    by_first: dict[str, list[str]] = defaultdict(list)
    for key in patterns:
        first = _levels(key)[0]
        by_first["" if "{}" in first else first].append(key)
    found = {}
    for key, own in children.items():
        if len(own) > 1:
            continue
        near = (*by_first[_levels(key)[0]], *by_first[""])
        fits = [
            (_known(_levels(pattern)), pattern)
            for pattern in near
            if pattern != key and children[pattern] - own and _fits(_levels(pattern), _levels(key))
        ]
        if fits:
            found[key] = max(fits)[1]
    return {key: pattern for key, pattern in found.items() if pattern not in found}


def _levels(key: str) -> list[str]:
    return key.removeprefix(f"{PATH} ").split("/")


def _is_pattern(key: str) -> bool:
    levels = _levels(key)
    return ("#" in levels[-1:] or "{}" in key) and _known(levels) > 0


def _known(levels: Sequence[str]) -> int:
    """Return how many levels are words."""
    return sum("{}" not in level and level != "#" and len(level) > 1 for level in levels)


def _fits(pattern: Sequence[str], levels: Sequence[str]) -> bool:
    """Return whether a topic is one of those that a pattern stands for."""
    if pattern[-1] == "#":
        above = pattern[:-1]
        return len(levels) >= len(above) and all(map(_fills, above, levels))
    return len(pattern) == len(levels) and all(map(_fills, pattern, levels))


def _fills(pattern: str, level: str) -> bool:
    if pattern == level or pattern == "{}":
        return level != "#"
    return "{}" in pattern and re.fullmatch(re.escape(pattern).replace(re.escape("{}"), ".+"), level) is not None
