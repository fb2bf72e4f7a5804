"""The commands of `orch skill`, and `orch mcp`: what gives a Codex session its part in this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.options import Command, Group, Json, end, example, workspace_at

skill_app = typer.Typer(
    help="The skill that makes a Codex session the orchestrator.",
    epilog=example("orch skill install"),
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@skill_app.callback()
def _group() -> None:
    pass


@skill_app.command("install", cls=Command, epilog=example("orch skill install", "orch skill install --force"))
def skill_install(
    force: Annotated[bool, typer.Option("--force", help="Replace another one that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Put the skill where Codex finds it: ~/.agents/skills/codex-orchestrator.

    In a `codex` session, $codex-orchestrator then begins it.
    """
    from supervisor.cli import output
    from supervisor.runtime.skill import install

    done = install(Path.home(), force=force)
    if as_json:
        output.emit_json({"path": str(done.path), "state": done.state})
    else:
        words = {"unchanged": "is there already:", "replaced": "was replaced:", "installed": "is installed:"}
        output.emit(f"the skill {words[done.state]} {done.path}")
    end(0)


def mcp(
    context: typer.Context,
    config: Annotated[bool, typer.Option("--config", help="Print the lines for .codex/config.toml, and exit.")] = False,
) -> None:
    """Be the MCP server (stdio) that gives a Codex session the tools of this workspace.

    Codex starts it by itself in a workspace: `orch init` writes .codex/config.toml there.
    """
    workspace = workspace_at(context)
    if config:
        from supervisor.cli import output
        from supervisor.runtime.codex.mcp_config import as_toml, mcp_servers

        output.emit(as_toml(mcp_servers(workspace)).rstrip("\n"))
        end(0)
    from supervisor.mcp.server import serve

    serve(workspace)
