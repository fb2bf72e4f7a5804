"""The commands of `orch plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from supervisor.cli.options import Command, Group, Json, end, example, workspace_at

WRITE = "write"  # the command behind `orch plan "PROBLEM"`; nobody need type it


class PlanGroup(Group):
    """`orch plan WORDS` where the first word is no command is `orch plan write WORDS`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [WRITE, *args]
        return super().parse_args(ctx, args)


plan_app = typer.Typer(
    help='Have plan.md written (`orch plan "PROBLEM"`), check it, and see what was in force.',
    epilog=example(
        'orch plan "Registration times out after 30 s though the device appears later"',
        "orch plan --from problem.md --review",
        "orch plan check",
        "orch plan history",
    ),
    cls=PlanGroup,
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


@plan_app.command(
    WRITE,
    cls=Command,
    epilog=example('orch plan "The checkout form shows a 500 now and then"', "orch plan --from problem.md --review"),
)
def plan_write(
    context: typer.Context,
    problem: Annotated[
        str | None, typer.Argument(metavar="PROBLEM", help="What should be different.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read it from there (-: standard input).")
    ] = None,
    review: Annotated[bool, typer.Option("--review", help="Start nothing of the plan before `orch go`.")] = False,
    yolo: Annotated[
        bool, typer.Option("--yolo", help="Let the orchestrator run without sandbox and approvals.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Have the orchestrator understand the repos and write plan.md.

    \b
    Exit codes: 0 the plan is in force; 1 there is none; 4 the orchestrator needs you (`orch asks`).
    """
    from supervisor.cli import planning

    words = planning.problem_of(problem, file)
    end(planning.plan(workspace_at(context), words, review=review, yolo=yolo, as_json=as_json))
