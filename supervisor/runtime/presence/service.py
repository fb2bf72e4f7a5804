"""The unit by which the user's own systemd brings a workspace up at boot, and down in order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic

KEPT = ("PATH", "CODEX_HOME", "ORCH_CODEX_BIN", "XDG_STATE_HOME", "GIT_CONFIG_GLOBAL", "TMPDIR", "LANG")
"""Variables that the unit keeps: systemd starts it without those of a shell. None of them is a secret."""
CALL_WITHIN = 20.0  # seconds for systemctl; without a bus it may wait for one


class Unit(Struct, frozen=True):
    """The unit of a workspace: where it is, whether it was there before, and what is left to do (None: nothing)."""

    path: Path
    state: str
    left: str | None = None


def unit_name(workspace: WorkspacePaths) -> str:
    """Return the name of the unit: that of the folder, and what distinguishes it from others of that name."""
    folder = re.sub(r"[^A-Za-z0-9_-]+", "-", workspace.root.name).strip("-")[:40] or "workspace"
    return f"orch-{folder}-{workspace.id[:8]}.service"


def unit_text(workspace: WorkspacePaths, orch: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the unit. `orch` is the program and its first arguments."""
    command = " ".join(_quoted(word, dollar="$$") for word in (*orch, "-C", str(workspace.root)))
    kept = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in environ.items())
    return f"""\
# Written by `orch service install`; `orch service remove` takes it away.
[Unit]
Description=orch: {_escaped(workspace.root.name)}

[Service]
Type=oneshot
RemainAfterExit=yes
{kept}EnvironmentFile=-%h/.config/orch/environment
ExecStart={command} up
ExecStop={command} down
# One child that does not get ready is no reason to take the others down.
SuccessExitStatus=1
TimeoutStartSec=180
TimeoutStopSec=90

[Install]
WantedBy=default.target
"""


def install(workspace: WorkspacePaths, orch: Sequence[str], environ: Mapping[str, str]) -> Unit:
    """Write the unit and enable it. Raises WorkspaceError if it cannot be written."""
    path = _folder() / unit_name(workspace)
    text = unit_text(workspace, orch, environ)
    wanted = _wanted(path)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else None
        wanted.parent.mkdir(parents=True, exist_ok=True)
        if before != text:
            write_atomic(path, text)
        if not wanted.is_symlink() or Path(os.readlink(wanted)) != path:
            wanted.unlink(missing_ok=True)
            wanted.symlink_to(path)
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be written ({error.strerror})", "check its permissions") from error
    state = "unchanged" if before == text else "installed" if before is None else "replaced"
    return Unit(path, state, _reload() or _lingers())


def remove(workspace: WorkspacePaths) -> Unit:
    """Disable the unit and remove it. Raises WorkspaceError if that fails."""
    path = _folder() / unit_name(workspace)
    there = os.path.lexists(path)
    try:
        _wanted(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be removed ({error.strerror})", "check its permissions") from error
    return Unit(path, "removed" if there else "none", _reload() if there else None)


def _folder() -> Path:
    given = os.environ.get("XDG_CONFIG_HOME")
    base = Path(given) if given and os.path.isabs(given) else Path(os.path.expanduser("~")) / ".config"
    return base / "systemd" / "user"


def _wanted(path: Path) -> Path:
    """Return the link by which systemd starts the unit, as `systemctl --user enable` makes it."""
    return path.parent / "default.target.wants" / path.name


def _reload() -> str | None:
    """Have systemd read its units again; return what keeps it from doing so."""
    program = shutil.which("systemctl")
    if program is None:
        return "there is no systemctl on PATH: the unit counts once systemd runs here"
    words = [program, "--user", "daemon-reload"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=CALL_WITHIN, check=False)
    except subprocess.TimeoutExpired:
        return f"systemctl gave no answer within {CALL_WITHIN:g} s: run `systemctl --user daemon-reload`"
    except OSError as error:
        return f"{program} cannot be run ({error.strerror}): run `systemctl --user daemon-reload`"
    if done.returncode == 0:
        return None
    said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
    return f"systemd did not take it in ({said or f'exit code {done.returncode}'}): it does at your next login"


def _lingers() -> str | None:
    """Say what is left to do for the unit to run at boot, and not only at login."""
    program = shutil.which("loginctl")
    words = [program or "", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=CALL_WITHIN, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.stdout.strip() == b"no":
        return "it starts at your login; to start it at boot, run `loginctl enable-linger`"
    return None


def _quoted(text: str, dollar: str = "$") -> str:
    return f'"{_escaped(text).replace("$", dollar)}"'


def _escaped(text: str) -> str:
    """Escape a text for a unit, where `%` begins a specifier and a `\\` an escape."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return "".join(char if char.isprintable() else _bytes(char) for char in plain)


def _bytes(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
