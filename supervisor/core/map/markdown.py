"""Write the map as Markdown, with a graph (Mermaid)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from supervisor.core.text import escape
from supervisor.domain.link import Link, Map, Place

ROWS = 60  # of the Markdown table; the JSON has all of them
EDGE_NAMES = 4  # names on one edge of the graph


def markdown(made: Map) -> str:
    """Write the map for people: a graph, then the rows, best first, each with its places."""
    parts = ["# Map: what ties the repos together", _coverage(made)]
    if made.links:
        parts.append(f"```mermaid\n{mermaid(made)}\n```")
    conflicts = [link for link in made.links if link.conflict]
    if conflicts:
        parts.append(
            "## Conflicts\n\n"
            + "\n".join(f"- {code(link.name)} ({link.kind}): {cell(link.note)}" for link in conflicts)
        )
    parts.append("## Links\n\n" + (_table(made) if made.links else "None found."))
    parts += [cell(words) for words in made.cut]
    return "\n\n".join(parts) + "\n"


def mermaid(made: Map) -> str:
    """Draw the children as a graph: an edge for each two that share something, labeled with the best names."""
    ids = {surveyed.child: f"c{number}" for number, surveyed in enumerate(made.children)}
    lines = ["graph LR", *(f'  {ids[surveyed.child]}["{_label(surveyed.child)}"]' for surveyed in made.children)]
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
    """Group the places of a link by child, those that provide first."""
    by_child: dict[str, list[Place]] = {}
    for place in sorted(link.places, key=lambda place: place.role != "provides"):
        by_child.setdefault(place.child, []).append(place)
    return list(by_child.items())


def where(place: Place) -> str:
    """Return `file:line`, or only the file."""
    return f"{place.file}:{place.line}" if place.line else place.file


def counted(rows: Sequence[Link]) -> str:
    """Count rows by kind: `12 routes, 1 topic`."""
    kinds = Counter(link.kind for link in rows)
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {kind if count == 1 else _plural(kind)}" for kind, count in ordered)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind == "copy" else f"{kind}s"


def _coverage(made: Map) -> str:
    lines = []
    for surveyed in made.children:
        left = ", ".join(f"{count} {reason}" for reason, count in surveyed.skipped)
        read = f"not read: {cell(surveyed.problem)}" if surveyed.problem else f"{surveyed.files} source files read"
        lines.append(f"- {code(surveyed.child)}: {read}" + (f"; left out: {cell(left)}" if left else ""))
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
    return escape.code(text[:200]).replace("|", "\\|")  # a bar ends the cell even inside code


def _label(text: str) -> str:
    """Return text for a label of the graph: only characters that mean nothing to Mermaid."""
    kept = "".join(char if char.isalnum() or char in "/_-.:{}+ " else " " for char in text[:50])
    return kept.replace("{}", "*").replace("{", "(").replace("}", ")").strip() or "?"
