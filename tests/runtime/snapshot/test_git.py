"""The state and the history of real repositories, in every condition that a repository can be in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supervisor.domain.repo.git import (
    Convention,
    InProgress,
    Operation,
    Paths,
    Remote,
    SubmoduleState,
    Upstream,
)
from supervisor.errors import WorkspaceError
from supervisor.runtime.snapshot import git_calls
from supervisor.runtime.snapshot.git import read_state, state_key
from supervisor.shell.git import run
from tests.gitrepo import Hostile, commit, git, new_repo, stand_in, without_configuration

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return without_configuration(tmp_path / "home", monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "repo")


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def save(folder: Path, subject: str, **files: str) -> str:
    write(folder, **files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)
    return git(folder, "rev-parse", "HEAD")


def dated(folder: Path, day: str, subject: str, **files: str) -> None:
    write(folder, **files)
    git(folder, "add", "-A")
    environment = {**os.environ, "GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", *name, "commit", "-q", "--allow-empty", "-m", subject]
    subprocess.run(command, cwd=folder, check=True, env=environment, timeout=10)


def fails(folder: Path, *args: str) -> None:
    """Run a git command that stops half-way, as a person sees it."""
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, *args)


def diverge(repo: Path) -> None:
    """Two branches, `main` and `other`, that changed `a` each in their own way."""
    git(repo, "checkout", "-qb", "other")
    save(repo, "theirs", a="theirs\n")
    save(repo, "theirs again", a="theirs again\n")
    git(repo, "checkout", "-q", "main")
    save(repo, "ours", a="ours\n")


def test_a_clean_repository_is_told_by_its_branch_and_head(repo: Path) -> None:
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


def test_the_upstream_is_told_with_what_lies_between_or_as_gone(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    save(repo, "theirs", c="x")
    save(clone, "mine", d="x")
    save(clone, "mine too", d="y")
    git(clone, "fetch", "-q")
    assert read_state(clone)[0].upstream == Upstream("origin/main", 2, 1)
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    assert read_state(clone)[0].upstream == Upstream("origin/main", None, None)


def test_stashes_are_told_with_their_words(repo: Path) -> None:
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
        (merging, InProgress(Operation.MERGE)),
        (rebasing, InProgress(Operation.REBASE, 1, 2, "other")),
        (rebasing_with_apply, InProgress(Operation.REBASE, 1, 2, "other")),
        (picking, InProgress(Operation.CHERRY_PICK)),
        (reverting, InProgress(Operation.REVERT)),
        (bisecting, InProgress(Operation.BISECT)),
        (applying_mail, InProgress(Operation.AM, 1, 2)),
    ],
)
def test_an_operation_that_nobody_ended_is_told_and_changes_the_key(
    repo: Path, begin: Callable[[Path], None], expected: InProgress
) -> None:
    diverge(repo)
    before, _ = read_state(repo)
    assert before.in_progress is None
    begin(repo)
    state, _ = read_state(repo)
    assert state.in_progress == expected
    assert state.key != before.key
    is_in_conflict = expected.operation not in (Operation.BISECT, Operation.AM)
    assert state.conflicted == (Paths(1, ("a",)) if is_in_conflict else Paths())


def test_a_detached_head_is_told(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    state, _ = read_state(repo)
    assert (state.branch, state.detached, state.unborn) == (None, True, False)


def test_an_empty_repository_is_unborn_too_but_an_orphan_branch_is_not_empty(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "new", "empty")
    git(repo, "checkout", "-q", "--orphan", "fresh")
    told = []
    for path in (tmp_path / "empty", repo):
        state, history = read_state(path)
        told.append((state.branch, state.head, state.empty, state.unborn, history.commits, history.recent))
        assert state.key == state_key(path)
    assert told == [("new", None, True, True, 0, ()), ("fresh", None, False, True, 0, ())]


def test_a_bare_repository_has_a_history_and_no_files(repo: Path, tmp_path: Path) -> None:
    save(repo, "more", a="x")
    for name, source in (("bare", repo), ("nothing", None)):
        git(tmp_path, *(("clone", "-q", "--bare", str(source), name) if source else ("init", "-q", "--bare", name)))
    state, history = read_state(tmp_path / "bare")
    assert (state.bare, state.branch, state.tracked, history.commits, history.cut) == (True, "main", 0, 2, ())
    assert [file.path for file in history.hot] == ["a"]
    assert state.key == state_key(tmp_path / "bare")
    nothing, _ = read_state(tmp_path / "nothing")
    assert (nothing.bare, nothing.empty, nothing.unborn, nothing.detached) == (True, True, True, False)


def test_a_shallow_and_a_partial_clone_are_told(repo: Path, tmp_path: Path) -> None:
    save(repo, "more", c="x")
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    shallow, history = read_state(tmp_path / "shallow")
    assert (shallow.shallow, shallow.partial, history.commits) == (True, False, 1)
    partial, history = read_state(tmp_path / "partial")
    assert (partial.shallow, partial.partial, history.commits) == (False, True, 2)
    assert [each.subject for each in history.recent] == ["more", "work"]


def test_other_work_trees_are_told_and_those_that_are_gone(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side\nways"))
    git(repo, "worktree", "add", "-q", "--detach", "--lock", str(tmp_path / "kept"))
    git(repo, "worktree", "add", "-q", "-b", "lost", str(tmp_path / "lost"))
    shutil.rmtree(tmp_path / "lost")
    told = {tree.branch: (tree.path, tree.locked, tree.gone) for tree in read_state(repo)[0].worktrees}
    assert told == {
        "side": (f"{tmp_path}/side\\nways", False, False),
        None: (f"{tmp_path}/kept", True, False),
        "lost": (f"{tmp_path}/lost", False, True),
    }
    seen_from_the_side = read_state(tmp_path / "side\nways")[0]
    assert (seen_from_the_side.branch, len(seen_from_the_side.worktrees)) == ("side", 3)
    assert seen_from_the_side.key == state_key(tmp_path / "side\nways")


def test_submodules_are_told_by_commit_address_and_state(repo: Path, tmp_path: Path) -> None:
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


def test_the_nearest_tags_are_told_with_their_distance(repo: Path) -> None:
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


def test_remotes_are_told_and_no_value_holds_a_credential(repo: Path) -> None:
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


def test_a_sparse_checkout_and_lfs_are_told_by_their_patterns(repo: Path) -> None:
    write(repo, **{".gitattributes": "# big ones\n*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt text\n"})
    commit(repo)
    assert read_state(repo)[0].sparse is None
    git(repo, "sparse-checkout", "set", "--no-cone", "a", ".gitattributes")
    state, _ = read_state(repo)
    assert (state.sparse, state.lfs) == (("a", ".gitattributes"), ("*.bin",))


def test_recent_commits_are_told_with_files_sizes_and_tickets(repo: Path) -> None:
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
    told = {branch.name: (branch.ahead, branch.subject, branch.author) for branch in history.in_flight}
    assert told == {"feature": (2, "go on", "Ada"), "origin/theirs": (1, "their work", "Ada")}
    assert (history.default_branch, history.in_flight_count) == ("main", 2)


def test_the_key_changes_with_head_index_and_work_tree_and_with_nothing_else(repo: Path) -> None:
    seen = [state_key(repo)]

    def changed() -> bool:
        seen.append(state_key(repo))
        assert seen[-1] == read_state(repo)[0].key
        return seen[-1] not in seen[:-1]

    (repo / "a").touch()
    assert not changed()
    write(repo, **{".git/info/exclude": "ignored\n", "ignored": "x"})
    assert not changed()
    write(repo, a="dirty\n")
    assert changed()
    write(repo, a="again\n")
    assert changed()
    git(repo, "add", "a")
    assert changed()
    write(repo, new="1")
    assert changed()
    write(repo, new="2")
    assert changed()
    commit(repo)
    assert changed()
    git(repo, "checkout", "-qb", "other")
    assert changed()


def test_the_key_follows_the_commits_of_a_submodule(repo: Path, tmp_path: Path) -> None:
    inner = new_repo(tmp_path / "inner")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(repo)
    keys = [state_key(repo)]
    for number in range(2):
        save(repo / "inner", "inside", c=f"{number}")
        keys.append(state_key(repo))
    assert len(set(keys)) == 3


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that were run."""
    commands: list[str] = []
    popen = subprocess.Popen.__init__

    def counted(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        words = list(args)
        commands.append(words[words.index("-C") + 2] if "-C" in words else words[0])
        popen(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    return commands


def test_a_key_costs_one_status_unless_the_configuration_may_name_filters(repo: Path, called: list[str]) -> None:
    state_key(repo)
    called.clear()
    state_key(repo)
    assert called == ["status"]
    git(repo, "config", "filter.x.clean", "cat")
    called.clear()
    state_key(repo)
    assert called == ["config", "status"]


def test_a_state_costs_few_calls_whatever_the_number_of_commits(repo: Path, called: list[str]) -> None:
    for number in range(20):
        save(repo, f"commit {number}", a=f"{number}")
    called.clear()
    read_state(repo)
    assert sorted(called) == ["config", "for-each-ref", "log", "log", "log", "ls-files", "rev-parse", "status"]


def test_names_messages_and_people_of_any_bytes_are_told_and_obeyed_by_no_terminal(repo: Path) -> None:
    names = [b"-rf", b"new\nline", b"\n", b"bad\xff", b"back\\nslash", "é ü".encode(), b"tab\t", b"a" * 40]
    for name in names:
        Path(os.fsdecode(bytes(repo) + b"/" + name)).write_bytes(b"x\n")
    git(repo, "add", "-A")
    git(repo, "-c", "i18n.commitEncoding=x", "commit", "-qm", "placeholder")
    tree, parent = git(repo, "rev-parse", "HEAD^{tree}"), git(repo, "rev-parse", "HEAD~1")
    raw = (
        f"tree {tree}\nparent {parent}\n".encode()
        + b"author \x1b[31mEve\xff <e@x> 99999999999999999 +0000\ncommitter \x1b]0;x\x07 <e@x> 1700000000 +9999\n\n"
        + b"red \x1b[31m\xff\xe2\x80\xae\x9b2J\n\nbody\n"
    )
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=repo, input=raw, capture_output=True, check=True, timeout=10)
    git(repo, "update-ref", "HEAD", done.stdout.decode().strip())
    state, history = read_state(repo)
    assert history.cut == ()
    newest = history.recent[0]
    assert state.head is not None
    assert newest.subject == state.head.subject == "red \\x1b[31m\\xff\\u202e\\x9b2J"
    assert newest.author == "\\x1b[31mEve\\xff"
    assert set(newest.names) == {"-rf", "new\\nline", "\\n", "bad\\xff", "back\\\\nslash", "é ü", "tab\\t", "a" * 40}
    assert repr((state, history)).isprintable()


def test_more_commits_than_are_looked_at_are_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        save(repo, f"commit {number}", a=f"{number}")
    monkeypatch.setattr(git_calls, "STATISTICS", 6)
    assert (read_state(repo)[1].read, read_state(repo)[1].cut) == (6, ())
    monkeypatch.setattr(git_calls, "STATISTICS", 4)
    history = read_state(repo)[1]
    assert (history.commits, history.read) == (6, 4)
    assert history.cut == ("history: the newest 4 of 6 commits are looked at",)


def test_a_walk_that_takes_too_long_is_told_and_what_it_said_is_kept(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(repo, "second", a="2")
    save(repo, "third", a="3")
    real = run._git()[1]
    slow = f'case "$*" in *--name-only*) "{real}" "$@"; exec sleep 60;; esac; exec "{real}" "$@"'
    stand_in(monkeypatch, tmp_path, slow)
    monkeypatch.setattr(git_calls, "PATIENCE", 0.5)
    _, history = read_state(repo)
    assert history.cut == ("history: git took longer than 0.5 s, and was stopped",)
    assert (history.commits, history.read) == (None, 2)
    assert len(history.recent) == 3


def test_a_history_with_a_missing_commit_is_told_up_to_there(repo: Path) -> None:
    lost = save(repo, "lost", a="2")
    for number in range(4):
        save(repo, f"there {number}", a=f"{number}")
    (repo / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    state, history = read_state(repo)
    assert state.head is not None
    assert state.head.subject == "there 3"
    assert history.cut[0].startswith("history: git says error: Could not read ")


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
    assert history.cut == ("recent commits: git could tell the size of only 1 of 3",)


def test_a_broken_index_a_broken_head_and_a_folder_without_a_repository_are_errors(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (repo / "sub").mkdir()
    broken = new_repo(tmp_path / "broken")
    (broken / ".git" / "index").write_bytes(b"nonsense")
    beheaded = new_repo(tmp_path / "beheaded")
    (beheaded / ".git" / "HEAD").write_text("nonsense\n", encoding="utf-8")
    for path, sentence in (
        (tmp_path / "plain", "is not in a git repository"),
        (repo / "sub", "is not the root of its repository: give"),
        (broken, "git cannot read the state of the files in .*: fatal: "),
        (beheaded, "is not in a git repository|invalid HEAD|git cannot"),
    ):
        for call in (read_state, state_key):
            with pytest.raises(WorkspaceError, match=sentence):
                call(path)


def test_a_repository_of_another_user_is_an_error_that_says_how_to_trust_it(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run._git()[1]
    stand_in(monkeypatch, tmp_path, f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    for call in (read_state, state_key):
        with pytest.raises(WorkspaceError, match=r"belongs to another user: if you do, run `git config --global"):
            call(repo)


def test_a_work_tree_elsewhere_is_not_read(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    git(repo, "config", "core.worktree", str(tmp_path / "private"))
    with pytest.raises(WorkspaceError, match="is not in the work tree of its repository"):
        read_state(repo)


@pytest.mark.promise("reading is safe")
def test_nothing_of_a_hostile_repository_runs_and_no_endless_file_is_read(repo: Path, tmp_path: Path) -> None:
    for name in ("c", "d"):
        write(repo, **{name: "same\n"})
    commit(repo)
    clean = read_state(repo)[0]
    hostile = Hostile(repo, tmp_path / "canaries")
    for key, value in (
        ("mailmap.file", "/dev/zero"),
        ("diff.orderFile", "/dev/zero"),
        ("log.mailmap", "true"),
        ("log.showSignature", "true"),
        ("log.showRoot", "false"),
        ("log.decorate", "full"),
        ("log.diffMerges", "separate"),
        ("color.ui", "always"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("format.pretty", "raw"),
        ("notes.displayRef", "*"),
        ("submodule.recurse", "true"),
        ("status.submoduleSummary", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.aheadBehind", "false"),
        ("alias.log", "!" + hostile.touch("alias-log")),
        ("alias.ls-files", "!" + hostile.touch("alias-ls-files")),
        ("core.alternateRefsCommand", hostile.touch("alternates")),
    ):
        git(repo, "config", key, value)
    hostile.make_everything_dirty()
    state, history = read_state(repo)
    assert state.key != clean.key
    assert state_key(repo) == state.key
    assert (state.unstaged.count, state.untracked.names) == (4, (".gitattributes",))
    assert [(each.subject, each.files, each.insertions) for each in history.recent] == [("work", 2, 2), ("work", 2, 2)]
    assert history.cut == ()
    assert hostile.ran() == set()


def test_links_in_the_git_folder_are_not_followed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    write(tmp_path / "private", msgnum="7\n", end="9\n", **{"head-name": "refs/heads/s3cret\n"})
    (repo / ".git" / "rebase-merge").symlink_to(tmp_path / "private")
    (repo / ".git" / "rebase-apply").mkdir()
    (repo / ".git" / "rebase-apply" / "next").symlink_to(tmp_path / "private" / "msgnum")
    (repo / ".gitattributes").symlink_to(tmp_path / "private" / "head-name")
    git(repo, "config", "core.sparseCheckout", "true")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "sparse-checkout").symlink_to(tmp_path / "private" / "head-name")
    state, _ = read_state(repo)
    assert (state.in_progress, state.sparse, state.lfs) == (None, (), ())


@pytest.mark.promise("reading is safe")
def test_reading_leaves_the_repository_as_it_was(repo: Path) -> None:
    (repo / "a").touch()
    before = {path: path.stat().st_mtime_ns for path in sorted(repo.rglob("*"))}
    read_state(repo)
    state_key(repo)
    assert {path: path.stat().st_mtime_ns for path in sorted(repo.rglob("*"))} == before
