"""Start the process of a child's server: its command line, folder, error log and mark."""

from __future__ import annotations

import json
import os
from pathlib import Path

from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.errors import CodexError
from supervisor.runtime.boundary.git_filters import without_filters
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.git.environment import without_repo
from supervisor.shell.process import Spawned

NO_GOALS = ("--disable", "goals")
"""With a goal of its own, a thread goes on turn after turn when its task is done, and without our schema."""


def start(child: Child, workspace: WorkspacePaths, config: Config, logs: Logs) -> Spawned:
    """Start the process of a child's server. Raises CodexError, or StoreError."""
    errors = logs.begin_stderr(child.name)
    return process.spawn(
        [
            str(locate(config.codex_bin)),
            *arguments(child, config),
            "app-server",
            "--listen",
            f"unix://{workspace.server_socket(child.name)}",
        ],
        cwd=_existing(child, config),
        env=without_repo(os.environ) | _git_settings(child, config),
        mark=workspace.mark(child.name),
        stdout_path=errors,
        stderr_path=errors,
    )


def arguments(child: Child, config: Config) -> list[str]:
    """Return the arguments of a child's codex, in front of `app-server`."""
    return [*NO_GOALS, *_trust(child), *_without_tmp(config), *_without_roots(config)]


def _git_settings(child: Child, config: Config) -> dict[str, str]:
    return {} if child.name == ORCHESTRATOR or config.trusted_git.get(child.name) else without_filters(Path(child.path))


def _existing(child: Child, config: Config) -> Path:
    assert child.runner is None, "a child elsewhere has no server here"
    if child.name in config.absent:
        what, next_step = config.absent[child.name]
        raise CodexError(what, f"{next_step}, then run `orch up {child.name}`")
    if not os.path.isdir(child.path):
        raise CodexError(
            f"the folder of {child.name} is gone ({child.path})", f"bring it back, then `orch restart {child.name}`"
        )
    return Path(child.path)


def _trust(child: Child) -> list[str]:
    """Return the arguments that tell a server whether its repo is trusted; none for the user's own workspace.

    Without them, `thread/start` records trust in the user's config.toml and loads the repo's MCP servers, hooks and
    rules. Codex ignores the dotted form of the key (tried with 0.163).
    """
    if child.name == ORCHESTRATOR:
        return []
    level = "trusted" if child.trusted else "untrusted"
    return ["-c", f'projects={{{json.dumps(child.path, ensure_ascii=False)}={{trust_level="{level}"}}}}']


def _without_tmp(config: Config) -> list[str]:
    """Arguments that keep /tmp and $TMPDIR read-only in turns that others start on this server, such as a person in
    Codex's own terminal. In ours the policy of each turn decides, whatever the command line says (tried with 0.163 and
    0.171).
    """
    if not config.exclude_tmp:
        return []
    keys = ("exclude_slash_tmp", "exclude_tmpdir_env_var")
    return [word for key in keys for word in ("-c", f"sandbox_workspace_write.{key}=true")]


def _without_roots(config: Config) -> list[str]:
    """Arguments that take away the writable roots of the user's config, and of a trusted repo's: in every turn, for
    those count besides the policy of a turn (tried with 0.163 and 0.171). What an administrator manages stays.
    """
    return ["-c", "sandbox_workspace_write.writable_roots=[]"] if config.exclude_roots else []
