"""When to colour: what `--color` said. Quick to import, because every command reads that option."""

from __future__ import annotations

WHEN = ("auto", "always", "never")
"""On a terminal, unless NO_COLOR is set; in any case; or never."""


def choose(when: str) -> None:
    """Colour the output of this process as one of `WHEN` says."""
    _Chosen.when = when


def chosen() -> str:
    """Return which of `WHEN` counts for this process."""
    return _Chosen.when


class _Chosen:
    when = "auto"
