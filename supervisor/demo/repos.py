"""The three sample repos of the demo, with a history each, and the change that mends them.

`sample/NAME/1`, `2`, `3` are laid over each other, one commit each; `sample/NAME/fix` is laid over them by the demo's
scripted model. A `.txt` after `.py` keeps our own tools from taking them for our code.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import OrchError

SAMPLE = Path(__file__).with_name("sample")
GIT_TIMEOUT = 20.0  # seconds for one git command on a repo of a dozen files


@dataclass(frozen=True, slots=True)
class _Commit:
    author: str
    date: str
    message: str


_ANA = "Ana Ruiz <ana@example.invalid>"
_JUNO = "Juno Park <juno@example.invalid>"
_TOMAS = "Tomas Berg <tomas@example.invalid>"

HISTORY: dict[str, tuple[_Commit, ...]] = {
    "backend": (
        _Commit(_ANA, "2025-03-03T09:12:00+00:00", "Register devices and look them up"),
        _Commit(
            _TOMAS,
            "2025-05-12T15:40:00+00:00",
            "Answer a registration once the device is online\n\n"
            "The app showed lamps that were still starting. Now `POST /v1/devices` waits for\n"
            "the lamp's own report, for a minute at most.",
        ),
        _Commit(
            _ANA,
            "2025-09-18T10:05:00+00:00",
            "Write down what app, backend and firmware agreed on\n\n"
            "The tests are red until registration answers at once and the status has a\n"
            "route of its own. `contract.json` is the same file in all three repos.",
        ),
    ),
    "firmware": (
        _Commit(_JUNO, "2025-02-20T08:30:00+00:00", "Boot, test, announce"),
        _Commit(
            _JUNO,
            "2025-05-13T11:02:00+00:00",
            "Report to the route that the backend has\n\nA broken lamp stays silent, as before.",
        ),
        _Commit(
            _ANA,
            "2025-09-18T10:21:00+00:00",
            "Write down what app, backend and firmware agreed on\n\n"
            "Red until the lamp reports before its self-test, under the name `state`.",
        ),
    ),
    "mobile": (
        _Commit(_TOMAS, "2025-03-10T13:45:00+00:00", "Register a device"),
        _Commit(
            _TOMAS,
            "2025-06-02T16:20:00+00:00",
            "Wait 30 seconds for a registration\n\nThe service answers only when the lamp is online; 10 were too few.",
        ),
        _Commit(
            _ANA,
            "2025-09-18T10:33:00+00:00",
            "Write down what app, backend and firmware agreed on\n\nRed until the app follows the status route.",
        ),
    ),
}


def create(folder: Path) -> dict[str, Path]:
    """Make the repos `backend`, `firmware` and `mobile` in a folder; their paths by name.

    The same commits, to the hash, at every call. Raises OrchError if one is there already, or git does not run.
    """
    made = {}
    for name, commits in HISTORY.items():
        path = folder / name
        if path.exists():
            raise OrchError(f"{path} is there already", "name an empty folder")
        path.mkdir(parents=True)
        _git(path, "init", "--quiet", "--initial-branch=main", "--template=")
        for number, commit in enumerate(commits, 1):
            for file, text in files(name, str(number)).items():
                (path / file).parent.mkdir(parents=True, exist_ok=True)
                (path / file).write_text(text, encoding="utf-8", newline="\n")
            _git(path, "add", "--all")
            _git(path, "commit", "--quiet", "--no-verify", "--message", commit.message, commit=commit)
        made[name] = path
    return made


def files(name: str, layer: str) -> dict[str, str]:
    """The files of one layer (`1`, `2`, `3` or `fix`) of a sample repo: path in the repo -> text."""
    top = SAMPLE / name / layer
    found = {}
    for path in sorted(path for path in top.rglob("*") if path.is_file()):
        file = path.relative_to(top).as_posix().removesuffix(".txt")
        found[".gitignore" if file == "gitignore" else file] = path.read_text(encoding="utf-8")
    return found


def before(name: str) -> dict[str, str]:
    """The files of a sample repo as `create` leaves them."""
    merged: dict[str, str] = {}
    for number in range(1, len(HISTORY[name]) + 1):
        merged |= files(name, str(number))
    return merged


def after(name: str) -> dict[str, str]:
    """The files of a sample repo once it is mended."""
    return before(name) | files(name, "fix")


def _git(repo: Path, *arguments: str, commit: _Commit | None = None) -> None:
    """Run git with none of the user's settings: no hooks, no signing, no template, no other identity."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    if commit is not None:
        name, _, mail = commit.author.removesuffix(">").partition(" <")
        for who in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": mail, f"GIT_{who}_DATE": commit.date}
    try:
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "-c", "gc.auto=0", *arguments],
            cwd=repo,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_TIMEOUT,
            text=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OrchError(f"git does not run ({error})", "install git, and see that `git --version` works") from error
    if done.returncode != 0:
        what = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        raise OrchError(f"`git {arguments[0]}` failed in {repo}: {what[0]}", "see that the folder can be written to")
