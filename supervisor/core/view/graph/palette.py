"""How each state looks in a drawing."""

from __future__ import annotations

from typing import NamedTuple


class StateStyle(NamedTuple):
    """Colours of a box, and a mark that tells the state without colour."""

    fill: str
    stroke: str
    mark: str


def palette_of(state: str) -> StateStyle:
    """Return the look of a state; of one that we do not know, that of a waiting one."""
    return _LOOKS.get(state, _LOOKS["waiting"])


_LOOKS = {
    "done": StateStyle("#d3f0d8", "#2b8a3e", "✓"),
    "running": StateStyle("#d0ebff", "#1971c2", "▶"),
    "verifying": StateStyle("#d0ebff", "#1971c2", "▷"),
    "needs_human": StateStyle("#fff3bf", "#e67700", "?"),
    "held": StateStyle("#fff3bf", "#e67700", "‖"),
    "blocked": StateStyle("#ffe3e3", "#c92a2a", "✗"),
    "failed": StateStyle("#ffe3e3", "#c92a2a", "✗"),
    "waiting": StateStyle("#f1f3f5", "#868e96", "·"),
    "retired": StateStyle("#ffffff", "#ced4da", "-"),
}
