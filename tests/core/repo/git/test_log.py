"""What `git log` prints is read back as it was written, whatever bytes are in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.git.log import Logged, parse_log, parse_sized
from supervisor.domain.repo.pathname import shown
from tests.core.repo.git.commits import COMMITS, as_log, as_sized


@given(COMMITS)
def test_commits_of_any_bytes_come_out_of_a_log_as_they_went_in(commits: list[Logged]) -> None:
    assert parse_log(as_log(commits), cut=False) == commits


@given(COMMITS)
def test_sizes_of_commits_of_any_bytes_belong_to_the_right_commit(commits: list[Logged]) -> None:
    found = [
        (each.oid.encode(), each.files, each.insertions, each.deletions, each.names)
        for each in parse_sized(as_sized(commits), cut=False)
    ]
    assert found == [
        (each.oid, len(each.names), 3 * len(each.names), len(each.names), tuple(map(shown, each.names)))
        for each in commits
    ]


@given(COMMITS, st.data())
def test_a_log_that_was_cut_anywhere_yields_only_whole_commits(commits: list[Logged], data: st.DataObject) -> None:
    for out, parse in ((as_log(commits), parse_log), (as_sized(commits), parse_sized)):
        whole = parse(out, cut=False)
        stop = data.draw(st.integers(0, len(out)))
        found = parse(out[:stop], cut=True)
        assert found == whole[: len(found)]
