"""The map as Markdown, with a picture of it (Mermaid)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from supervisor.core.text import escape
from supervisor.domain.link import Link, Map, Place

ROWS = 60  # of the Markdown table; all of them are in the JSON
EDGE_NAMES = 4  # names on one edge of the picture


def markdown(made: Map) -> str:
    """The map for reading: a picture, then the rows, best first, each with its places."""
    parts = ["# Map: what ties the repos together", _read(made)]
    if made.links:
        parts.append(f"```mermaid\n{mermaid(made)}\n```")
    conflicts = [link for link in made.links if link.conflict]
    if conflicts:
        parts.append(
            "## Conflicts\n\n"
            + "\n".join(f"- {code(link.name)} ({link.kind}): {cell(link.note)}" for link in conflicts)
        )
    parts.append("## Seams\n\n" + (_table(made) if made.links else "None was found."))
    parts += [cell(words) for words in made.cut]
    return "\n\n".join(parts) + "\n"


def mermaid(made: Map) -> str:
    """The children as a graph: an edge for each two that share something, with its best names."""
    ids = {one.child: f"c{number}" for number, one in enumerate(made.children)}
    lines = ["graph LR", *(f'  {ids[one.child]}["{_label(one.child)}"]' for one in made.children)]
    edges: dict[tuple[str, str], list[Link]] = {}
    for link in made.links:
        for pair in combinations(sorted(set(link.children) & ids.keys()), 2):
            edges.setdefault(pair, []).append(link)
    for (a, b), between in sorted(edges.items()):
        named = [f"{link.kind} {_label(link.name)}" for link in between[:EDGE_NAMES]]
        more = [f"and {len(between) - EDGE_NAMES} more"] if len(between) > EDGE_NAMES else []
        lines.append(f'  {ids[a]} ---|"{"<br/>".join((*named, *more))}"| {ids[b]}')
    return "\n".join(lines)


def sides(link: Link) -> list[tuple[str, list[Place]]]:
    """The places of a seam by child, those that provide first."""
    by_child: dict[str, list[Place]] = {}
    for place in sorted(link.places, key=lambda place: place.role != "provides"):
        by_child.setdefault(place.child, []).append(place)
    return list(by_child.items())


def where(place: Place) -> str:
    """`file:line`, or the file alone."""
    return f"{place.file}:{place.line}" if place.line else place.file


def counted(rows: Sequence[Link]) -> str:
    """How many rows of which kind: `12 routes, 1 topic`."""
    kinds = Counter(link.kind for link in rows)
    ordered = sorted(kinds.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{count} {kind if count == 1 else _many(kind)}" for kind, count in ordered)


def _many(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind == "copy" else f"{kind}s"


def _read(made: Map) -> str:
    lines = []
    for one in made.children:
        left = ", ".join(f"{count} {reason}" for reason, count in one.skipped)
        told = f"not read: {cell(one.problem)}" if one.problem else f"{one.files} source files read"
        lines.append(f"- {code(one.child)}: {told}" + (f"; left out: {cell(left)}" if left else ""))
    return "\n".join(lines)


def _table(made: Map) -> str:
    rows = ["| score | kind | name | where | note |", "|---|---|---|---|---|"]
    for link in made.links[:ROWS]:
        places = "<br>".join(
            f"{cell(child)}: " + ", ".join(code(where(place)) for place in places[:2]) for child, places in sides(link)
        )
        rows.append(f"| {link.score:.2f} | {link.kind} | {code(link.name)} | {places} | {cell(link.note)} |")
    if len(made.links) > ROWS:
        rows.append(f"\nand {len(made.links) - ROWS} more, in map.json ({counted(made.links[ROWS:])}).")
    return "\n".join(rows)


def cell(text: str) -> str:
    return escape.inline(text, 300)


def code(text: str) -> str:
    return escape.code(text[:200]).replace("|", "\\|")  # the table, and not the code, takes the bar for its own


def _label(text: str) -> str:
    """Text for a label of the picture: only what cannot end it or mean something to it."""
    kept = "".join(char if char.isalnum() or char in "/_-.:{}+ " else " " for char in text[:50])
    return kept.replace("{}", "*").replace("{", "(").replace("}", ")").strip() or "?"
