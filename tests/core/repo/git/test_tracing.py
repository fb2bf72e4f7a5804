"""Texts are traced back to the commits that brought them into today's files, through moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.git.patches import Patch, WordChange
from supervisor.core.repo.git.tracing import trace
from supervisor.domain.repo.git import ANYWHERE, Revision

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def revision(number: int) -> Revision:
    return Revision(str(number) * 40, NOON + timedelta(days=number), "Ada", f"Commit {number}")


def patch(**files: tuple[str, str]) -> Patch:
    """By file, the words that were added and those that were removed."""
    return {
        name: WordChange(frozenset(added.encode().split()), frozenset(removed.encode().split()))
        for name, (added, removed) in files.items()
    }


def test_the_oldest_commit_that_added_a_text_to_a_file_brought_it_there() -> None:
    history = [
        (revision(5), patch(app=("claim ride", "claim"))),  # a line that changed
        (revision(4), patch(web=("claim", ""))),
        (revision(3), patch(app=("claim", ""))),
        (revision(2), patch(app=("", "claim"))),
        (revision(1), patch(app=("claim", ""), other=("seat", ""))),
    ]
    found = trace(history, {"app": [b"claim", b"ride"], "web": [b"claim"], ANYWHERE: [b"claim", b"seat"]})
    assert found.brought == {
        "app": {b"claim": revision(1), b"ride": revision(5)},
        "web": {b"claim": revision(4)},
        ANYWHERE: {b"claim": revision(1), b"seat": revision(1)},
    }


def test_a_text_that_moved_is_looked_for_in_the_file_that_it_came_from() -> None:
    history = [
        (revision(3), patch(new=("claim", ""), old=("", "claim"))),
        (revision(2), patch(old=("claim", ""), older=("", "claim"))),
        (revision(1), patch(older=("claim", ""))),
    ]
    found = trace(history, {"new": [b"claim"]})
    assert found.brought == {"new": {b"claim": revision(1)}, ANYWHERE: {}}

    known_before = trace(history[:2], {"new": [b"claim"]})
    assert known_before.brought == {ANYWHERE: {}}
    assert known_before.earlier == {name: {b"claim": ("new",)} for name in ("new", "old", "older")}


NAMES = st.sampled_from(["app", "web", "old"])
WORDS = st.lists(st.sampled_from(["claim", "ride", "seat"]), max_size=3).map(" ".join)


@given(
    st.lists(st.dictionaries(NAMES, st.tuples(WORDS, WORDS)), max_size=8), st.dictionaries(NAMES, st.just([b"claim"]))
)
def test_a_text_is_brought_only_by_a_commit_that_adds_it_and_removes_it_nowhere(
    patches: list[dict[str, tuple[str, str]]], wanted: dict[str, list[bytes]]
) -> None:
    history = [(revision(len(patches) - at), patch(**one)) for at, one in enumerate(patches)]
    by_id = {commit.oid: files for commit, files in history}
    for file, texts in trace(history, {**wanted, ANYWHERE: [b"claim"]}).brought.items():
        assert file == ANYWHERE or file in wanted
        for text, commit in texts.items():
            assert any(text in one.added for one in by_id[commit.oid].values())
            assert not any(text in one.removed for one in by_id[commit.oid].values())
