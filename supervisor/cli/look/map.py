"""`orch map`: show what ties the repos together, as text, JSON or Markdown."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line
from supervisor.cli.display.progress import Progress
from supervisor.core.map import markdown, serialize
from supervisor.core.map.interfaces import interfaces
from supervisor.domain.link import Gap, Interface, Kind, Link, Map, Place
from supervisor.errors import OrchError, UsageError
from supervisor.runtime.config.load import named
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths

ROWS = 20
GAPS = 12  # lines about what was not understood
QUIET = 1.0  # seconds before the first line of progress
EVERY = 0.5  # seconds between two lines of progress


def show_map(
    workspace: WorkspacePaths,
    interface: Annotated[int | None, Argument("INTERFACE", "Open this interface into its rows.", least=1)] = None,
    *,
    as_json: Json = False,
    as_markdown: Annotated[bool, Option("--markdown", "Print Markdown with a Mermaid graph.")] = False,
    rows: Annotated[bool, Option("--rows", "Show the best rows, whichever interface they belong to.")] = False,
    limit: Annotated[int, Option("--limit", f"Show at most N rows (default: {ROWS}).", "N", least=1)] = ROWS,
    kind: Annotated[str | None, Option("--kind", "Use only rows of this kind: route, topic, key, ...", "KIND")] = None,
) -> int:
    """Bring the map up to date and print it. Returns 1 if no child could be read."""
    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other", "choose one")
    kinds = [str(one) for one in Kind]
    if kind is not None and kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(kinds)}"
        raise UsageError(f"there is no kind `{kind}`", hint)
    if rows and interface is not None:
        raise UsageError(
            "--rows shows the rows of all interfaces, and INTERFACE those of one",
            f"use `orch map --rows --limit {interface}` for so many rows, or `orch map {interface}` for that interface",
        )
    reading = _FilesRead()
    try:
        made = survey(workspace, named(workspace), reading.report)
    finally:
        reading.end()
    for one in made.children:
        if one.problem:
            output.complain(OrchError(f"{one.child} is not in the map: {one.problem}", one.next_step))
    if kind is not None:
        found = tuple(link for link in made.links if link.kind == kind)
        made = Map(made.children, found, made.cut, interfaces(found), made.gaps)
    if as_json:
        output.emit_json(serialize.as_json(made), one_line=True)
    elif as_markdown:
        output.emit(markdown.markdown(made).rstrip("\n"))
    else:
        blocks = _shown(made, interface, limit, rows=rows)
        if blocks:
            output.show(blocks)
        if not made.links:
            output.say("found nothing that the repos share")
        for words in made.cut:
            output.say(words)
    return 1 if made.children and all(one.problem for one in made.children) else 0


def _shown(made: Map, interface: int | None, limit: int, *, rows: bool) -> list[Block]:
    if interface is not None:
        if interface > len(made.interfaces):
            count = len(made.interfaces)
            raise UsageError(f"there is no interface {interface}", f"`orch map` shows the {count} that there are")
        return _opened(made, made.interfaces[interface - 1])
    if rows:
        parts = [_best_rows(made.links, limit), _conflicts(made, limit)]
    else:
        parts = [_interfaces(made), _conflicts(made, limit), _gaps(made.gaps), _hint(made)]
    return [block for part in parts if part for block in (Line(), *part)][1:]


class _FilesRead:
    """Shows how many files of each repo are read, if that takes a while: as bars on a terminal, else in lines."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._progress = Progress()
        self._read: dict[str, tuple[int, int]] = {}

    def report(self, child: str, done: int, of: int) -> None:
        self._read[child] = done, of
        now = time.monotonic()
        if now - self._began > QUIET and (now - self._last > EVERY or done == of):
            self._last = now
            read = self._read if output.drawable(sys.stderr) else {child: (done, of)}
            self._progress.show(
                {name: f"{one} of {most} files read" for name, (one, most) in read.items()},
                {name: one / max(1, most) for name, (one, most) in read.items()},
            )

    def end(self) -> None:
        self._progress.end()


def _interfaces(made: Map) -> list[Block]:
    """Return the interfaces of each pair of repos, with their numbers."""
    blocks: list[Block] = []
    for (a, b), between in markdown.of_pairs(made):
        cells = tuple(
            (Cell(str(number), "cyan"), Cell(markdown.says(one)), Cell(one.title, "bold"), Cell(", ".join(one.used_in)))
            for number, one in between
        )
        blocks += [Line()] if blocks else []
        blocks += [Line((Cell(f"{a} ── {b}", "bold"),)), Grid(("NO", "WHO", "INTERFACE", "USED IN"), cells)]
    known = {pair for pair, _ in markdown.of_pairs(made)}
    for a, b in combinations(sorted(one.child for one in made.children if not one.problem), 2):
        if (a, b) not in known:
            blocks.append(Line((Cell(f"{a} ── {b}", "bold"), Cell("  nothing was found"))))
    return blocks


def _opened(made: Map, one: Interface) -> list[Block]:
    heading = Line((Cell(f"{markdown.says(one)}: ", "bold"), Cell(one.title, "bold")))
    rows = [made.links[at] for at in one.rows]
    return [heading, Line(), _table(rows)]


def _conflicts(made: Map, limit: int) -> list[Block]:
    conflicts = [link for link in made.links if link.conflict]
    blocks: list[Block] = [Line((Cell("They disagree:", "red"),))] if conflicts else []
    for link in conflicts[:limit]:
        blocks.append(Line((Cell(f"{link.kind} {link.name}", "bold"), Cell(f": {link.note}")), 2))
        blocks += [Line((Cell(f"{p.child}  {markdown.where(p)}", "dim"),), 4) for p in _best(link)]
    return blocks


def _gaps(gaps: Sequence[Gap]) -> list[Block]:
    blocks: list[Block] = [Line((Cell("Not understood:", "bold"),))] if gaps else []
    blocks += [Line((Cell(markdown.described(gap)),), 2) for gap in gaps[:GAPS]]
    if len(gaps) > GAPS:
        blocks.append(Line((Cell(f"and {len(gaps) - GAPS} more: see `orch map --markdown`", "dim"),), 2))
    return blocks


def _hint(made: Map) -> list[Block]:
    words = "`orch map 1` opens interface 1 into its rows; `orch map --rows` shows the best rows of all"
    return [Line((Cell(words, "dim"),))] if made.interfaces else []


def _best_rows(links: Sequence[Link], limit: int) -> list[Block]:
    if not links:
        return []
    shown = links[:limit]
    sure = [link for link in shown if link.sure]
    blocks: list[Block] = [_table(sure)] if sure else []
    if len(sure) < len(shown):
        blocks += [Line()] if sure else []
        blocks += [Line((Cell("Less sure:", "bold"),)), _table([link for link in shown if not link.sure])]
    if len(links) > limit:
        more = f"and {len(links) - limit} more: `orch map --rows --limit {len(links)}`, or .orchestrator/map.md"
        blocks.append(Line((Cell(more, "dim"),)))
    return blocks


def _table(links: Sequence[Link]) -> Grid:
    cells = tuple(
        (
            Cell(f"{link.score:.2f}", "dim"),
            Cell(str(link.kind), "cyan"),
            Cell(link.name, "bold"),
            Cell(" | ".join(_side(child, places) for child, places in markdown.sides(link))),
        )
        for link in links
    )
    return Grid(("SCORE", "KIND", "NAME", "WHERE (> provides it)"), cells)


def _best(link: Link) -> list[Place]:
    return [places[0] for _, places in markdown.sides(link)]


def _side(child: str, places: list[Place]) -> str:
    mark = ">" if places[0].role == "provides" else ""
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return f"{mark}{child}:{markdown.where(places[0])}{more}"
