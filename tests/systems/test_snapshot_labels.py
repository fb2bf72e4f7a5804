"""The labels of whole repos are complete, and the measure of what `orch snapshot` states is right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.core.repo.whole import stated
from tests.systems import repos, snapshot_labels, snapshot_quality
from tests.systems.repos import FetchError
from tests.systems.snapshot_labels import LabelledRepo, Statement, Truth, judge

REPOS = snapshot_labels.repos()


@pytest.mark.parametrize("labelled", REPOS, ids=lambda it: it.name)
def test_a_repo_has_labels_of_each_kind_and_none_is_there_twice(labelled: LabelledRepo) -> None:
    wanted = labelled.wanted
    assert {truth.kind for truth in wanted} >= {"about", "command", "entry", "document"}
    assert len(wanted) == len(set(wanted))


def test_five_of_seventeen_repos_are_held_out() -> None:
    assert len(REPOS) == len({it.repo for it in REPOS}) == 17
    assert sum(it.held_out for it in REPOS) == 5


def test_what_the_digest_says_is_read_back() -> None:
    said = stated(
        {
            "README.md": "# Thing\n\nA thing that `does` some_thing for *you*.\n\n```sh\nmake test\n```\n",
            "CONTRIBUTING.md": "Always run `make lint` before you open a pull request.\n",
            "Makefile": "test:\n\tgo test ./...\nlint:\n\tgo vet ./...\n",
            "main.go": "package main\n\nfunc main() {\n}\n",
        }
    )
    assert said == [
        Statement("about", "A thing that does some_thing for you."),
        Statement("command", "make test", "test"),
        Statement("command", "make lint", "lint"),
        Statement("rule", "CONTRIBUTING.md: Always run make lint before you open a pull request."),
        Statement("entry", "main.go:3"),
        Statement("document", "README.md", "readme"),
        Statement("document", "CONTRIBUTING.md", "contributing"),
    ]


def test_a_statement_is_right_wrong_or_neutral() -> None:
    truths = [
        Truth("command", ("make test", "make check"), frozenset({"test"})),
        Truth("command", ("make all",), frozenset({"build"})),
        Truth("command", ("make release-...",), frozenset({"release"}), wanted=False),
        Truth("entry", ("src/main.c",)),
        Truth("rule", ("CONTRIBUTING.md: sign your commits",)),
    ]
    said = [
        Statement("command", "make check", "test"),
        Statement("command", "make test", "test"),
        Statement("command", "make all", "test"),
        Statement("command", "make release-linux", "release"),
        Statement("entry", "src/main.c:7"),
        Statement("entry", "src/main.cc:7"),
        Statement("rule", "CONTRIBUTING.md: Please “Sign” your `commits` with -s."),
        Statement("rule", "README.md: Sign your commits."),
    ]
    score = judge(truths, said)

    assert score.right == 3
    assert score.wrong == (said[2], said[5], said[7])
    assert score.missed == (truths[1],)
    assert (score.precision, score.recall) == (0.5, 0.75)


def test_the_sums_keep_the_held_out_repos_apart() -> None:
    truth = Truth("entry", ("main.go",))
    judged = [
        snapshot_quality.score(LabelledRepo(name, "a/b", "0" * 40, held, (truth,)), said)
        for name, held, said in (
            ("a", False, [Statement("entry", "main.go:1")]),
            ("b", True, [Statement("entry", "other.go:1")]),
        )
    ]
    groups = snapshot_quality.groups(judged)

    assert {name: (it.precision, it.recall) for name, it in groups.items()} == {
        "tuned on": (1.0, 1.0),
        "held out": (0.0, 0.0),
    }
    assert [line.split()[-2:] for line in snapshot_quality.lines(judged)[1:3]] == [["1.00", "1.00"], ["0.00", "0.00"]]
    assert "missed  entry main.go" in "\n".join(snapshot_quality.details(judged[1]))


def test_a_repo_is_fetched_once_at_its_commit(tmp_path: Path) -> None:
    origin = tmp_path / "from" / "owner" / "name"
    origin.mkdir(parents=True)
    for arguments in (
        ["init", "-q"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "First"],
    ):
        subprocess.run(["git", *arguments], cwd=origin, check=True, timeout=60)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=origin, check=True, capture_output=True, text=True, timeout=60
    )
    labelled = LabelledRepo("name", "owner/name", head.stdout.strip(), False, ())

    got = repos.checkout(labelled.repo, labelled.commit, tmp_path / "cache", str(tmp_path / "from"))
    assert (got / ".git").is_dir()
    assert repos.checkout(labelled.repo, labelled.commit, tmp_path / "cache", "/nowhere") == got

    gone = LabelledRepo("gone", "owner/gone", head.stdout.strip(), False, ())
    with pytest.raises(FetchError, match=r"owner/gone .*does not appear to be a git repository"):
        repos.checkout(gone.repo, gone.commit, tmp_path / "cache", str(tmp_path / "from"))
    assert list((tmp_path / "cache").iterdir()) == [got]
