"""Register `orch mcp` with Codex: the entry for its configuration, as data and as TOML."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from supervisor.runtime.workspace import WorkspacePaths

Entry = dict[str, object]
"""An entry of the configuration: values, and tables of them."""

SERVER = "orch"
TOOL_SECONDS = 900  # at most for one call: `ask_child` and `wait` take up to ten minutes
STARTUP_SECONDS = 25  # importing the SDK takes 2 s, on a busy machine 10; must be less than `thread/start` may take
PASSED = ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "CODEX_HOME", "ORCH_CODEX_BIN", "NO_COLOR")
"""Codex passes on little of its environment. The path of the socket and git's configuration depend on these."""


def mcp_servers(workspace: WorkspacePaths) -> dict[str, Entry]:
    """Return the `mcp_servers` table that gives a Codex session this workspace's tools, run by this very orch.

    Only `answer` needs approval: it speaks for a human, so a human confirms it.
    """
    command, *arguments = this_orch()
    entry: Entry = {
        "command": command,
        "args": [*arguments, "-C", str(workspace.root), "mcp"],
        "env_vars": list(PASSED),
        "required": True,  # else the first turn may begin before the tools are available
        "startup_timeout_sec": STARTUP_SECONDS,
        "tool_timeout_sec": TOOL_SECONDS,
        "default_tools_approval_mode": "approve",
        "tools": {"answer": {"approval_mode": "prompt"}},
    }
    if arguments:  # no console script: let Python find the package by its path
        entry["env"] = {"PYTHONPATH": str(Path(__file__).parents[3])}
    return {SERVER: entry}


def as_toml(servers: Mapping[str, Entry]) -> str:
    """Format `servers` as the lines of a `config.toml`."""
    return "\n".join(line for name, entry in servers.items() for line in _table(f"mcp_servers.{name}", entry))


def _table(name: str, entry: Entry) -> list[str]:
    plain = [f"{key} = {_value(value)}" for key, value in entry.items() if not isinstance(value, dict)]
    lines = [f"[{name}]", *plain, ""] if plain else []
    for key, value in entry.items():
        if isinstance(value, dict):
            lines += _table(f"{name}.{key}", value)
    return lines


def _value(value: object) -> str:
    # A basic TOML string is a JSON string, except for the control character DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def this_orch() -> list[str]:
    """Return the command that runs the same orch as this process."""
    script = Path(sys.executable).with_name("orch")
    if os.access(script, os.X_OK):
        return [str(script)]
    return [sys.executable, "-m", "supervisor.cli.main"]
