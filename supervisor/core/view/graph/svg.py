"""The graph of the tasks as one SVG that needs nothing from outside: layers from left to right, arrows between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from supervisor.core.view.graph.layers import Node, layers
from supervisor.core.view.graph.palette import palette_of

WIDTH, HEIGHT = 206, 52  # of a box
ACROSS, DOWN = 70, 22  # between two boxes
MARGIN = 16
TITLE = 26  # characters of a line: what a box has room for


def svg(nodes: Sequence[Node], heading: str = "", *, link: str = "") -> str:
    """Return the whole file. `heading` names it for whoever reads it aloud. With a `link`, each box leads to that and
    its id. A style sheet can replace the colours by the classes."""
    rows = layers(nodes)
    tallest = max((len(row) for row in rows), default=1)
    places: dict[str, tuple[int, int]] = {}
    for column, row in enumerate(rows):
        top = (tallest - len(row)) * (HEIGHT + DOWN) // 2
        for at, node in enumerate(row):
            places[node.id] = (MARGIN + column * (WIDTH + ACROSS), MARGIN + top + at * (HEIGHT + DOWN))
    wide = 2 * MARGIN + max(1, len(rows)) * (WIDTH + ACROSS) - ACROSS
    tall = 2 * MARGIN + tallest * (HEIGHT + DOWN) - DOWN
    role = "group" if link else "img"
    body = "\n".join((*_arrows(nodes, places), *_boxes(nodes, places, link)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" '
        f'role="{role}" class="graph" font-family="system-ui, sans-serif" font-size="12">\n'
        f"<title>{_text(heading or 'The tasks')}</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="tip" d="M0 0 8 4 0 8z" fill="#868e96"/></marker></defs>\n'
        f'<rect class="ground" width="{wide}" height="{tall}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _arrows(nodes: Sequence[Node], places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for node in nodes:
        x2, y2 = places[node.id]
        for name in node.after:
            if name in places:
                x1, y1 = places[name][0] + WIDTH, places[name][1] + HEIGHT // 2
                bend = max(30, (x2 - x1) // 2)
                path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2 + HEIGHT // 2} {x2} {y2 + HEIGHT // 2}"
                yield f'<path class="arrow" d="{path}" fill="none" stroke="#868e96" marker-end="url(#tip)"/>'


def _boxes(nodes: Sequence[Node], places: dict[str, tuple[int, int]], link: str) -> Iterator[str]:
    for node in nodes:
        x, y = places[node.id]
        look, state = palette_of(node.state), node.state.replace("_", " ")
        title, name = _cut(node.title, TITLE), _cut(node.id, 12)
        child = _cut(node.child, TITLE - len(name) - len(state) - 5)
        opened, closed = (f'<a href="{_text(link + node.id)}">', "</a>") if link else ("<g>", "</g>")
        known = node.state if node.state.replace("_", "").isalpha() else "waiting"
        yield (
            f"{opened}<title>{_text(f'{node.id}: {node.title} ({node.child}, {state})')}</title>"
            f'<rect class="box {known}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{look.fill}" '
            f'stroke="{look.stroke}"/>'
            f'<text x="{x + 10}" y="{y + 20}"><tspan font-weight="bold">{_text(name)}</tspan> '
            f"<tspan>{_text(f'{look.mark} {state}, {child}' if child else f'{look.mark} {state}')}</tspan></text>"
            f'<text x="{x + 10}" y="{y + 39}">{_text(title)}</text>{closed}'
        )


def _cut(words: str, most: int) -> str:
    if len(words) <= most:
        return words
    return words[: most - 1] + "…" if most > 3 else ""


def _text(words: str) -> str:
    """Escape, and leave out what XML cannot hold."""
    return escape("".join(mark for mark in " ".join(words.split()) if mark.isprintable()))
