"""A machine whose git lies harms its own child only: whatever it says is data, or an error that names the machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supervisor.domain.child import Child, Runner
from supervisor.errors import OrchError
from supervisor.runtime.remote.repo import repo_of
from supervisor.runtime.remote.shell import RemoteShell
from supervisor.runtime.remote.tree import of_child
from supervisor.runtime.snapshot.snapshots import refresh
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.land.look import value_of
from supervisor.shell.git.reach.output import GitOutput
from tests.gitrepo import commit, empty_repo
from tests.runtime.remote.conftest import PREFIX

LIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "half": lambda out: out[: len(out) // 2],
    "backwards": lambda out: out[::-1],
    "twice": lambda out: out * 2,
    "no ASCII": lambda out: out.replace(b"a", b"\xff").replace(b"0", b"\xe2\x80\xae"),
    "no fields": lambda out: out.replace(b" ", b"").replace(b"\t", b""),
    "more fields": lambda out: out.replace(b" ", b" x "),
    "huge": lambda out: re.sub(rb"\d+", b"9" * 5000, out),
    "below zero": lambda out: re.sub(rb"\d+", b"-1", out),
    "elsewhere": lambda out: re.sub(rb"[\w.]+\.(?:md|py|txt)", b"../../../../etc/passwd", out),
    "control": lambda out: out.replace(b"\n", b"\x1b]0;owned\x07\n").replace(b"\0", b"\x1b[2J\0"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    made = WorkspacePaths(tmp_path / "workspace")
    made.logs.mkdir(parents=True)
    return made


@pytest.fixture
def children(tmp_path: Path, home: Path) -> list[Child]:
    """One here, and one whose machine lies."""
    for name in ("honest", "liar"):
        repo = empty_repo(tmp_path / name)
        (repo / "api.py").write_text('DEVICES = "/v1/devices/status"\n', encoding="utf-8")
        (repo / "README.md").write_text("# Pump\n", encoding="utf-8")
        commit(repo)
        (repo / "README.md").write_text("# Pump 2\n", encoding="utf-8")
        (repo / "new.txt").write_text("new\n", encoding="utf-8")
    return [
        Child("honest", str(tmp_path / "honest")),
        Child("liar", str(tmp_path / "liar"), runner=Runner("lab", PREFIX)),
    ]


@pytest.mark.parametrize("lie", LIES)
def test_what_a_lying_machine_says_is_data_or_an_error_that_names_it(
    workspace: WorkspacePaths, children: list[Child], lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, liar = children
    there = of_child(workspace, liar)
    first = there.keep(there.read(), "before the lies")
    before = sorted(workspace.root.parent.rglob("*"))
    asked = RemoteShell.answer_to  # what every answer passes

    def lying(self: RemoteShell, text: bytes, seconds: float, **how: Any) -> GitOutput:
        answer = asked(self, text, seconds, **how)
        return GitOutput(answer.code, LIES[lie](answer.out), answer.complaint, answer.cut)

    monkeypatch.setattr(RemoteShell, "answer_to", lying)

    def taken() -> None:
        now = there.read()
        there.changes(there.tree(now))
        there.diff(first.commit, there.keep(now, "lies").commit, ())

    def landed() -> None:
        repo = repo_of(workspace, liar)
        with repo.talking():
            repo.moves().hooks(["pre-commit"])
            repo.moves().common()
            value_of(repo.root, "refs/heads/main")

    wrong = []
    for door in (lambda: refresh(workspace, liar), taken, landed):
        try:
            door()
        except OrchError as error:
            if "lab" not in error.what or not error.what.isprintable():
                wrong.append(error.what)
    assert wrong == []
    drawn = survey(workspace, children, lambda *_: None)
    assert {one.child: one.problem for one in drawn.children}["honest"] == "", "it is surveyed all the same"
    known = {*before, *(one for one in workspace.root.rglob("*"))}
    inside = {one for one in sorted(workspace.root.parent.rglob("*")) if "/.git/" in str(one)}
    assert set(workspace.root.parent.rglob("*")) - known - inside == set(), "nothing is written elsewhere"
    assert refresh(workspace, honest)[0].child == "honest"
