"""`orch diff`: show what the tasks changed, over all repos."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

from supervisor.cli.change.standing import status_of
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line, clean
from supervisor.domain.change.diff import FileDiff
from supervisor.domain.status import Status, TaskInfo
from supervisor.errors import OrchError, UsageError
from supervisor.runtime.change.diffs import TaskDiff, diffs_of
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import WorkspacePaths

LINE_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def diff(
    workspace: WorkspacePaths,
    names: Annotated[
        list[str] | None, Argument("TASK|CHILD", "Only these tasks, and the tasks of these children.")
    ] = None,
    *,
    stat: Annotated[bool, Option("--stat", "Show the files and how many lines changed, not the lines.")] = False,
    as_json: Json = False,
    raw: Annotated[bool, Option("--raw", "Print the exact patch, secrets included, for `git apply`.")] = False,
) -> int:
    """Print what the tasks changed. Returns 1 if a repo could not be compared."""
    if raw and (stat or as_json):
        raise UsageError("--raw prints the exact patch", "leave out --stat and --json")
    if raw and sys.stdout.isatty():
        raise UsageError(
            "--raw is exact: what a child wrote could control this terminal", "write it to a file or a pipe"
        )
    status = status_of(workspace)
    found = diffs_of(workspace, status, _chosen(status, names or ()), patches=not stat and not as_json)
    for one in found:
        for note in one.notes:
            output.complain(OrchError(f"{one.task} in {one.child}: {note}", ""))
    if as_json:
        output.emit_json({"tasks": [_as_json(one) for one in found]})
    elif raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"".join(patch for one in found for patch in one.patches))
    elif stat:
        output.show(list(_stat(found)))
    else:
        _page("\n".join(_lines(found)))
    if not any(one.files for one in found):
        output.say("nothing was changed")
    return 1 if any(one.notes and not one.files for one in found) else 0


def _chosen(status: Status, names: Sequence[str]) -> list[TaskInfo]:
    tasks, children = [one.id for one in status.tasks], [one.name for one in status.children]
    for name in names:
        if name not in (*tasks, *children):
            checked(name, [*tasks, *children], "task")
    return [
        one
        for one in status.tasks
        if one.kept and (not names or one.id in names or any(run.child in names for run in one.kept))
    ]


def _as_json(one: TaskDiff) -> dict[str, object]:
    files = [
        {
            "path": file.path,
            "status": str(file.status),
            "from": file.source,
            "additions": file.additions,
            "deletions": file.deletions,
        }
        for file in one.files
    ]
    return {"id": one.task, "child": one.child, "files": files, "notes": list(one.notes)}


def _stat(found: Sequence[TaskDiff]) -> Iterator[Block]:
    for number, one in enumerate(one for one in found if one.files):
        if number:
            yield Line()
        yield Line((Cell(f"{one.task} in {one.child}: {one.title}", "bold"),))
        yield Grid(("FILE", "CHANGE", "+", "-"), tuple(map(_row, one.files)))
        added = sum(file.additions or 0 for file in one.files)
        deleted = sum(file.deletions or 0 for file in one.files)
        count = f"{len(one.files)} file{'s' * (len(one.files) != 1)}"
        yield Line((Cell(f"{count}, +{added} -{deleted}", "dim"),))


def _row(file: FileDiff) -> tuple[Cell, ...]:
    name = f"{file.source} -> {file.path}" if file.source else file.path
    counts = (file.additions, file.deletions)
    added, deleted = ("binary" if count is None else str(count) for count in counts)
    return (Cell(name), Cell(str(file.status)), Cell(added, "green"), Cell(deleted, "red"))


def _lines(found: Sequence[TaskDiff]) -> Iterator[str]:
    for one in found:
        if not one.files:
            continue
        yield output.paint(clean(f"# {one.task} in {one.child}: {one.title}"), "bold", sys.stdout)
        for patch in one.patches:
            for line in clean(patch.decode("utf-8", "replace")).rstrip("\n").split("\n"):
                yield output.paint(line, LINE_STYLES.get(line[:1], ""), sys.stdout)


def _page(text: str) -> None:
    """Print a text, through the person's pager if it goes to a terminal."""
    pager = os.environ.get("PAGER", "less -FRX" if shutil.which("less") else "")
    if not text or not sys.stdout.isatty() or not pager:
        if text:
            print(text)
        return
    process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, text=True, env={"LESS": "FRX", **os.environ})
    try:
        process.communicate(text + "\n")
    except (BrokenPipeError, KeyboardInterrupt):
        process.wait()
