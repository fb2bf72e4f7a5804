"""`orch snapshot`: show what orch knows of each repo, on one screen, as JSON, or as a digest within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Line
from supervisor.cli.display.progress import Progress
from supervisor.core.repo.digest import digest
from supervisor.core.repo.facts import SECTIONS, RepoFact, facts
from supervisor.domain.child import Child
from supervisor.domain.repo.snapshot import Snapshot, Unread
from supervisor.errors import OrchError, UsageError
from supervisor.runtime.config.load import named
from supervisor.runtime.naming import checked
from supervisor.runtime.snapshot.snapshots import as_json as json_of
from supervisor.runtime.snapshot.snapshots import refresh_all
from supervisor.runtime.workspace import WorkspacePaths

LINES = 36
"""Lines of one child: with its headings they fill a screen."""


def snapshot(
    workspace: WorkspacePaths,
    child: Annotated[str | None, Argument("CHILD", "Show only this repo.")] = None,
    *,
    as_json: Json = False,
    tokens: Annotated[int | None, Option("--tokens", "Print Markdown of at most N tokens.", "N", least=1)] = None,
) -> int:
    """Bring the snapshots up to date and print them. Returns 1 if no child could be read."""
    if as_json and tokens is not None:
        raise UsageError("--json and --tokens exclude each other", "choose one")
    wanted = _wanted(named(workspace), child)
    found = _read(workspace, wanted)
    for one in found:
        if isinstance(one, Unread):
            output.complain(OrchError(f"{one.child} could not be read: {one.problem}", one.next_step))
    read = [one for one in found if isinstance(one, Snapshot)]
    if as_json:
        objects = [json_of(one) for one in found]
        output.emit_json(objects[0] if child is not None else {"children": objects})
    elif tokens is not None:
        for at, one in enumerate(read):
            output.emit(f"{chr(10) if at else ''}{digest(one, tokens)}".rstrip("\n"))
    elif read:
        output.show([block for at, one in enumerate(read) for block in (*([Line()] if at else []), *_blocks(one))])
    return 0 if read else 1


def _read(workspace: WorkspacePaths, children: Sequence[Child]) -> list[Snapshot | Unread]:
    progress = Progress()

    def show(left: Sequence[str]) -> None:
        done = len(children) - len(left)
        words = f"{done} of {len(children)} read, reading {', '.join(left)}"
        progress.show({"repos": words}, {"repos": done / len(children)})

    try:
        return refresh_all(workspace, children, show)
    finally:
        progress.end()


def _wanted(children: Sequence[Child], name: str | None) -> list[Child]:
    if name is not None:
        checked(name, [child.name for child in children], "child")
    return [child for child in children if name in (None, child.name)]


def _blocks(one: Snapshot) -> list[Block]:
    """Return the LINES most important facts, by section."""
    found = facts(one)
    shown = sorted(sorted(range(len(found)), key=lambda number: found[number].rank)[:LINES])
    blocks: list[Block] = [Line((Cell(one.child, "bold"), Cell(f"  {one.path}", "dim")))]
    for section in SECTIONS:
        part = [found[number] for number in shown if found[number].section == section]
        if part:
            blocks += [Line((Cell(section, "dim"),), 2), *(_line(fact) for fact in part)]
    if left := len(found) - len(shown):
        more = f"and {left} more: `orch snapshot {one.child} --tokens 20000`, or --json"
        blocks.append(Line((Cell(more, "dim"),), 2))
    return blocks


def _line(fact: RepoFact) -> Line:
    return Line(tuple(Cell(part.text, "cyan" if part.code else "") for part in fact.parts), 4)
