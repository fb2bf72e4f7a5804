"""What several runs changed is one list of files, as if there had been one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.change.spans import Span, joined, spans
from supervisor.domain.change.diff import DiffStatus, FileDiff
from supervisor.domain.status import KeptRunInfo

ADDED, MODIFIED, DELETED, RENAMED, MODE = DiffStatus


def run(number: int, before: str, after: str | None, child: str = "api") -> KeptRunInfo:
    return KeptRunInfo(number, child, before, after)


def test_runs_between_which_nothing_was_changed_are_one_span_and_others_are_apart() -> None:
    kept = (run(1, "a", "b"), run(2, "b", None), run(3, "b", "d"), run(4, "e", "f"), run(5, "f", "g", "web"))
    assert spans(kept) == (Span("api", "a", "d"), Span("api", "e", "f"), Span("web", "f", "g"))
    assert spans(()) == ()


def file(
    path: str, status: DiffStatus, source: str | None = None, added: int | None = 1, gone: int | None = 0
) -> FileDiff:
    return FileDiff(path, status, source, added, gone)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (file("a", ADDED), file("a", MODIFIED), [file("a", ADDED, added=2)]),
        (file("a", ADDED, added=5), file("a", MODIFIED, added=1, gone=3), [file("a", ADDED, added=3)]),
        (file("a", ADDED), file("a", DELETED), []),
        (file("a", ADDED), file("b", RENAMED, "a"), [file("b", ADDED, added=2)]),
        (file("a", DELETED), file("a", ADDED), [file("a", MODIFIED, added=2)]),
        (file("a", MODIFIED), file("a", DELETED), [file("a", DELETED, added=2)]),
        (file("a", MODIFIED), file("a", MODE), [file("a", MODIFIED, added=2)]),
        (file("a", MODIFIED), file("b", RENAMED, "a"), [file("b", RENAMED, "a", added=2)]),
        (file("b", RENAMED, "a"), file("b", MODIFIED), [file("b", RENAMED, "a", added=2)]),
        (file("b", RENAMED, "a"), file("c", RENAMED, "b"), [file("c", RENAMED, "a", added=2)]),
        (file("b", RENAMED, "a"), file("b", DELETED), [file("a", DELETED, added=2)]),
        (file("a", MODIFIED), file("a", MODIFIED, added=None, gone=None), [file("a", MODIFIED, added=None, gone=None)]),
        (file("b", MODIFIED), file("a", MODIFIED), [file("a", MODIFIED), file("b", MODIFIED)]),
    ],
)
def test_two_changes_of_one_file_are_one(first: FileDiff, second: FileDiff, both: list[FileDiff]) -> None:
    assert list(joined([[first], [second]])) == both


FILES = st.lists(
    st.builds(file, st.sampled_from("abc"), st.sampled_from([ADDED, MODIFIED, DELETED, MODE])),
    unique_by=lambda one: one.path,
)


@given(st.lists(FILES, max_size=4))
def test_each_path_comes_once_in_order(parts: list[list[FileDiff]]) -> None:
    paths = [one.path for one in joined(parts)]
    assert paths == sorted(set(paths))
    assert set(paths) <= {one.path for part in parts for one in part}
