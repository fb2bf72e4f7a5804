"""`orch doctor`: check what orch needs, and print a remedy for each failure."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from msgspec.structs import asdict

from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.output import paint
from supervisor.errors import WorkspaceError
from supervisor.runtime.doctor import Finding, examine
from supervisor.runtime.workspace import WorkspacePaths, find


def doctor(folder: Path, *, as_json: Json = False) -> int:
    """Print each finding as it comes; return 0 if every check passed, else 1.

    The checks of a workspace run only if `folder` is in one.
    """
    workspace: WorkspacePaths | None = None
    with suppress(WorkspaceError):
        workspace = find(folder)
    findings: list[Finding] = []

    def report(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _show(finding)

    well = asyncio.run(examine(workspace, report))
    if as_json:
        output.emit_json([asdict(one) for one in findings])
    elif workspace is None:
        output.say(f"no workspace in {folder.absolute()} or above it: config and disk were not checked")
    return 0 if well else 1


def _show(finding: Finding) -> None:
    word = paint("ok    ", "green", sys.stdout) if finding.ok else paint("FAILED", "red", sys.stdout)
    print(f"{word}  {finding.check:<9} {one_line(finding.detail)}", flush=True)
    if finding.remedy:
        print(f"                   {one_line(finding.remedy)}", flush=True)
