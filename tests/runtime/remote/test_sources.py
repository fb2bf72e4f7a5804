"""A repo elsewhere has the snapshot and the map that it has here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.core.map.serialize import as_json
from supervisor.domain.child import Child, Runner
from supervisor.domain.link import Map
from supervisor.errors import OrchError
from supervisor.runtime.remote.repo import RemoteRepo
from supervisor.runtime.remote.roots import AT_ONCE
from supervisor.runtime.remote.work import sources
from supervisor.runtime.snapshot.snapshots import as_json as as_plain
from supervisor.runtime.snapshot.snapshots import refresh
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.runtime.survey import extract
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.listing import list_files
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.prefix.conversation import Conversation, PrefixOutput
from supervisor.shell.prefix.process import PrefixProcess
from tests.gitrepo import commit as commit_all
from tests.gitrepo import git
from tests.runtime.remote.conftest import PREFIX

ROUTE = 'const sent = { "headers": { "X-Pump-Serial": 1 } }; fetch("/v1/claims/{id}/proof");\n'
ODD = ("a b.js", "-n.js", "it's.js", "new\nline.js", "$(touch pwned).js", "é.js", "deep/er/x.js")


@pytest.fixture
def work(repo: Path) -> Path:
    """Files of every kind: as git has them, changed, staged, new, gone, large, and links out of the repo."""
    files = {name: f"// {name}\n{ROUTE}" for name in ODD}
    files |= {
        "README.md": "# Pump\n\nRuns `make`.\n",
        "package.json": '{"name": "pump", "scripts": {"test": "jest"}}\n',
    }
    files |= {"gone.js": ROUTE, "changed.js": "x\n", "staged.js": "x\n", "left/out.js": ROUTE}
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text, encoding="utf-8")
    commit_all(repo)
    git(repo, "remote", "add", "origin", "https://example.org/pump.git")
    git(repo, "tag", "v1")
    git(repo, "branch", "later")
    (repo / "changed.js").write_text(ROUTE, encoding="utf-8")
    (repo / "staged.js").write_text(ROUTE, encoding="utf-8")
    git(repo, "add", "staged.js")
    (repo / "gone.js").unlink()
    (repo / "new.js").write_text(ROUTE, encoding="utf-8")
    (repo / "large.js").write_text(ROUTE * 40_000, encoding="utf-8")
    (repo / "link.js").symlink_to("/etc/passwd")
    (repo / "folder").symlink_to("/etc")
    os.mkfifo(repo / "pipe")
    return repo


def child(repo: Path, *, there: bool) -> Child:
    return Child("pump", str(repo), runner=Runner("lab", PREFIX) if there else None)


def test_a_snapshot_is_that_of_the_repo(work: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    here, _ = refresh(WorkspacePaths(tmp_path_factory.mktemp("here")), child(work, there=False))
    workspace = WorkspacePaths(tmp_path_factory.mktemp("there"))
    elsewhere, new = refresh(workspace, child(work, there=True))
    assert (elsewhere.path, new) == (f"lab:{work}", True)
    same = replace(elsewhere, path=here.path, key=here.key, git=replace(elsewhere.git, key=here.key))
    assert as_plain(same) == as_plain(here)
    assert refresh(workspace, child(work, there=True)) == (elsewhere, False)
    (work / "new.js").write_text("changed\n", encoding="utf-8")
    again, new = refresh(workspace, child(work, there=True))
    assert (again.key != elsewhere.key, new) == (True, True)
    (work / ".git/MERGE_HEAD").write_text(git(work, "rev-parse", "HEAD"), encoding="utf-8")
    assert refresh(workspace, child(work, there=True))[0].git.in_progress is not None


def test_a_snapshot_asks_nothing_twice(
    work: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    tell = Conversation.tell

    def told(
        talk: Conversation, script: str | bytes, seconds: float, *, given: bytes = b"", **more: Any
    ) -> PrefixOutput:
        asked.append((script if isinstance(script, bytes) else script.encode()) + given)
        return tell(talk, script, seconds, given=given, **more)

    monkeypatch.setattr(Conversation, "tell", told)
    refresh(WorkspacePaths(tmp_path_factory.mktemp("there")), child(work, there=True))
    logins = [one for one in asked if one.startswith(b"\ntag=")]
    assert (len(logins), len(set(asked))) == (1, len(asked))
    assert len(asked) <= 20


def drawn(folder: Path, repo: Path, other: Path, *, there: bool) -> Map:
    workspace = WorkspacePaths(folder)
    return survey(workspace, [child(repo, there=there), Child("panel", str(other))], lambda *_: None)


@pytest.mark.parametrize("few", [1, 60])
def test_the_map_is_that_of_the_repos(
    work: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(extract, "FEW", few)
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q", ".")
    (other / "panel.js").write_text(ROUTE, encoding="utf-8")
    (other / "changed.js").write_text(ROUTE, encoding="utf-8")
    commit_all(other)
    here = as_json(drawn(tmp_path_factory.mktemp("here"), work, other, there=False))
    folder = tmp_path_factory.mktemp("there")
    elsewhere = drawn(folder, work, other, there=True)
    assert {one.path for one in elsewhere.children} == {f"lab:{work}", str(other)}
    assert elsewhere.links
    assert str(as_json(elsewhere)).replace(f"lab:{work}", str(work)) == str(here)
    asked: list[object] = []
    monkeypatch.setattr(extract, "sources_of", asked.append)  # what is known is not read again
    assert drawn(folder, work, other, there=True) == elsewhere
    assert asked == []


def test_many_repos_there_are_read_few_at_once(
    work: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("many")
    children = []
    for number in range(AT_ONCE + 4):
        shutil.copytree(work, folder / f"r{number}", symlinks=True, ignore=shutil.ignore_patterns("pipe", "large.js"))
        children.append(Child(f"r{number}", str(folder / f"r{number}"), runner=Runner("lab", PREFIX)))
    up: set[PrefixProcess] = set()
    most = [0]
    begin, end = PrefixProcess.__init__, PrefixProcess.end

    def begun(process: PrefixProcess, *args: Any, **more: Any) -> None:
        begin(process, *args, **more)
        up.add(process)
        most.append(len(up))

    def ended(process: PrefixProcess, patience: float = 0.0) -> int | None:
        up.discard(process)
        return end(process, patience)

    monkeypatch.setattr(PrefixProcess, "__init__", begun)
    monkeypatch.setattr(PrefixProcess, "end", ended)
    made = survey(WorkspacePaths(tmp_path_factory.mktemp("there")), children, lambda *_: None)
    assert [one.problem for one in made.children] == [""] * len(children)
    assert 1 < max(most) <= AT_ONCE
    assert up == set()


def test_contents_are_bounded_and_follow_no_link(
    work: Path, there: RemoteRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "AT_ONCE", 4096)  # many answers
    files = [(Source(one.raw, one.oid), 30) for one in list_files(there.root).files]
    files += [(Source(name, ""), 30) for name in (b"folder/passwd", b"no/such.js", b"pipe", b"link.js", b"deep")]
    with there.talking():
        found = there.sources().contents(files)
        assert found == sources_of(work).contents(files)
        assert there.sources().sizes(one for one, _ in files) == sources_of(work).sizes(one for one, _ in files)
    assert {b"changed.js", b"new\nline.js", b"large.js"} <= found.keys()
    assert not {b"folder/passwd", b"link.js", b"pipe", b"gone.js"} & found.keys()
    assert max(map(len, found.values())) == 30
    assert not (work / "pwned").exists()


def test_files_that_a_sparse_checkout_leaves_out_are_not_listed(work: Path, there: RemoteRepo) -> None:
    git(work, "update-index", "--skip-worktree", "left/out.js")
    (work / "left/out.js").unlink()
    assert b"left/out.js" not in {one.raw for one in list_files(there.root).files}


@pytest.mark.parametrize("take", [refresh])
def test_a_place_that_gives_no_answer_is_an_error(
    work: Path, tmp_path: Path, take: Callable[[WorkspacePaths, Child], object]
) -> None:
    away = Child("pump", str(work), runner=Runner("lab", ("sh", "-c", "exit 255", "--")))
    with pytest.raises(OrchError, match="lab is out of reach"):
        take(WorkspacePaths(tmp_path), away)
    made = survey(WorkspacePaths(tmp_path), [away], lambda *_: None)
    assert "lab is out of reach" in made.children[0].problem
