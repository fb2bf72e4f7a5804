"""Open pull requests with the program of the forge, as the person is logged in there: `gh` or `glab`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from msgspec import Struct

from supervisor.regex import regex
from supervisor.shell.git.reach.output import ProgramOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.remote.run import run_as_person

PROGRAMS = ("gh", "glab")

FORGE_SECONDS = 120.0
"""For one call: a few requests over a slow line."""

_URL = regex(r"https?://[A-Za-z0-9.\-_~:/%\[\]]{1,400}")
_NUMBER = regex(r"/merge_requests/(\d+)$")
_QUIET = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_PROMPT": "1", "NO_COLOR": "1"}


class OpenedRequest(Struct, frozen=True):
    """A pull request."""

    url: str  # "": there is none
    said: str = ""  # why not; text of others


class Forge:
    """The program of a forge, in one repo."""

    def __init__(self, program: str, root: Path) -> None:
        self._program = program
        there = isinstance(root, PathThere)
        self._path = program if there else os.path.abspath(shutil.which(program) or program)
        self._root = root

    def is_logged_in(self, host: str) -> bool:
        """Whether the person is logged in at this host. Raises WorkspaceError."""
        return self._run("auth", "status", "--hostname", host).code == 0

    def find(self, branch: str) -> str:
        """Return the address of the open pull request of a branch; "" if there is none, or it cannot be found out."""
        if self._program == "gh":
            answer = self._run("pr", "list", "--head", branch, "--state", "open", "--json", "url")
        else:
            answer = self._run("mr", "list", "--source-branch", branch, "--output", "json")
        try:
            rows = json.loads(answer.out) if answer.code == 0 else []
        except ValueError:
            return ""
        found = (
            [one.get("url") or one.get("web_url") for one in rows if isinstance(one, dict)]
            if isinstance(rows, list)
            else []
        )
        return next((one for one in found if isinstance(one, str) and _URL.fullmatch(one)), "")

    def open(self, branch: str, base: str, title: str, body: str) -> OpenedRequest:
        """Open a draft from the branch to `base` ("": the default branch of the forge). Raises WorkspaceError."""
        if self._program == "gh":
            words = ["pr", "create", "--draft", "--title", title, "--body", body, "--head", branch]
            words += ["--base", base] if base else []
        else:
            words = ["mr", "create", "--draft", "--yes", "--title", title, "--description", body]
            words += ["--source-branch", branch, *(["--target-branch", base] if base else [])]
        answer = self._run(*words)
        found = _URL.findall(answer.out)
        if answer.code != 0 or not found:
            return OpenedRequest("", _said(answer))
        return OpenedRequest(found[-1])

    def rewrite(self, url: str, body: str) -> str:
        """Replace the text of a pull request. Returns what is against it, "" if it is done. Raises WorkspaceError."""
        if self._program == "gh":
            answer = self._run("pr", "edit", url, "--body", body)
        else:
            number = _NUMBER.search(url)
            answer = self._run("mr", "update", number[1] if number else url, "--description", body)
        return "" if answer.code == 0 else _said(answer)

    def _run(self, *words: str) -> ProgramOutput:
        return run_as_person([self._path, *words], self._root, seconds=FORGE_SECONDS, terminal=False, environ=_QUIET)


def installed_forges(root: Path) -> tuple[str, ...]:
    """Return which programs of forges are installed on the machine of a repo. Raises OrchError."""
    if isinstance(root, PathThere):
        look = ["sh", "-c", 'for one; do command -v "$one" > /dev/null && echo "$one"; done; :', "sh", *PROGRAMS]
        found = run_as_person(look, root, seconds=FORGE_SECONDS, terminal=False).out.split()
        return tuple(one for one in PROGRAMS if one in found)
    return tuple(one for one in PROGRAMS if shutil.which(one))


def _said(answer: ProgramOutput) -> str:
    if answer.late:
        return f"it took longer than {FORGE_SECONDS:g} s"
    return answer.err.strip() or answer.out.strip() or f"exit code {answer.code}"
