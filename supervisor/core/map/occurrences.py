"""Occurrences: mentions with their repo and file, and what those of one child come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supervisor.core.map.mention.fields import WIRE
from supervisor.core.map.mention.routes import MOUNT
from supervisor.domain.link import Mention, Place, Role, Side

COMPARED = 24
"""Places kept of each side, with which those of a later map are compared."""


class Occurrence(NamedTuple):
    """A mention with its repo and file."""

    key: str  # occurrences with the same key may be joined
    child: str
    file: str
    test: bool  # the file is a test
    mention: Mention


def side_of(child: str, own: Sequence[Occurrence]) -> Side:
    """Return what counts for a child: of its places outside of tests, those that prove most."""
    own = [one for one in own if not one.test]
    weak = min((_weakness(one.mention) for one in own), default=0)
    sure = sorted((one for one in own if _weakness(one.mention) == weak), key=lambda one: (one.file, one.mention.line))
    provided = sum(_offers(one.mention) for one in sure)
    used = sum(one.mention.role is Role.USES for one in sure)
    return Side(child, tuple(map(place_of, sure[:COMPARED])), len(sure), len(own), weak, provided, used)


def _weakness(mention: Mention) -> int:
    return 0 if mention.type else mention.weak


def _offers(mention: Mention) -> bool:
    if mention.detail == MOUNT:
        return False  # the routes below it are declared elsewhere, and may go while it stays
    return mention.role is Role.PROVIDES or bool(mention.type) or mention.detail == WIRE


def place_of(one: Occurrence) -> Place:
    """Return the place of an occurrence."""
    mention = one.mention
    return Place(one.child, one.file, mention.line, mention.role, mention.shown, mention.detail, mention.type)
