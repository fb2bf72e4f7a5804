"""`orch mcp`: run the MCP server (stdio) that gives a Codex session the tools of a workspace."""

from __future__ import annotations

from typing import Annotated

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.errors import UsageError
from supervisor.runtime.codex.mcp_config import as_toml, mcp_servers
from supervisor.runtime.workspace import WorkspacePaths


def mcp(
    workspace: WorkspacePaths,
    *,
    config: Annotated[bool, Option("--config", "Print the lines for .codex/config.toml, and exit.")] = False,
    as_json: Json = False,
) -> int:
    """Serve until standard input ends; with `config`, print the lines for a Codex config instead."""
    if as_json:
        if not config:
            raise UsageError("`orch mcp` speaks JSON-RPC in any case", "`--json` goes with `--config`")
        output.emit_json({"mcp_servers": mcp_servers(workspace)})
        return 0
    if config:
        output.emit(as_toml(mcp_servers(workspace)).rstrip("\n"))
        return 0
    from supervisor.mcp.server import serve  # import late (0.6 s): --config does not need it

    serve(workspace)
    return 0
