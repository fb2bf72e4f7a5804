"""`orch mcp`: the MCP server (stdio) that gives a Codex session the tools of a workspace."""

from __future__ import annotations

from typing import Annotated

from supervisor.cli.command.parameters import Option
from supervisor.cli.display import output
from supervisor.runtime.codex.mcp_config import as_toml, mcp_servers
from supervisor.runtime.workspace import WorkspacePaths


def mcp(
    workspace: WorkspacePaths,
    *,
    config: Annotated[bool, Option("--config", "Print the lines for .codex/config.toml, and exit.")] = False,
) -> int:
    """Serve until standard input ends; with `config`, print what a Codex config needs instead."""
    if config:
        output.emit(as_toml(mcp_servers(workspace)).rstrip("\n"))
        return 0
    from supervisor.mcp.server import serve  # 0.6 s, which --config and --help need not wait for

    serve(workspace)
    return 0
