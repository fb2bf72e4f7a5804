"""The workspace: the orchestrator's folder, and where everything in it lies. Light: read-only commands import it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import WorkspaceError

CONFIG_NAME = "orchestrator.config.yaml"


class Workspace(NamedTuple):
    """One workspace, by its absolute root."""

    root: Path

    @property
    def id(self) -> str:
        """A short name for this workspace, the same at every start: it marks our processes and names the sockets."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

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
        """The servers we started: what is needed to adopt or end them."""
        return self.state / "children.json"

    @property
    def last_status(self) -> Path:
        """The status as last rendered, for when no supervisor answers."""
        return self.state / "status.json"

    @property
    def mentions(self) -> Path:
        """What the sources of the children mention; made anew if it is lost."""
        return self.state / "index.sqlite"

    def snapshot(self, child: str) -> Path:
        """What was last known of a child's repo; made anew if it is lost."""
        return self.state / "snapshots" / f"{child}.json"

    @property
    def config_said(self) -> Path:
        """What the config said when it was last read; made anew if it is lost."""
        return self.state / "config.json"

    @property
    def map_json(self) -> Path:
        return self.state / "map.json"

    @property
    def map_markdown(self) -> Path:
        return self.state / "map.md"

    @property
    def maps(self) -> Path:
        """The map that the supervisor knows, by its digest: what changed is told against it."""
        return self.state / "maps"

    @property
    def map_lock(self) -> Path:
        return self.state / "map.lock"

    @property
    def lock(self) -> Path:
        return self.state / "supervisor.lock"

    @property
    def runtime_dir(self) -> Path:
        """Where the sockets are: short, for a socket's path holds about 107 bytes; 0700, and owned by the user."""
        return runtime_root() / self.id

    @property
    def control_socket(self) -> Path:
        return self.runtime_dir / "control.sock"

    def server_socket(self, child: str) -> Path:
        return self.runtime_dir / f"{hashlib.sha256(child.encode()).hexdigest()[:8]}.sock"

    def mark(self, child: str = "") -> str:
        """What our server processes carry in their environment: `ID/CHILD` (or the prefix that all of them share)."""
        return f"{self.id}/{child}"


def find(start: Path) -> Workspace:
    """The workspace that `start` (a folder) is in: the nearest folder upwards with a config.

    Raises WorkspaceError if there is none.
    """
    folder = Path(os.path.abspath(start))
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG_NAME).is_file():
            return Workspace(candidate)
    raise WorkspaceError(
        f"no {CONFIG_NAME} in {folder} or above it", "run `orch init NAME=PATH ...` here, or name the workspace with -C"
    )


def runtime_root() -> Path:
    """The folder for the sockets of all workspaces of this user."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and len(given) < 40 and os.path.isdir(given):
        return Path(given) / "orch"
    return Path(f"/tmp/orch-{os.getuid()}")


def make_private(folder: Path) -> None:
    """Make `folder` (and its parent) ours alone: mode 0700, owned by this user, not a link.

    Raises WorkspaceError if somebody else made it first.
    """
    for one in (folder.parent, folder):
        try:
            with contextlib.suppress(FileExistsError):  # a file is told below, like a folder of somebody else
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
