"""Write the map as Markdown, with a graph (Mermaid)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supervisor.core.map.interfaces import counted
from supervisor.core.text import escape
from supervisor.domain.link import Family, Gap, Interface, Link, Map, Place

ROWS = 60  # of the Markdown table; the JSON has all of them
EDGE_NAMES = 4  # names on one edge of the graph


_SAYS = {
    Family.HTTP: "{consumer} calls {provider}",
    Family.MESSAGES: "{provider} publishes to {consumer}",
    Family.PROTOBUF: "{consumer} uses the schema of {provider}",
    Family.GRAPHQL: "{consumer} queries {provider}",
    Family.PACKAGE: "{consumer} imports {provider}",
    Family.DATABASE: "{consumer} reads tables of {provider}",
    Family.SETTINGS: "{provider} configures {consumer}",
}
"""How the two sides of a directed interface are tied. Others rely on one another."""


def says(one: Interface) -> str:
    """Say in a few words which child relies on which."""
    directed = _SAYS.get(one.family, "{consumer} relies on {provider}")
    form = directed if one.directed else "{provider} and {consumer} share"
    return form.format(consumer=one.consumer, provider=one.provider)


def of_pairs(made: Map) -> Iterator[tuple[tuple[str, str], list[tuple[int, Interface]]]]:
    """Yield each pair of children that share something, and its interfaces with their numbers, from 1."""
    pairs: dict[tuple[str, str], list[tuple[int, Interface]]] = {}
    for number, one in enumerate(made.interfaces, 1):
        a, b = sorted((one.provider, one.consumer))
        pairs.setdefault((a, b), []).append((number, one))
    yield from pairs.items()


def described(gap: Gap) -> str:
    """Describe a gap in one line."""
    more = f" and {gap.count - len(gap.places)} more" if gap.places and gap.count > len(gap.places) else ""
    at = f" ({', '.join(gap.places)}{more})" if gap.places else ""
    return f"{' ── '.join(gap.children)}: {gap.what}{at}"


def markdown(made: Map) -> str:
    """Write the map for people: a graph, the interfaces with their rows, what was not understood, and the best rows."""
    parts = ["# Map: what ties the repos together", _coverage(made)]
    if made.interfaces:
        parts.append(f"```mermaid\n{mermaid(made)}\n```")
        parts.append("## Interfaces")
    for (a, b), found in of_pairs(made):
        parts.append(f"### {cell(a)} and {cell(b)}")
        parts += [_opened(made, number, one) for number, one in found]
    conflicts = [link for link in made.links if link.conflict]
    if conflicts:
        parts.append(
            "## Conflicts\n\n"
            + "\n".join(f"- {code(link.name)} ({link.kind}): {cell(link.note)}" for link in conflicts)
        )
    if made.gaps:
        parts.append("## Not understood\n\n" + "\n".join(f"- {cell(described(gap))}" for gap in made.gaps))
    parts.append("## Links\n\n" + (_table(made) if made.links else "None found."))
    parts += [cell(words) for words in made.cut]
    return "\n\n".join(parts) + "\n"


def mermaid(made: Map) -> str:
    """Draw the children as a graph: an arrow from each that relies on another, labeled with the best interfaces."""
    ids = {surveyed.child: f"c{number}" for number, surveyed in enumerate(made.children)}
    lines = ["graph LR", *(f'  {ids[surveyed.child]}["{_label(surveyed.child)}"]' for surveyed in made.children)]
    edges: dict[tuple[str, str, bool], list[Interface]] = {}
    for one in made.interfaces:
        if one.provider in ids and one.consumer in ids:
            edges.setdefault((one.consumer, one.provider, one.directed), []).append(one)
    for (a, b, directed), between in sorted(edges.items()):
        named = [_label(one.title, 80) for one in between[:EDGE_NAMES]]
        more = [f"and {len(between) - EDGE_NAMES} more"] if len(between) > EDGE_NAMES else []
        lines.append(f'  {ids[a]} {"-->" if directed else "---"}|"{"<br/>".join((*named, *more))}"| {ids[b]}')
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


def _coverage(made: Map) -> str:
    lines = []
    for surveyed in made.children:
        left = ", ".join(f"{count} {reason}" for reason, count in surveyed.skipped)
        read = f"not read: {cell(surveyed.problem)}" if surveyed.problem else f"{surveyed.files} source files read"
        lines.append(f"- {code(surveyed.child)}: {read}" + (f"; left out: {cell(left)}" if left else ""))
    return "\n".join(lines)


def _opened(made: Map, number: int, one: Interface) -> str:
    """Write an interface as a line that opens into its rows."""
    where = f"used in {', '.join(code(file) for file in one.used_in)}" if one.used_in else ""
    heading = f"{number}. {cell(says(one))}: {cell(one.title)}"
    rows = "\n".join(_rows([made.links[at] for at in one.rows]))
    return f"<details><summary>{heading}</summary>\n\n{where}\n\n{rows}\n\n</details>"


def _table(made: Map) -> str:
    shown = made.links[:ROWS]
    sure = [link for link in shown if link.sure]
    rows = list(_rows(sure)) if sure else []
    if len(sure) < len(shown):
        rows += ["\n### Less sure\n", *_rows([link for link in shown if not link.sure])]
    if len(made.links) > ROWS:
        rows.append(f"\nand {len(made.links) - ROWS} more, in map.json ({counted(made.links[ROWS:])}).")
    return "\n".join(rows)


def _rows(links: Sequence[Link]) -> Iterator[str]:
    yield from ("| score | kind | name | where | note |", "|---|---|---|---|---|")
    for link in links:
        places = "<br>".join(
            f"{cell(child)}: " + ", ".join(code(where(place)) for place in places[:2]) for child, places in sides(link)
        )
        yield f"| {link.score:.2f} | {link.kind} | {code(link.name)} | {places} | {cell(link.note)} |"


def cell(text: str) -> str:
    """Escape a text for a cell of a table; 300 characters at most."""
    return escape.inline(text, 300)


def code(text: str) -> str:
    """Write a text as inline code for a cell of a table; 200 characters at most."""
    return escape.code(text[:200]).replace("|", "\\|")  # a bar ends the cell even inside code


def _label(text: str, longest: int = 50) -> str:
    """Return text for a label of the graph: only characters that mean nothing to Mermaid."""
    kept = "".join(char if char.isalnum() or char in "/_-.:,{}+ " else " " for char in text[:longest])
    return kept.replace("{}", "*").replace("{", "(").replace("}", ")").strip() or "?"
