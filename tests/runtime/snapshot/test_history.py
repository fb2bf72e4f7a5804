"""The history of a real repository: commits, people, files that change together, and where it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.domain.repo.git import (
    Convention,
)
from supervisor.runtime.snapshot import git_calls
from supervisor.runtime.snapshot.git import read_state
from supervisor.shell.git import run
from tests.gitrepo import git, stand_in
from tests.runtime.snapshot.commits import dated, save

pytestmark = pytest.mark.timeout(30)


def test_recent_commits_have_files_sizes_and_tickets(repo: Path) -> None:
    save(repo, "ABC-12 Change one and add another\n\nCloses #7, after UTF-8 and ABC-12.", a="ONE\n", c="1\n2\n")
    (repo / "data").write_bytes(b"\0\1")
    git(repo, "add", "-A")
    git(repo, "rm", "-qf", "b")
    git(repo, "commit", "-qm", "binary")
    binary, change, first = read_state(repo)[1].recent
    assert (change.subject, change.files, change.names) == ("ABC-12 Change one and add another", 2, ("a", "c"))
    assert (change.insertions, change.deletions, change.tickets) == (3, 1, ("ABC-12", "#7"))
    assert (binary.names, binary.insertions, binary.deletions) == (("b", "data"), 0, 1)
    assert (first.files, first.insertions, first.merge) == (2, 2, False)


def test_activity_authors_hot_files_and_pairs_are_counted_from_head_and_not_from_the_clock(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "old")
    repo = tmp_path / "old"
    for number in range(4):
        dated(repo, f"2001-01-0{number + 1}T12:00:00Z", "feat: long ago", once=f"{number}")
    for number in range(3):
        text = f"{number}"
        dated(repo, f"2001-06-1{number + 1}T12:00:00Z", "fix: of late", api=text, client=text, noise=text)
    dated(repo, "2001-06-20T12:00:00Z", 'Revert "fix: of late"', api="x", **{"yarn.lock": "x"})
    dated(repo, "2001-06-21T12:00:00Z", "fixup! fix: of late", noise="y")
    _, history = read_state(repo)
    assert (history.weeks[-1].start.isoformat(), history.weeks[-1].commits) == ("2001-06-18T00:00:00+00:00", 2)
    assert (len(history.weeks), sum(week.commits for week in history.weeks)) == (26, 9)
    assert [(author.name, author.commits) for author in history.authors] == [("Ada", 9)]
    assert [(file.path, file.commits) for file in history.hot] == [
        ("noise", 4),
        ("api", 4),
        ("client", 3),
        ("once", 4),
    ]
    assert history.hot[0].weight > 20 * history.hot[-1].weight
    assert [(pair.first, pair.second, pair.support, pair.confidence) for pair in history.together] == [
        ("api", "client", 3, 1.0),
        ("client", "noise", 3, 1.0),
        ("api", "noise", 3, 0.75),
    ]
    assert history.messages is not None
    assert (history.messages.convention, history.messages.share) == (Convention.CONVENTIONAL, 1.0)
    assert [(repair.kind, repair.subject) for repair in history.repairs] == [
        ("fix-up", "fixup! fix: of late"),
        ("revert", 'Revert "fix: of late"'),
    ]
    assert (history.revert_count, history.fixup_count) == (1, 1)


def test_a_file_that_is_gone_is_not_hot(repo: Path) -> None:
    save(repo, "once more", a="x", b="x")
    git(repo, "rm", "-q", "a")
    save(repo, "gone")
    assert [file.path for file in read_state(repo)[1].hot] == ["b"]


def test_authors_are_named_by_the_mailmap_of_the_repo(repo: Path) -> None:
    save(repo, "map", **{".mailmap": "Ada Lovelace <ada@example.com>\n"})
    assert [author.name for author in read_state(repo)[1].authors] == ["Ada Lovelace"]


def test_branches_in_flight_are_those_with_commits_that_the_default_branch_lacks(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    git(clone, "branch", "merged")
    git(clone, "checkout", "-qb", "feature")
    save(clone, "begin", f="1")
    git(clone, "push", "-q", "origin", "feature")
    save(clone, "go on", f="2")
    git(repo, "checkout", "-qb", "theirs")
    save(repo, "their work", t="1")
    git(clone, "fetch", "-q")
    history = read_state(clone)[1]
    shown = {branch.name: (branch.ahead, branch.subject, branch.author) for branch in history.in_flight}
    assert shown == {"feature": (2, "go on", "Ada"), "origin/theirs": (1, "their work", "Ada")}
    assert (history.default_branch, history.in_flight_count) == ("main", 2)


def test_a_history_longer_than_the_limit_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        save(repo, f"commit {number}", a=f"{number}")
    monkeypatch.setattr(git_calls, "STATISTICS", 6)
    assert (read_state(repo)[1].read, read_state(repo)[1].cut) == (6, ())
    monkeypatch.setattr(git_calls, "STATISTICS", 4)
    history = read_state(repo)[1]
    assert (history.commits, history.read) == (6, 4)
    assert history.cut == ("history: only the newest 4 of 6 commits are read",)


def test_a_walk_that_takes_too_long_is_reported_and_its_output_kept(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(repo, "second", a="2")
    save(repo, "third", a="3")
    real = run.installed_git()[1]
    slow = f'case "$*" in *--name-only*) "{real}" "$@"; exec sleep 60;; esac; exec "{real}" "$@"'
    stand_in(monkeypatch, tmp_path, slow)
    monkeypatch.setattr("supervisor.shell.git.walk.PATIENCE", 0.5)
    _, history = read_state(repo)
    assert history.cut == ("history: git took longer than 0.5 s and was killed",)
    assert (history.commits, history.read) == (None, 2)
    assert len(history.recent) == 3


def test_a_history_with_a_missing_commit_is_read_up_to_there(repo: Path) -> None:
    save(repo, "lost", a="2")
    lost = git(repo, "rev-parse", "HEAD")
    for number in range(4):
        save(repo, f"there {number}", a=f"{number}")
    (repo / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    state, history = read_state(repo)
    assert state.head is not None
    assert state.head.subject == "there 3"
    assert history.cut[0].startswith("history: git failed: error: Could not read ")


def test_a_content_that_is_missing_leaves_the_commits_without_their_size(repo: Path) -> None:
    blob = git(repo, "rev-parse", "HEAD:a")
    save(repo, "second", a="2")
    save(repo, "third", b="3")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    _, history = read_state(repo)
    assert [(each.subject, each.insertions is None) for each in history.recent] == [
        ("third", False),
        ("second", True),
        ("work", True),
    ]
    assert history.cut == ("recent commits: git gave the size of only 1 of 3",)
