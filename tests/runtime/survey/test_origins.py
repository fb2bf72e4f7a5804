"""The commits that brought in each word are learnt from the history, also behind commits with huge patches."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.runtime.survey.origins import learn_origins
from supervisor.runtime.survey.seen import Seen
from supervisor.shell.git.run import OUTPUT_LIMIT
from supervisor.shell.mention_index import MentionIndex
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


def test_what_is_behind_a_commit_with_a_huge_patch_is_learnt_too(repo: Path, tmp_path: Path) -> None:
    add(repo, "app.py", b"first = 1\n", "Start")
    add(repo, "app.py", b"claim_token = 1\n", "Claim")
    size = OUTPUT_LIMIT // FILES // len(LINE) + 1
    for number in range(FILES):
        (repo / f"data{number}.txt").write_bytes(LINE * size)
    commit(repo, "Add data")
    add(repo, "app.py", b"ride_token = 1\n", "Ride")
    head = git(repo, "rev-parse", "HEAD").strip()
    index = MentionIndex(tmp_path / "index.sqlite")
    try:
        learn_origins(index, [Seen(Child("api", str(repo)), repo, head)])
        found = index.origins("api", [b"claim_token", b"ride_token", b"nowhere"])
    finally:
        index.close()

    assert {word: one.subject for word, one in found.items()} == {b"claim_token": "Claim", b"ride_token": "Ride"}
