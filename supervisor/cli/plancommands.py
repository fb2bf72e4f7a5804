"""The commands of `orch plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.options import Command, Group, Json, end, example, workspace_at

plan_app = typer.Typer(
    help="Check plan.md, and see what was in force.",
    epilog=example("orch plan check", "orch plan history", "orch plan diff"),
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@plan_app.command("check", cls=Command, epilog=example("orch plan check", "orch plan check draft.md --json"))
def plan_check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Instead of plan.md.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Check plan.md without applying it.

    Prints every problem with its line (exit code 1), or what the plan holds and would change.
    """
    from supervisor.cli import plan

    end(plan.check(workspace_at(context), file, as_json=as_json))


@plan_app.command("history", cls=Command, epilog=example("orch plan history"))
def plan_history(context: typer.Context, as_json: Json = False) -> None:
    """Show the accepted revisions: when, and what changed."""
    from supervisor.cli import plan

    end(plan.history(workspace_at(context), as_json=as_json))


@plan_app.command("diff", cls=Command, epilog=example("orch plan diff", "orch plan diff 3 5"))
def plan_diff(
    context: typer.Context,
    old: Annotated[str | None, typer.Argument(metavar="A", help="A revision (the newest).", show_default=False)] = None,
    new: Annotated[str | None, typer.Argument(metavar="B", help="Another (plan.md).", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Show what differs between two revisions.

    Without B: from A to plan.md as it is. Without A: from the newest revision.
    """
    from supervisor.cli import plan

    end(plan.diff(workspace_at(context), old, new, as_json=as_json))
