"""The state of a real repository, in every condition."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.domain.repo.git import (
    GitOperation,
    InProgress,
    Paths,
    Remote,
    SubmoduleState,
    Upstream,
)
from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.git_calls import look
from tests.gitrepo import commit, git, new_repo
from tests.runtime.snapshot.commits import diverge, fails, save, write

pytestmark = pytest.mark.timeout(30)


def test_a_clean_repository_has_a_branch_and_a_head(repo: Path) -> None:
    state, history = read_state(repo)
    assert state.head is not None
    assert (state.branch, state.head.oid, state.head.subject) == ("main", git(repo, "rev-parse", "HEAD"), "work")
    assert state.head.author == "Ada"
    assert state.head.at.timestamp() == float(git(repo, "log", "-1", "--format=%ct"))
    assert (state.tracked, state.staged, state.cut) == (2, Paths(), ())
    assert {state.bare, state.empty, state.unborn, state.detached, state.shallow, state.partial} == {False}
    assert (history.commits, history.read, history.default_branch, history.cut) == (1, 1, "main", ())


def test_changes_are_counted_and_named_by_what_git_would_do_with_them(repo: Path) -> None:
    write(repo, a="changed\n", new="x", b="changed\n")
    git(repo, "add", "b")
    write(repo, b="and again\n")
    state, _ = read_state(repo)
    assert (state.staged, state.unstaged, state.untracked) == (
        Paths(1, ("b",)),
        Paths(2, ("a", "b")),
        Paths(1, ("new",)),
    )


def test_the_upstream_is_read_with_the_commits_between_or_as_gone(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    save(repo, "theirs", c="x")
    save(clone, "mine", d="x")
    save(clone, "mine too", d="y")
    git(clone, "fetch", "-q")
    assert read_state(clone)[0].upstream == Upstream("origin/main", 2, 1)
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    assert read_state(clone)[0].upstream == Upstream("origin/main", None, None)


def test_stashes_are_read_with_their_messages(repo: Path) -> None:
    for text in ("first", "second"):
        write(repo, a=f"{text}\n")
        git(repo, "stash", "push", "-qm", text)
    state, _ = read_state(repo)
    assert state.stash_count == 2
    assert [stash.subject for stash in state.stashes] == ["On main: second", "On main: first"]


def merging(repo: Path) -> None:
    fails(repo, "merge", "-q", "other")


def rebasing(repo: Path) -> None:
    git(repo, "checkout", "-q", "other")
    fails(repo, "rebase", "-q", "main")


def rebasing_with_apply(repo: Path) -> None:
    git(repo, "checkout", "-q", "other")
    fails(repo, "rebase", "-q", "--apply", "main")


def picking(repo: Path) -> None:
    fails(repo, "cherry-pick", "other~1", "other")


def reverting(repo: Path) -> None:
    save(repo, "more", a="more\n")
    fails(repo, "revert", "--no-edit", "HEAD~1")


def bisecting(repo: Path) -> None:
    git(repo, "bisect", "start")


def applying_mail(repo: Path) -> None:
    git(repo, "format-patch", "-q", "-2", "other", "-o", "../mails")
    fails(repo, "am", "-q", *(str(mail) for mail in sorted((repo.parent / "mails").iterdir())))


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (merging, InProgress(GitOperation.MERGE)),
        (rebasing, InProgress(GitOperation.REBASE, 1, 2, "other")),
        (rebasing_with_apply, InProgress(GitOperation.REBASE, 1, 2, "other")),
        (picking, InProgress(GitOperation.CHERRY_PICK)),
        (reverting, InProgress(GitOperation.REVERT)),
        (bisecting, InProgress(GitOperation.BISECT)),
        (applying_mail, InProgress(GitOperation.AM, 1, 2)),
    ],
)
def test_an_unfinished_operation_is_reported_and_changes_the_key(
    repo: Path, begin: Callable[[Path], None], expected: InProgress
) -> None:
    diverge(repo)
    before, _ = read_state(repo)
    assert before.in_progress is None
    begin(repo)
    state, _ = read_state(repo)
    assert state.in_progress == expected
    assert state.key != before.key
    is_in_conflict = expected.operation not in (GitOperation.BISECT, GitOperation.AM)
    assert state.conflicted == (Paths(1, ("a",)) if is_in_conflict else Paths())


def test_a_detached_head_is_reported(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    state, _ = read_state(repo)
    assert (state.branch, state.detached, state.unborn) == (None, True, False)


def test_an_empty_repository_is_unborn_too_but_an_orphan_branch_is_not_empty(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "new", "empty")
    git(repo, "checkout", "-q", "--orphan", "fresh")
    found = []
    for path in (tmp_path / "empty", repo):
        state, history = read_state(path)
        found.append((state.branch, state.head, state.empty, state.unborn, history.commits, history.recent))
        assert state.key == look(path).key
    assert found == [("new", None, True, True, 0, ()), ("fresh", None, False, True, 0, ())]


def test_a_bare_repository_has_a_history_and_no_files(repo: Path, tmp_path: Path) -> None:
    save(repo, "more", a="x")
    for name, source in (("bare", repo), ("nothing", None)):
        git(tmp_path, *(("clone", "-q", "--bare", str(source), name) if source else ("init", "-q", "--bare", name)))
    state, history = read_state(tmp_path / "bare")
    assert (state.bare, state.branch, state.tracked, history.commits, history.cut) == (True, "main", 0, 2, ())
    assert [file.path for file in history.hot] == ["a"]
    assert state.key == look(tmp_path / "bare").key
    nothing, _ = read_state(tmp_path / "nothing")
    assert (nothing.bare, nothing.empty, nothing.unborn, nothing.detached) == (True, True, True, False)


def test_a_shallow_and_a_partial_clone_are_recognised(repo: Path, tmp_path: Path) -> None:
    save(repo, "more", c="x")
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    shallow, history = read_state(tmp_path / "shallow")
    assert (shallow.shallow, shallow.partial, history.commits) == (True, False, 1)
    partial, history = read_state(tmp_path / "partial")
    assert (partial.shallow, partial.partial, history.commits) == (False, True, 2)
    assert [each.subject for each in history.recent] == ["more", "work"]


def test_other_work_trees_are_listed_and_so_are_those_that_are_gone(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side\nways"))
    git(repo, "worktree", "add", "-q", "--detach", "--lock", str(tmp_path / "kept"))
    git(repo, "worktree", "add", "-q", "-b", "lost", str(tmp_path / "lost"))
    shutil.rmtree(tmp_path / "lost")
    found = {tree.branch: (tree.path, tree.locked, tree.gone) for tree in read_state(repo)[0].worktrees}
    assert found == {
        "side": (f"{tmp_path}/side\\nways", False, False),
        None: (f"{tmp_path}/kept", True, False),
        "lost": (f"{tmp_path}/lost", False, True),
    }
    seen_from_the_side = read_state(tmp_path / "side\nways")[0]
    assert (seen_from_the_side.branch, len(seen_from_the_side.worktrees)) == ("side", 3)
    assert seen_from_the_side.key == look(tmp_path / "side\nways").key


def test_submodules_are_listed_with_commit_address_and_state(repo: Path, tmp_path: Path) -> None:
    inner = new_repo(tmp_path / "inner")
    for name in ("current", "changed", "missing"):
        git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), name)
    git(repo, "config", "-f", ".gitmodules", "submodule.current.url", "https://ada:s3cret@example.com/inner.git")
    commit(repo)
    save(repo / "changed", "inside", c="x")
    shutil.rmtree(repo / "missing")
    state, _ = read_state(repo)
    oid = git(inner, "rev-parse", "HEAD")
    assert [(each.path, each.url, each.oid, each.state) for each in state.submodules] == [
        ("changed", str(inner), oid, SubmoduleState.CHANGED),
        ("current", "https://example.com/inner.git", oid, SubmoduleState.CURRENT),
        ("missing", str(inner), oid, SubmoduleState.MISSING),
    ]


def test_the_nearest_tags_are_listed_with_their_distance(repo: Path) -> None:
    git(repo, "tag", "v1")
    save(repo, "more", c="x")
    git(repo, "tag", "-am", "two", "v2")
    save(repo, "and more", c="y")
    git(repo, "checkout", "-qb", "side", "v1")
    save(repo, "elsewhere", d="x")
    git(repo, "tag", "unrelated")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "join", "v1")
    tags = read_state(repo)[0].tags
    assert [(tag.name, tag.distance) for tag in tags] == [("v2", 1), ("v1", 2)]


def test_remotes_are_listed_without_credentials(repo: Path) -> None:
    for name, url in (
        ("origin", "https://ada:s3cret@example.com/x.git?access_token=s3cret"),
        ("token", "https://s3cret@example.com/x.git"),
        ("slash", "https://ada:s3/s3cret@example.com/x.git"),
        ("ssh", "git@example.com:team/x.git"),
        ("helper", "ext::sh -c 'curl -u ada:s3cret %S'"),
        ("local", "/srv/git/x.git"),
    ):
        git(repo, "remote", "add", name, url)
    git(repo, "remote", "set-url", "--push", "local", "ssh://ada:s3cret@example.com:22/x.git")
    save(repo, "Merge branch 'main' of https://ada:s3cret@example.com/x", c="x")
    state, history = read_state(repo)
    assert state.remotes == (
        Remote("helper", "ext::…"),
        Remote("local", "/srv/git/x.git", "ssh://example.com:22/x.git"),
        Remote("origin", "https://example.com/x.git"),
        Remote("slash", "https://example.com/x.git"),
        Remote("ssh", "git@example.com:team/x.git"),
        Remote("token", "https://example.com/x.git"),
    )
    assert "s3" not in repr((state, history))


def test_a_sparse_checkout_and_lfs_are_read_with_their_patterns(repo: Path) -> None:
    write(repo, **{".gitattributes": "# big ones\n*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt text\n"})
    commit(repo)
    assert read_state(repo)[0].sparse is None
    git(repo, "sparse-checkout", "set", "--no-cone", "a", ".gitattributes")
    state, _ = read_state(repo)
    assert (state.sparse, state.lfs) == (("a", ".gitattributes"), ("*.bin",))
