"""What a piece of source mentions, as rows."""

from __future__ import annotations

from supervisor.core.map.mention.mentions import mentions
from supervisor.wire.source.read import literals

Row = tuple[str, str, str, str]  # kind, name, role, detail


def mentioned(language: str, source: str, file: str = "") -> list[Row]:
    """What a source mentions, without mentions that prove nothing."""
    found = mentions(literals(language, source.encode()), language, file)
    return [(str(one.kind), one.name, str(one.role), one.detail) for one in found if one.weak < 2]
