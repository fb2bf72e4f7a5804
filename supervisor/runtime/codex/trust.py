"""Trust in a repo: what Codex would run or apply from the repo's own `.codex` folder if it trusted the repo."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from supervisor.runtime.boundary.codex_config import codex_home, read_toml


def at_stake(repo: Path) -> tuple[str, ...]:
    """List all that a trusted `.codex` would start or change, a line each, quoted from the repo; empty without one."""
    folder = repo / ".codex"
    if not os.path.lexists(folder):
        return ()
    found = list(_of_config(folder / "config.toml"))
    with suppress(OSError):
        found += [f"hooks: {path.name}" for path in sorted(folder.glob("hooks*")) if path.name != "config.toml"]
        found += [f"rules for commands: {path.name}" for path in sorted(folder.glob("rules/*"))]
    return tuple(found) or ("nothing that orch knows to run anything",)


def trusted_before(repo: Path) -> bool:
    """Whether the user's config.toml already marks this repo as trusted."""
    project = read_toml(codex_home() / "config.toml").get("projects")
    mine = project.get(str(repo)) if isinstance(project, dict) else None
    return isinstance(mine, dict) and mine.get("trust_level") == "trusted"


def _of_config(path: Path) -> Iterator[str]:
    if not os.path.lexists(path):
        return
    config = read_toml(path)
    if not config:
        yield "config.toml (it cannot be read, or says nothing)"
    for key, value in config.items():
        if key == "mcp_servers" and isinstance(value, dict):
            for name, server in value.items():
                yield f"the MCP server {name}: {_started(server)}"
        elif key == "notify":
            yield f"at the end of each turn: {_words(value)}"
        elif key == "hooks":
            yield f"hooks: {', '.join(value) if isinstance(value, dict) else _words(value)}"
        else:
            yield f"the setting {key}"


def _started(server: object) -> str:
    if not isinstance(server, Mapping):
        return _words(server)
    if "url" in server:
        return f"{server['url']}"
    args = server.get("args")
    return _words([server.get("command", "?"), *(args if isinstance(args, list) else [])])


def _words(value: object) -> str:
    return shlex.join(map(str, value)) if isinstance(value, list) else str(value)
