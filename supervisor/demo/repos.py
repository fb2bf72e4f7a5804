"""Sample repos, each with a history, and the change that fixes them.

Each of `sample/STORY/NAME/1`, `2`, ... is copied over the one before and committed. The demo's scripted model makes the
changes in `sample/STORY/NAME/fix`. Python files end in `.py.txt`, so that our own tools do not take them for our code.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import OrchError

SAMPLE = Path(__file__).with_name("sample")
GIT_TIMEOUT = 20.0  # seconds for one git command on a repo of a dozen files


@dataclass(frozen=True, slots=True)
class SampleCommit:
    """A commit of a sample repo, with fixed author and date, so that its id is the same everywhere."""

    author: str
    date: str
    message: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The repos of one story."""

    story: str
    history: Mapping[str, Sequence[SampleCommit]]  # by repo name; oldest first

    @property
    def plan(self) -> str:
        """The plan.md that fixes them."""
        return (SAMPLE / self.story / "story.md").read_text(encoding="utf-8")

    def create(self, folder: Path) -> dict[str, Path]:
        """Create the repos in a folder and return their paths by name.

        Every call makes the same commits, with the same hashes. Raises OrchError if a repo exists already or git fails.
        """
        made = {}
        for name, commits in self.history.items():
            path = folder / name
            if path.exists():
                raise OrchError(f"{path} exists already", "name an empty folder")
            path.mkdir(parents=True)
            _git(path, "init", "--quiet", "--initial-branch=main", "--template=")
            for key, value in (("user.name", "You"), ("user.email", "you@example.invalid")):
                _git(path, "config", key, value)  # who commits if nothing else says so: `orch land` does
            for number, commit in enumerate(commits, 1):
                for file, text in self.files(name, str(number)).items():
                    (path / file).parent.mkdir(parents=True, exist_ok=True)
                    (path / file).write_text(text, encoding="utf-8", newline="\n")
                _git(path, "add", "--all")
                _git(path, "commit", "--quiet", "--no-verify", "--message", commit.message, commit=commit)
            made[name] = path
        return made

    def files(self, name: str, layer: str) -> dict[str, str]:
        """The files in one layer (`1`, `2`, ... or `fix`) of a repo: text by path in the repo."""
        top = SAMPLE / self.story / name / layer
        found = {}
        for path in sorted(path for path in top.rglob("*") if path.is_file()):
            file = path.relative_to(top).as_posix().removesuffix(".txt")
            found[".gitignore" if file == "gitignore" else file] = path.read_text(encoding="utf-8")
        return found

    def before(self, name: str) -> dict[str, str]:
        """The files of a repo as `create` leaves them."""
        merged: dict[str, str] = {}
        for number in range(1, len(self.history[name]) + 1):
            merged |= self.files(name, str(number))
        return merged

    def after(self, name: str) -> dict[str, str]:
        """The files of a repo once it is fixed."""
        return self.before(name) | self.files(name, "fix")


def _git(repo: Path, *arguments: str, commit: SampleCommit | None = None) -> None:
    """Run git without the user's settings, so without hooks, signing, templates or the user's identity."""
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
        raise OrchError(f"git does not run ({error})", "install git, and check that `git --version` works") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}, no output"]
        raise OrchError(f"`git {arguments[0]}` failed in {repo}: {reason[0]}", "check that the folder can be written")
