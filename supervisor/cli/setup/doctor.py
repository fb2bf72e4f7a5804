"""`orch doctor`: check what orch needs, and print a remedy for each failure."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec.structs import asdict

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.output import paint
from supervisor.errors import ConfigError, UsageError, WorkspaceError
from supervisor.runtime.doctor.checks import Finding, examine
from supervisor.runtime.doctor.place import examine_child
from supervisor.runtime.doctor.repair import PlannedRepair, carry_out, plan_repair
from supervisor.runtime.workspace import WorkspacePaths, find

COLUMN = len("codex-config")  # characters of the longest name of a check
SHOWN = 40  # lines of a list; `--json` has all


def doctor(
    folder: Path,
    *,
    child: Annotated[
        str | None, Option("--child", "Try each step to this child on another machine instead.", "NAME")
    ] = None,
    repair: Annotated[bool, Option("--repair", "Show what a damaged ledger lost, and go on from the rest.")] = False,
    yes: Annotated[bool, Option("--yes", "Repair without a question.")] = False,
    as_json: Json = False,
) -> int:
    """Print each finding as it comes; return 0 if every check passed, else 1.

    The checks of a workspace run only if `folder` is in one. With `repair`, repair the ledger; with `child`, try
    what that child needs on its machine.

    Raises ConfigError if it is in another user's.
    """
    if repair and child is not None:
        raise UsageError("`--repair` is about the ledger, which is here", "leave out `--child`")
    if repair:
        return _repair(find(folder), yes=yes, as_json=as_json)
    if yes:
        raise UsageError("`--yes` goes with `--repair`", "`orch doctor --repair --yes`")
    if child is not None:
        return _of_child(find(folder), child, as_json=as_json)
    workspace: WorkspacePaths | None = None
    try:
        workspace = find(folder)
    except ConfigError:
        raise
    except WorkspaceError:
        pass  # what needs none is checked
    findings: list[Finding] = []

    def report(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _show(finding)

    well = asyncio.run(examine(workspace, report))
    if as_json:
        output.emit_json([asdict(one) for one in findings])
    elif workspace is None:
        output.say(f"no workspace in {folder.absolute()} or above it: config, disk and ledger were not checked")
    return 0 if well else 1


def _of_child(workspace: WorkspacePaths, child: str, *, as_json: bool) -> int:
    findings: list[Finding] = []

    def report(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _show(finding)

    well = asyncio.run(examine_child(workspace, child, report))
    if as_json:
        output.emit_json([asdict(one) for one in findings])
    return 0 if well else 1


def _repair(workspace: WorkspacePaths, *, yes: bool, as_json: bool) -> int:
    """Show what a repair does, and do it once a person or `--yes` agrees; 0 if the ledger is whole then."""
    planned = plan_repair(workspace)
    if not as_json:
        _show_damage(workspace, planned)
    wanted = planned.needed and (yes or (not as_json and output.interactive() and output.says_yes("repair it?")))
    if planned.needed and not wanted and not as_json and not output.interactive():
        raise UsageError("nothing is changed yet", "`orch doctor --repair --yes` repairs it")
    kept = carry_out(workspace, planned) if wanted else ()
    if as_json:
        output.emit_json(
            {
                "damaged": [
                    {"file": str(spot.path), "line": spot.line or None, "why": spot.why} for spot in planned.found.spots
                ],
                "lost": [asdict(one) for one in planned.lost],
                "doubts": [asdict(one) for one in planned.doubts],
                "repaired": bool(wanted),
                "kept": [str(path) for path in kept],
            }
        )
    elif wanted:
        output.emit("repaired; the damaged files are kept:")
        for path in kept:
            output.emit(f"  {one_line(str(path))}")
        held = ", which starts nothing new before `orch go`" if planned.lost else ""
        output.emit(f"go on with `orch up`{held}")
    elif planned.needed:
        output.emit("nothing is changed")
    return 0 if wanted or not planned.needed else 1


def _show_damage(workspace: WorkspacePaths, planned: PlannedRepair) -> None:
    if not planned.needed:
        output.emit(f"{workspace.ledger}: {len(planned.found.lines):,} events, and none is damaged or missing")
        return
    _list("the ledger is damaged:", [str(spot) for spot in planned.found.spots])
    if not planned.lost:
        output.emit("no event is lost")
        return
    lost = [
        f"{one.seq:>6}  {' '.join(filter(None, (one.event or 'unknown', one.child, one.task)))}" for one in planned.lost
    ]
    _list(f"{len(lost)} of {len(planned.events):,} events are lost:", lost)
    if planned.doubts:
        doubts = [f"{one.task}: {one.words}" for one in planned.doubts]
        _list("by the rest, these tasks would begin again; you are asked about each:", doubts)


def _list(title: str, lines: Sequence[str]) -> None:
    output.emit(title)
    for line in lines[:SHOWN]:
        output.emit(f"  {one_line(line)}")
    if len(lines) > SHOWN:
        output.emit(f"  and {len(lines) - SHOWN} more: see `orch doctor --repair --json`")


def _show(finding: Finding) -> None:
    word = paint("ok    ", "green", sys.stdout) if finding.ok else paint("FAILED", "red", sys.stdout)
    print(f"{word}  {finding.check:<{COLUMN}}  {one_line(finding.detail)}", flush=True)
    if finding.remedy:
        print(f"{'':<{COLUMN + 11}}{one_line(finding.remedy)}", flush=True)
