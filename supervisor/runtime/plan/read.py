"""Read and check a plan file, whatever is in its place. Shared by the supervisor and `orch plan check`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from msgspec.structs import replace

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import FILE_LIMIT, Plan, Problem, Rejection
from supervisor.domain.world import World
from supervisor.regular_file import read_regular
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.watch import Unreadable, read_bytes


def read(path: Path) -> bytes | Rejection | None:
    """Read a plan file. None if it is missing, a Rejection if it cannot be read as a file."""
    content = read_bytes(path, FILE_LIMIT)
    return Rejection((Problem(1, f"{path.name} {content.reason}"),)) if isinstance(content, Unreadable) else content


def check(content: bytes, children: Collection[str], in_force: Plan | None = None) -> Plan | Rejection:
    """Parse a plan. Returns it, or a Rejection that lists all its problems.

    `in_force`: the last revision. None of its tasks may vanish by a slip, only by deleting it.
    """
    try:
        return parse(content.decode("utf-8-sig"), children, [task.id for task in in_force.tasks] if in_force else ())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Rejection((Problem(line, "this is not UTF-8 text: save it as UTF-8"),))


def with_exact_plan(world: World, workspace: WorkspacePaths, children: Collection[str]) -> World:
    """Return a world that was read from the ledger with the plan in force as it was written.

    The ledger has it without its secrets, so its briefs would differ from those that the children have.
    """
    try:
        kept = read_regular(workspace.plans / f"{world.plan.revision:04d}.md")
    except OSError:
        return world
    plan = check(kept, children)
    if world.plan.current is None or not isinstance(plan, Plan):
        return world
    return replace(world, plan=replace(world.plan, current=plan))
