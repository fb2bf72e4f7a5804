"""Write amounts of money, tokens and time in short."""

from __future__ import annotations


def dollars(cost: float, *, at_least: bool = False) -> str:
    """Format a cost: $0.004, $1.25, over $120."""
    exact = f"${cost:.0f}" if cost >= 100 else f"${cost:.2f}" if cost >= 0.1 else f"${cost:.2g}"
    return f"over {exact}" if at_least else exact


def amount(count: float) -> str:
    """Format a number of tokens in at most five characters: 950, 12k, 2.1M."""
    for size, sign in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= 0.9995 * size:
            return f"{count / size:.1f}{sign}" if count < 9.95 * size else f"{count / size:.0f}{sign}"
    return f"{count:.0f}"


def span(minutes: float) -> str:
    """Format minutes as the longest whole unit: 5 h, 7 days."""
    for unit, size in (("days", 1440), ("h", 60)):
        if minutes >= size and minutes % size == 0 and not (unit == "days" and minutes == size):
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} min"
