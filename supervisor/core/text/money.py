"""Write an amount of money."""

from __future__ import annotations


def dollars(cost: float, *, at_least: bool = False) -> str:
    """Format a cost: $0.004, $1.25, over $120."""
    exact = f"${cost:.0f}" if cost >= 100 else f"${cost:.2f}" if cost >= 0.1 else f"${cost:.2g}"
    return f"over {exact}" if at_least else exact
