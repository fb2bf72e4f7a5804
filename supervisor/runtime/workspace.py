"""The workspace: the orchestrator's folder, and where its files are. Quick to import, for commands that only read."""

import contextlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import ConfigError, WorkspaceError
from supervisor.sha256 import hex_digest

LARGEST_ERRORS = 1 << 20  # bytes of what the runners of one child print to standard error; then that begins anew
CONFIG_NAME = "orchestrator.config.yaml"
STATE_FOLDER = ".orchestrator"


class WorkspacePaths(NamedTuple):
    """One workspace, by its absolute root."""

    root: Path

    @property
    def id(self) -> str:
        """A short name of this workspace that never changes. It marks our processes and names the sockets."""
        return hex_digest(os.fsencode(self.root))[:12]

    @property
    def config(self) -> Path:
        """orchestrator.config.yaml, by which a workspace is found."""
        return self.root / CONFIG_NAME

    @property
    def config_schema(self) -> Path:
        """The JSON Schema of the config, for an editor."""
        return self.state / "config.schema.json"

    @property
    def plan(self) -> Path:
        """plan.md, which the supervisor only reads."""
        return self.root / "plan.md"

    @property
    def runs(self) -> Path:
        """runs.md, which only the supervisor writes."""
        return self.root / "runs.md"

    @property
    def state(self) -> Path:
        """The folder of everything else, which no person edits."""
        return self.root / STATE_FOLDER

    @property
    def operations(self) -> Path:
        """The journal of the operations that people start: undo, redo, restore, land."""
        return self.state / "operations.jsonl"

    @property
    def own_trees(self) -> Path:
        """The linked work trees: one folder for each child, and in it one for each task. No child may write it."""
        return state_folder() / "worktrees" / self.id

    @property
    def ledger(self) -> Path:
        """The open part of the ledger; the closed ones are in the folder `ledger` beside it."""
        return self.state / "ledger.jsonl"

    @property
    def logs(self) -> Path:
        """The folder of the logs: of the supervisor, and of each child."""
        return self.state / "logs"

    def runner_errors(self, child: str) -> Path:
        """What the runner of a child prints to standard error."""
        return self.logs / f"{child}.runner.stderr.log"

    @property
    def outputs(self) -> Path:
        """What verify commands printed."""
        return self.state / "outputs"

    @property
    def plans(self) -> Path:
        """The folder of the accepted revisions, NNNN.md each."""
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
        """The map, for programs and the next survey."""
        return self.state / "map.json"

    @property
    def map_markdown(self) -> Path:
        """The map, for people."""
        return self.state / "map.md"

    @property
    def maps(self) -> Path:
        """The folder of the maps that the supervisor knows, by digest. Drift is relative to them."""
        return self.state / "maps"

    @property
    def map_lock(self) -> Path:
        """Held by whoever draws the map."""
        return self.state / "map.lock"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor, and signed with who it is."""
        return self.state / "supervisor.lock"

    @property
    def runtime_link(self) -> Path:
        """The record of `runtime_dir`: a link to it, while a supervisor or its servers may listen there."""
        return self.state / "run"

    @property
    def runtime_dir(self) -> Path:
        """The folder of the sockets, mode 0700: where it was recorded, else where the next supervisor makes it."""
        with contextlib.suppress(OSError):
            recorded = Path(os.readlink(self.runtime_link))
            if recorded.name == self.id:  # else the workspace was copied or moved, and the record is another one's
                return recorded
        return runtime_root() / self.id

    @property
    def control_socket(self) -> Path:
        """Where the supervisor answers commands."""
        return self.runtime_dir / "control.sock"

    def server_socket(self, child: str) -> Path:
        """Where a child's server listens; short, for a socket's path holds 107 bytes."""
        return self.runtime_dir / f"{hex_digest(child.encode())[:8]}.sock"

    def connection(self, connect: tuple[str, ...], number: int) -> Path:
        """The socket of a connection that the lines behind these words share."""
        return self.runtime_dir / f"{_name_of(connect)}-{number}"

    def connections(self, connect: tuple[str, ...]) -> list[Path]:
        """The sockets of all these connections that there are. While ssh makes one, its name has a dot."""
        return sorted(one for one in self.runtime_dir.glob(f"{_name_of(connect)}-*") if not one.suffix)

    def mark(self, child: str = "") -> str:
        """The mark in the environment of a server of ours: `ID/CHILD`; without a child, the common prefix `ID/`."""
        return f"{self.id}/{child}"


def _name_of(connect: tuple[str, ...]) -> str:
    return hex_digest(chr(0).join(connect).encode("utf-8", "surrogateescape"))[:8]


def find(start: Path) -> WorkspacePaths:
    """Find the workspace of the folder `start`: the nearest folder upwards with a config.

    Raises WorkspaceError if there is none, ConfigError if its config is another user's: it names programs that run as
    you, and everybody may put one into `/tmp`, above your own folders there.
    """
    folder = Path(os.path.abspath(start))
    for candidate in (folder, *folder.parents):
        config = candidate / CONFIG_NAME
        if config.is_file():
            for found in (config.lstat(), config.stat()):
                if found.st_uid not in (os.getuid(), 0):
                    raise _of_another_user(config, found.st_uid)
            return WorkspacePaths(candidate)
    raise WorkspaceError(
        f"no {CONFIG_NAME} in {folder} or above it", "run `orch init NAME=PATH ...` here, or name the workspace with -C"
    )


def _of_another_user(config: Path, uid: int) -> ConfigError:
    try:
        name = config.owner() if config.stat().st_uid == uid else f"user {uid}"  # a link hides whose it is
    except KeyError:
        name = f"user {uid}"
    user = f"'#{uid}'" if name.startswith("user ") else name
    return ConfigError(
        f"{config} belongs to {name}, and could have orch run programs as you",
        f"run orch as {name} (`sudo -u {user} orch ...`); if it is yours, run `chown -h {os.getuid()} {config}`",
    )


def make_runtime_dir(workspace: WorkspacePaths) -> Path:
    """Make the folder of the workspace's sockets, and record it in the workspace, whatever the environment of later
    commands says. Return it. Raises WorkspaceError."""
    link = workspace.runtime_link
    if not _own(str(workspace.runtime_dir)):  # the place has gone, as `/run/user/UID` does with the last login
        link.unlink(missing_ok=True)
    folder = workspace.runtime_dir
    make_private(folder)
    if not link.is_symlink() or Path(os.readlink(link)) != folder:
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    return folder


def remove_runtime_dir(workspace: WorkspacePaths, known: Path | None = None) -> None:
    """Remove the folder of the workspace's sockets, and the record of it. `known` is where it was, should the workspace
    not tell any more."""
    folder = known if known is not None and not workspace.runtime_link.is_symlink() else workspace.runtime_dir
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    workspace.runtime_link.unlink(missing_ok=True)


def runtime_root() -> Path:
    """The folder for the sockets of all workspaces of this user, where nobody else may write, and no sandbox.

    It is below `$XDG_RUNTIME_DIR` or `/run/user/UID` if that is the user's own, else in the user's state folder.
    """
    for given in (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}"):
        if given and os.path.isabs(given) and _own(given) and not _temporary(given):
            return Path(given) / "orch"
    return state_folder() / "sockets"


def state_folder() -> Path:
    """The folder for what orch keeps of this user beside the workspaces: `$XDG_STATE_HOME/orch`."""
    given = os.environ.get("XDG_STATE_HOME")
    base = Path(given) if given and os.path.isabs(given) else Path(os.path.expanduser("~")) / ".local" / "state"
    return base / "orch"


def make_inside(folder: Path) -> None:
    """Make a folder in `.orchestrator`, and those between. Raises OSError, also if the workspace is gone.

    It may have been moved, and nobody can move it back over one that was made anew.
    """
    between = [one for one in folder.parents if STATE_FOLDER in one.parts]
    for one in (*reversed(between), folder):
        one.mkdir(mode=0o700, exist_ok=True)


def make_private(folder: Path) -> None:
    """Make `folder` and its parent private: mode 0700, owned by this user, not a link.

    Raises WorkspaceError if somebody else made one of them, or may replace it.
    """
    missing = [one for one in folder.parent.parents if not os.path.lexists(one)]
    for one in (*reversed(missing), folder.parent, folder):
        try:
            with contextlib.suppress(FileExistsError):  # a file in its place is found below
                one.mkdir(mode=0o700)
            found = os.lstat(one)
        except OSError as error:
            raise WorkspaceError(f"{one} cannot be made ({error.strerror})", _ELSEWHERE) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise WorkspaceError(f"{one} is not a folder of this user", f"remove it, or {_ELSEWHERE}")
        if stat.S_IMODE(found.st_mode) != 0o700:
            one.chmod(0o700)
    for above in folder.parents:
        found = os.stat(above)
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            raise WorkspaceError(
                f"every user can replace what is in {above}, and so {folder}",
                f"run `chmod o-w {above}`, or {_ELSEWHERE}",
            )


_ELSEWHERE = "set XDG_RUNTIME_DIR to a private folder"


def _own(folder: str) -> bool:
    """Whether this is a folder of this user. That of another one is inherited through `sudo` and `su`."""
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _temporary(folder: str) -> bool:
    """Whether a folder is in a place for temporary files, where the sandbox of Codex lets commands write."""
    real = os.path.realpath(folder)
    places = {os.path.realpath(one) for one in ("/tmp", os.environ.get("TMPDIR") or "/tmp")}
    return any(real == place or real.startswith(f"{place}/") for place in places)


def shorten(errors: Path) -> None:
    """Empty the file of errors if it has grown large: another machine may print without end. Whoever writes goes on."""
    with contextlib.suppress(FileNotFoundError):
        if errors.stat().st_size > LARGEST_ERRORS:
            os.truncate(errors, 0)
