"""How Codex is told of `orch mcp`: the entry for its configuration, as data and as TOML."""

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
TOOL_SECONDS = 900  # one call at most: `ask_child` and `wait` take up to ten minutes
STARTUP_SECONDS = 25  # reading the SDK takes 2 s, and on a busy machine ten; less than `thread/start` may take
PASSED = ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "CODEX_HOME", "ORCH_CODEX_BIN", "NO_COLOR")
"""Codex hands down little of its environment; the socket's place, and git's configuration, depend on these."""


def mcp_servers(workspace: WorkspacePaths) -> dict[str, Entry]:
    """The `mcp_servers` table that gives a Codex session the tools of this workspace, from the very orch that runs.

    No tool asks but `answer`: what it passes on is a human's word, so a human confirms it.
    """
    command, *arguments = _orch()
    entry: Entry = {
        "command": command,
        "args": [*arguments, "-C", str(workspace.root), "mcp"],
        "env_vars": list(PASSED),
        "required": True,  # else a first turn begins without the tools, which are not there yet
        "startup_timeout_sec": STARTUP_SECONDS,
        "tool_timeout_sec": TOOL_SECONDS,
        "default_tools_approval_mode": "approve",
        "tools": {"answer": {"approval_mode": "prompt"}},
    }
    if arguments:  # no console script: the package is found by its place
        entry["env"] = {"PYTHONPATH": str(Path(__file__).parents[3])}
    return {SERVER: entry}


def as_toml(servers: Mapping[str, Entry]) -> str:
    """`servers` as the lines of a `config.toml`."""
    return "\n".join(line for name, entry in servers.items() for line in _table(f"mcp_servers.{name}", entry))


def _table(name: str, entry: Entry) -> list[str]:
    plain = [f"{key} = {_value(value)}" for key, value in entry.items() if not isinstance(value, dict)]
    lines = [f"[{name}]", *plain, ""] if plain else []
    for key, value in entry.items():
        if isinstance(value, dict):
            lines += _table(f"{name}.{key}", value)
    return lines


def _value(value: object) -> str:
    # A basic string of TOML is one of JSON, but for the control character DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _orch() -> list[str]:
    """The command of the orch that this process is part of."""
    script = Path(sys.executable).with_name("orch")
    if os.access(script, os.X_OK):
        return [str(script)]
    return [sys.executable, "-m", "supervisor.cli.main"]
