"""A snapshot shows what changed in the repos inside the work tree, and calls no tree clean in which something did."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.core.repo.facts import facts
from supervisor.domain.repo.facts import Code, Docs
from supervisor.domain.repo.git import NO_PATHS, Paths, RepoInside
from supervisor.domain.repo.snapshot import Snapshot
from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.git_calls import look
from supervisor.shell.git import inside
from tests.gitrepo import Hostile, commit, git, new_repo
from tests.runtime.snapshot.commits import write

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def outer(repo: Path, tmp_path: Path) -> Path:
    """A repo with the submodule `svc`, checked out."""
    source = new_repo(tmp_path / "source")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "svc")
    git(repo, "-c", "advice.addEmbeddedRepo=false", "add", "-A")
    commit(repo)
    return repo


def now(repo: Path) -> list[str]:
    """What the snapshot says of the present."""
    state, history = read_state(repo)
    snapshot = Snapshot("api", str(repo), state.key, state, history, Docs(), Code())
    lines = (one.parts for one in facts(snapshot))
    return ["".join(f"`{part.text}`" if part.code else part.text for part in parts) for parts in lines]


def test_a_tree_is_clean_only_if_the_repos_inside_are(outer: Path) -> None:
    svc = outer / "svc"
    assert "the work tree is clean" in now(outer)
    keys = [look(outer).key]
    write(svc, a="edited\n", new="x")
    write(svc, b="edited\n")
    git(svc, "add", "b")
    state, _ = read_state(outer)
    head = git(svc, "rev-parse", "HEAD")
    assert state.inside == (RepoInside("svc", True, head, "main", Paths(2, ("a", "b")), Paths(1, ("new",))),)
    assert (state.staged, state.unstaged, state.untracked) == (NO_PATHS, NO_PATHS, NO_PATHS)
    said = now(outer)
    assert "the work tree is clean" not in said
    assert {"2 changed inside `svc`: `a`, `b`", "1 untracked inside `svc`: `new`"} <= set(said)
    keys.append(look(outer).key)
    write(svc, a="again\n")
    keys.append(look(outer).key)
    assert keys[-1] == read_state(outer)[0].key == look(outer).key
    assert len(set(keys)) == 3


def test_a_nested_repo_and_one_in_it_are_shown(repo: Path) -> None:
    new_repo(repo / "own")
    git(repo / "own", "checkout", "-q", "--detach")
    new_repo(repo / "own" / "deep")
    keys = {look(repo).key}
    write(repo / "own" / "deep", a="edited\n")
    state, _ = read_state(repo)
    oids = [git(repo / name, "rev-parse", "HEAD") for name in ("own", "own/deep")]
    assert state.inside == (
        RepoInside("own", False, oids[0], None, NO_PATHS, Paths(1, ("deep/",))),
        RepoInside("own/deep", False, oids[1], "main", Paths(1, ("a",)), NO_PATHS),
    )
    assert state.key not in keys
    assert "1 changed inside `own/deep`: `a`" in now(repo)


def test_a_repo_inside_that_git_cannot_read_is_no_error_and_not_clean(outer: Path) -> None:
    (outer / ".git" / "modules" / "svc" / "index").write_bytes(b"no index")
    (one,) = read_state(outer)[0].inside
    assert (one.path, one.clean) == ("svc", False)
    said = now(outer)
    assert "the work tree is clean" not in said
    assert any(line.startswith("`svc` cannot be read: git cannot read the state of the files in ") for line in said)


def test_repos_beyond_the_bound_are_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("n1", "n2"):
        new_repo(repo / name)
    monkeypatch.setattr(inside, "MOST", 1)
    state, _ = read_state(repo)
    assert [one.path for one in state.inside] == ["n1"]
    assert state.cut == ("repos inside: only 1 are read, and there are more",)


@pytest.mark.promise("reading is safe")
def test_nothing_of_a_hostile_repo_inside_runs_for_a_snapshot(repo: Path, tmp_path: Path) -> None:
    nested = new_repo(repo / "nested")
    for name in ("c", "d"):
        write(nested, **{name: "same\n"})
    commit(nested)
    hostile = Hostile(nested, tmp_path / "canaries")
    hostile.make_everything_dirty()
    state, _ = read_state(repo)
    assert [(one.path, one.changed.names) for one in state.inside] == [("nested", ("a", "b", "c", "d"))]
    assert hostile.ran() == set()
