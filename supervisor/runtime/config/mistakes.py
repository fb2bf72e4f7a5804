"""A mistake in the config, and how its place is written."""

from __future__ import annotations

Where = tuple[str | int, ...]
"""A place in the file: keys, and indexes of entries from 0."""


class Mistake(Exception):
    """A value in the file is wrong. The reader adds the file and the line."""

    def __init__(self, where: Where, what: str, next_step: str) -> None:
        super().__init__(what)
        self.where = where
        self.what = what
        self.next_step = next_step


def name_of(where: Where) -> str:
    """Format a place: `children.api.path`. Rules are counted from 1, as they are in logs."""
    rule = len(where) > 1 and where[0] == "rules"
    return ".".join(str(part + 1) if rule and isinstance(part, int) else str(part) for part in where)
