"""Starting the processes of servers, which need 80 ms and more to get ready: those that `orch up` asks for come before
all else, and the supervisor is loaded meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.errors import CodexError, OrchError
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import Workspace
from supervisor.shell import process
from supervisor.shell.process import Spawned


def begin(workspace: Workspace, config: Config, logs: Logs, named: Sequence[str]) -> dict[str, Spawned]:
    """The processes of the servers of these children (none named: of all) that could be started right away, by child.

    It is no decision: the supervisor decides, as ever, that they are to run, and finds that they do. Where anything is
    left of an earlier server, or one cannot be started, it is left to the supervisor to see to that, and to tell of it.
    """
    wanted = [child for child in config.children if not named or child.name in named]
    running = Registry(workspace.registry).alive()
    left = process.marks(workspace.mark())
    begun = {}
    for child in wanted:
        if child.name not in running and workspace.mark(child.name) not in left:
            with suppress(OrchError):
                begun[child.name] = start(child, workspace, config, logs)
    return begun


def start(child: Child, workspace: Workspace, config: Config, logs: Logs) -> Spawned:
    """Start the process of a child's server. Raises CodexError, or StoreError."""
    errors = logs.begin_stderr(child.name)
    return process.spawn(
        [
            str(locate(config.codex_bin)),
            *_trust(child),
            "app-server",
            "--listen",
            f"unix://{workspace.server_socket(child.name)}",
        ],
        cwd=_existing(child),
        env=None,
        mark=workspace.mark(child.name),
        stdout_path=errors,
        stderr_path=errors,
    )


def undo(begun: Iterable[Spawned]) -> None:
    """End servers of which nobody has heard yet."""
    for one in begun:
        one.popen.kill()
        one.popen.wait()


def _existing(child: Child) -> Path:
    if not os.path.isdir(child.path):
        raise CodexError(
            f"the folder of {child.name} is gone ({child.path})", f"bring it back, then `orch restart {child.name}`"
        )
    return Path(child.path)


def _trust(child: Child) -> list[str]:
    """Arguments by which a server knows whether its repo is trusted; the orchestrator's workspace is the user's own.

    Without them `thread/start` notes trust in the user's own config.toml, and loads the repo's MCP servers, hooks and
    rules. The dotted form of the key does not do (tried with 0.163).
    """
    if child.name == ORCHESTRATOR:
        return []
    level = "trusted" if child.trusted else "untrusted"
    return ["-c", f'projects={{{json.dumps(child.path, ensure_ascii=False)}={{trust_level="{level}"}}}}']
