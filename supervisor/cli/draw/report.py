"""`orch report`: one HTML file that tells the whole run, and needs nothing else."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from supervisor.cli.change.standing import status_of
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.draw.gather import patches_of, pen
from supervisor.core.view.page.report import report as page_of
from supervisor.errors import UsageError, WorkspaceError
from supervisor.runtime.story import StoryReader
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic


def report(
    workspace: WorkspacePaths,
    folder: Path,
    *,
    to: Annotated[
        str | None, Option("--output", "Write it here; `-` is the standard output.", "FILE", short="-o")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write the report. Raises UsageError for a terminal, WorkspaceError if it cannot be written."""
    if to == "-" and as_json:
        raise UsageError("`-o -` and --json exclude each other", "choose one")
    if to == "-" and sys.stdout.isatty():
        raise UsageError("the report is a page for a browser", "write it to a file: `orch report -o run.html`")
    status = status_of(workspace)
    page = page_of(
        pen(),
        status,
        StoryReader(workspace).read().told(),
        patches_of(workspace, status, status.tasks),
        datetime.now(UTC),
    )
    if to == "-":
        sys.stdout.write(page)
        return 0
    path = (folder / (to or "run.html")).resolve()
    try:
        _write(path, page)
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be written ({error.strerror})", "name another file with -o") from error
    if as_json:
        output.emit_json({"file": str(path), "bytes": len(page.encode())})
        return 0
    output.say(f"{path}: {len(page.encode()) / 1000:,.0f} kB; open it in a browser")
    return 0


def _write(path: Path, page: str) -> None:
    """Replace the file; a device or a pipe is written into."""
    if path.exists() and not path.is_file():
        path.write_text(page, encoding="utf-8")
    else:
        write_atomic(path, page)
