"""The commits that brought in what the sources mention are learnt from the history, and stay when files move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.domain.link import Kind, Mention
from supervisor.domain.repo.git import ANYWHERE
from supervisor.runtime.survey.origins import learn_origins
from supervisor.runtime.survey.seen import Seen
from supervisor.shell.git.run import OUTPUT_LIMIT
from supervisor.shell.mention_index import IndexedFile, MentionIndex
from tests.gitrepo import commit, git

FILES = 6
LINE = b"0123456789abcdef" * 8 + b"\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "api").mkdir()
    git(tmp_path / "api", "init", "-q", "-b", "main")
    return tmp_path / "api"


def add(repo: Path, name: str, content: bytes, subject: str) -> None:
    with (repo / name).open("ab") as file:
        file.write(content)
    commit(repo, subject)


def mention(index: MentionIndex, name: str, *shown: str) -> None:
    """Have the index say that a file mentions words."""
    mentions = tuple((one, Mention(Kind.KEY, one, one, 1)) for one in shown)
    index.update("api", [IndexedFile(name, "1", test=False, skipped="", mentions=mentions)], ())


def learn(index: MentionIndex, repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD").strip()
    learn_origins(index, [Seen(Child("api", str(repo)), repo, head)])


def subjects(index: MentionIndex, *spots: tuple[str, bytes]) -> dict[tuple[str, bytes], str]:
    return {spot: one.subject for spot, one in index.origins("api", spots).items()}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MentionIndex]:
    opened = MentionIndex(tmp_path / "index.sqlite")
    yield opened
    opened.close()


def test_what_is_behind_a_commit_with_a_huge_patch_is_learnt_too(repo: Path, index: MentionIndex) -> None:
    add(repo, "app.py", b"first = 1\n", "Start")
    add(repo, "app.py", b"claim_token = 1\n", "Claim")
    size = OUTPUT_LIMIT // FILES // len(LINE) + 1
    for number in range(FILES):
        (repo / f"data{number}.txt").write_bytes(LINE * size)
    commit(repo, "Add data")
    add(repo, "app.py", b"ride_token = 1\n", "Ride")
    mention(index, "app.py", "claim_token", "ride_token", "nowhere")
    learn(index, repo)

    claim, ride = (ANYWHERE, b"claim_token"), (ANYWHERE, b"ride_token")
    assert subjects(index, claim, ride, (ANYWHERE, b"nowhere")) == {claim: "Claim", ride: "Ride"}


def test_a_text_is_traced_through_moves_before_and_after_the_history_was_read(repo: Path, index: MentionIndex) -> None:
    add(repo, "other.py", b"claim_token = 0\n", "Other")
    add(repo, "app.py", b"claim_token = 1\n", "Claim")
    git(repo, "mv", "app.py", "main.py")
    commit(repo, "Rename")
    mention(index, "main.py", "claim_token")
    learn(index, repo)
    assert subjects(index, ("main.py", b"claim_token")) == {("main.py", b"claim_token"): "Claim"}

    git(repo, "mv", "main.py", "server.py")
    commit(repo, "Rename again")
    mention(index, "server.py", "claim_token", "ride_token")
    add(repo, "server.py", b"ride_token = 1\n", "Ride")
    learn(index, repo)
    claim, ride = ("server.py", b"claim_token"), ("server.py", b"ride_token")
    assert subjects(index, claim, ride) == {claim: "Claim", ride: "Ride"}
    assert subjects(index, (ANYWHERE, b"claim_token")) == {(ANYWHERE, b"claim_token"): "Other"}
