"""The workspace: the orchestrator's folder, and where its files are. Quick to import, for commands that only read."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import WorkspaceError
from supervisor.sha256 import hex_digest

CONFIG_NAME = "orchestrator.config.yaml"


class WorkspacePaths(NamedTuple):
    """One workspace, by its absolute root."""

    root: Path

    @property
    def id(self) -> str:
        """A short name of this workspace that never changes. It marks our processes and names the sockets."""
        return hex_digest(os.fsencode(self.root))[:12]

    @property
    def config(self) -> Path:
        return self.root / CONFIG_NAME

    @property
    def plan(self) -> Path:
        return self.root / "plan.md"

    @property
    def runs(self) -> Path:
        return self.root / "runs.md"

    @property
    def state(self) -> Path:
        return self.root / ".orchestrator"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.jsonl"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def plans(self) -> Path:
        return self.state / "plans"

    @property
    def registry(self) -> Path:
        """The servers that we started, with what is needed to adopt or stop them."""
        return self.state / "children.json"

    @property
    def last_status(self) -> Path:
        """The last known status, for when no supervisor answers."""
        return self.state / "status.json"

    @property
    def mentions(self) -> Path:
        """The index of what the children's sources mention. A cache."""
        return self.state / "index.sqlite"

    def snapshot(self, child: str) -> Path:
        """The last snapshot of a child's repo. A cache."""
        return self.state / "snapshots" / f"{child}.json"

    @property
    def map_json(self) -> Path:
        return self.state / "map.json"

    @property
    def map_markdown(self) -> Path:
        return self.state / "map.md"

    @property
    def maps(self) -> Path:
        """The folder of the maps that the supervisor knows, by digest. Drift is relative to them."""
        return self.state / "maps"

    @property
    def map_lock(self) -> Path:
        return self.state / "map.lock"

    @property
    def lock(self) -> Path:
        return self.state / "supervisor.lock"

    @property
    def runtime_dir(self) -> Path:
        """The folder of the sockets: mode 0700, owned by the user, and short: a socket's path has at most 107 bytes."""
        return runtime_root() / self.id

    @property
    def control_socket(self) -> Path:
        return self.runtime_dir / "control.sock"

    def server_socket(self, child: str) -> Path:
        return self.runtime_dir / f"{hex_digest(child.encode())[:8]}.sock"

    def mark(self, child: str = "") -> str:
        """The mark in the environment of a server of ours: `ID/CHILD`; without a child, the common prefix `ID/`."""
        return f"{self.id}/{child}"


def find(start: Path) -> WorkspacePaths:
    """Find the workspace of the folder `start`: the nearest folder upwards with a config.

    Raises WorkspaceError if there is none.
    """
    folder = Path(os.path.abspath(start))
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG_NAME).is_file():
            return WorkspacePaths(candidate)
    raise WorkspaceError(
        f"no {CONFIG_NAME} in {folder} or above it", "run `orch init NAME=PATH ...` here, or name the workspace with -C"
    )


def runtime_root() -> Path:
    """The folder with the sockets of all workspaces of this user."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and len(given) < 40 and os.path.isdir(given):
        return Path(given) / "orch"
    return Path(f"/tmp/orch-{os.getuid()}")


def make_private(folder: Path) -> None:
    """Make `folder` and its parent private: mode 0700, owned by this user, not a link.

    Raises WorkspaceError if somebody else made one of them first.
    """
    for one in (folder.parent, folder):
        try:
            with contextlib.suppress(FileExistsError):  # a file in its place is found below
                one.mkdir(mode=0o700)
            found = os.lstat(one)
        except OSError as error:
            raise WorkspaceError(
                f"{one} cannot be made ({error.strerror})", "set XDG_RUNTIME_DIR to a private folder"
            ) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise WorkspaceError(
                f"{one} is not a folder of this user", "remove it, or set XDG_RUNTIME_DIR to a private folder"
            )
        if stat.S_IMODE(found.st_mode) != 0o700:
            one.chmod(0o700)
