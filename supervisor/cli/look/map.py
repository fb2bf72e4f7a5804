"""`orch map`: show what ties the repos together, as text, JSON or Markdown."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from itertools import combinations
from typing import Annotated

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line
from supervisor.core.map import markdown, serialize
from supervisor.domain.link import Kind, Link, Map, Place
from supervisor.errors import OrchError, UsageError
from supervisor.runtime.config.load import named
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths

ROWS = 20
QUIET = 1.0  # seconds before the first line of progress
EVERY = 0.5  # seconds between two lines of progress


def show_map(
    workspace: WorkspacePaths,
    *,
    as_json: Json = False,
    as_markdown: Annotated[bool, Option("--markdown", "Print Markdown with a Mermaid graph.")] = False,
    rows: Annotated[int | None, Option("--rows", f"Show N rows (default: {ROWS}).", "N", least=1)] = None,
    kind: Annotated[str | None, Option("--kind", "Show only this kind: route, topic, key, ...", "KIND")] = None,
) -> int:
    """Bring the map up to date and print it. Returns 1 if no child could be read."""
    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other", "choose one")
    kinds = [str(one) for one in Kind]
    if kind is not None and kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(kinds)}"
        raise UsageError(f"there is no kind `{kind}`", hint)
    made = survey(workspace, named(workspace), _progress())
    for one in made.children:
        if one.problem:
            output.complain(OrchError(f"{one.child} is not in the map: {one.problem}", one.next_step))
    if kind is not None:
        made = Map(made.children, tuple(link for link in made.links if link.kind == kind), made.cut)
    if as_json:
        output.emit_json(serialize.as_json(made), indent=None)
    elif as_markdown:
        output.emit(markdown.markdown(made).rstrip("\n"))
    else:
        if made.links:
            output.show(_blocks(made, rows or ROWS))
        else:
            output.say("found nothing that the repos share")
        for limit in made.cut:
            output.say(limit)
    return 1 if made.children and all(one.problem for one in made.children) else 0


def _progress() -> Callable[[str, int, int], None]:
    began = last = time.monotonic()

    def report(child: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - began > QUIET and (now - last > EVERY or done == of):
            last = now
            output.say(f"{child}: {done} of {of} files read")

    return report


def _blocks(made: Map, rows: int) -> list[Block]:
    """Return one screen: what each pair of repos shares, the conflicts, and the best rows with a place on each side."""
    blocks: list[Block] = []
    for a, b in combinations([one.child for one in made.children if not one.problem], 2):
        between = [link for link in made.links if {a, b} <= set(link.children)]
        counts = markdown.counted(between) if between else "nothing was found"
        blocks.append(Line((Cell(f"{a} ── {b}", "bold"), Cell(f"  {counts}"))))
    conflicts = [link for link in made.links if link.conflict]
    if conflicts:
        blocks += [Line(), Line((Cell("They disagree:", "red"),))]
        for link in conflicts[:rows]:
            blocks.append(Line((Cell(f"{link.kind} {link.name}", "bold"), Cell(f": {link.note}")), 2))
            blocks += [Line((Cell(f"{p.child}  {markdown.where(p)}", "dim"),), 4) for p in _best(link)]
    shown = made.links[:rows]
    if shown:
        cells = tuple(
            (
                Cell(f"{link.score:.2f}", "dim"),
                Cell(str(link.kind), "cyan"),
                Cell(link.name, "bold"),
                Cell(" | ".join(_side(child, places) for child, places in markdown.sides(link))),
            )
            for link in shown
        )
        blocks += [Line(), Grid(("SCORE", "KIND", "NAME", "WHERE (> provides it)"), cells)]
    left = len(made.links) - len(shown)
    if left > 0:
        blocks.append(
            Line((Cell(f"and {left} more: `orch map --rows {len(made.links)}`, or .orchestrator/map.md", "dim"),))
        )
    return blocks


def _best(link: Link) -> list[Place]:
    return [places[0] for _, places in markdown.sides(link)]


def _side(child: str, places: list[Place]) -> str:
    mark = ">" if places[0].role == "provides" else ""
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return f"{mark}{child}:{markdown.where(places[0])}{more}"
