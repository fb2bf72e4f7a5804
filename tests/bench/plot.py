"""The figures as an SVG image: ratios to their floors as bars, and growth as lines. It is written by hand, because no
library is worth adding for it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from html import escape

from tests.bench.rows import Row

WIDTH, LINE, LABEL, CHART = 900, 22, 420, 380
MOST = 10.0  # the ratio at which a bar ends
COLOURS = ("#3b82c4", "#c2603b", "#4f9d69", "#8a63b8", "#b08a2e", "#5b7083", "#c94f8c", "#2f9c95", "#7a7a2e")
GRAPH = 260  # height of the graph of growth


def drawn(rows: Sequence[Row]) -> str:
    """An SVG that can be read on a light and on a dark page."""
    bars = [row for row in rows if row.ratio is not None and _wanted(row) is not None]
    curves = [row for row in rows if len(row.curve) > 1]
    top = 46 + LINE * len(bars) if bars else 0
    height = top + (GRAPH + 90 + LINE * len(curves) if curves else 10)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/><g fill="#24292f">',
        *(_bars(bars) if bars else ()),
        *(_curves(curves, top) if curves else ()),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _bars(rows: Sequence[Row]) -> Iterator[str]:
    yield '<text x="16" y="26" font-size="14" font-weight="600">Times the floor (the line is what is wanted)</text>'
    for number, row in enumerate(rows):
        assert row.ratio is not None
        y = 42 + LINE * number
        wanted = _wanted(row)
        assert wanted is not None
        good = row.ratio <= wanted
        x = LABEL + 12
        yield f'<text x="{LABEL}" y="{y + 13}" text-anchor="end">{escape(row.what.replace("`", ""))}</text>'
        yield (
            f'<rect x="{x}" y="{y + 2}" width="{_along(row.ratio):.1f}" height="{LINE - 8}" rx="2" '
            f'fill="{COLOURS[2] if good else COLOURS[1]}"/>'
        )
        at = x + _along(wanted)
        yield f'<path d="M{at:.1f} {y} v{LINE - 4}" stroke="#24292f" stroke-width="1.5"/>'
        yield f'<text x="{max(x + _along(row.ratio), at) + 6:.1f}" y="{y + 13}">{row.ratio:.2f}</text>'


def _wanted(row: Row) -> float | None:
    """The ratio to stay below, if the limit is a ratio."""
    return float(row.limit) if re.fullmatch(r"\d+(\.\d+)?", row.limit) else None


def _along(ratio: float) -> float:
    return CHART * min(ratio, MOST) / MOST


def _curves(rows: Sequence[Row], top: int) -> Iterator[str]:
    sizes = [size for row in rows for size, _ in row.curve]
    times = [took for row in rows for _, took in row.curve]
    left, bottom, wide = 70, top + 50 + GRAPH, WIDTH - 110
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    last = math.ceil(math.log10(max(sizes)))
    title = "How CPU time grows (milliseconds; both axes by powers of ten)"
    yield f'<text x="16" y="{top + 30}" font-size="14" font-weight="600">{title}</text>'
    for power in range(low, high + 1):
        y = bottom - GRAPH * (power - low) / (high - low)
        yield f'<path d="M{left} {y:.1f} h{wide}" stroke="#d0d7de"/>'
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
    for power in range(last + 1):
        x = left + wide * power / last
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>'
    for number, row in enumerate(rows):
        colour = COLOURS[number % len(COLOURS)]
        facts = [
            (
                left + wide * math.log10(size) / last,
                bottom - GRAPH * (math.log10(took) - low) / (high - low),
            )
            for size, took in row.curve
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in facts)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in facts)
        y = bottom + 44 + LINE * number
        yield f'<rect x="{left}" y="{y - 9}" width="14" height="4" fill="{colour}"/>'
        yield f'<text x="{left + 22}" y="{y}">{escape(row.what.removeprefix("growth: "))}: {escape(row.note)}</text>'
