"""Commits of different repos belong together by a ticket, or by one person, a few hours and the same rare words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.map.commits import FEW, TOGETHER, related
from supervisor.domain.link import Kind
from supervisor.domain.repo.git import Commit

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def commit(
    subject: str, *tickets: str, hours: float = 0, author: str = "Ada", oid: str = "a" * 40, merge: bool = False
) -> Commit:
    return Commit(oid, subject, author, NOON + timedelta(hours=hours), 1, ("a",), 1, 0, merge, tickets)


def names(api: list[Commit], web: list[Commit]) -> list[tuple[str, str]]:
    return [(row.name, row.note) for row in related({"api": api, "web": web})]


def test_one_ticket_in_two_repos_is_a_row_whatever_its_author_and_time() -> None:
    api, web = (
        commit("Sign frames", "HIVE-12"),
        commit("Check frames", "HIVE-12", hours=900, author="Bob", oid="b" * 40),
    )
    (row,) = related({"api": [api], "web": [web]})

    assert (row.kind, row.name, row.children, row.note) == (Kind.COMMIT, "HIVE-12", ("api", "web"), "the same ticket")
    assert [(place.child, place.file, place.shown) for place in row.places] == [
        ("api", "a" * 12, "Sign frames"),
        ("web", "b" * 12, "Check frames"),
    ]


def test_a_plain_number_and_a_ticket_of_everything_do_not_link_commits() -> None:
    assert names([commit("Sign", "#12")], [commit("Check", "#12")]) == []
    assert names([commit("Sign", "UTF-8")] * FEW, [commit("Check", "UTF-8")]) == []


def test_one_person_within_hours_with_two_rare_words_is_one_change() -> None:
    api, web = commit("Throttle nectar forecasts"), commit("Show throttle of nectar", hours=2)
    assert names([api], [web]) == [("throttle nectar", "Ada, within 2 h")]


@pytest.mark.parametrize(
    "other",
    [
        commit("Show throttle of nectar", author="Bob"),
        commit("Show throttle of nectar", hours=TOGETHER.total_seconds() / 3600 + 1),
        commit("Show throttle of nectar", merge=True),
        commit("Show nectar"),
        commit("Update tests"),
    ],
)
def test_another_hand_another_day_a_merge_or_usual_words_are_not(other: Commit) -> None:
    assert names([commit("Throttle nectar forecasts"), commit("Update tests")], [other]) == []


def test_commits_that_a_ticket_links_are_not_listed_twice() -> None:
    api, web = commit("Throttle nectar", "AB-1", oid="a" * 40), commit("Throttle nectar", "AB-1", oid="b" * 40)
    assert names([api], [web]) == [("AB-1", "the same ticket")]


COMMITS = st.lists(
    st.builds(
        commit,
        st.sampled_from(["Throttle nectar", "Show throttle of nectar", "Fix typo", ""]),
        st.sampled_from(["AB-1", "BC-2", "#3"]),
        hours=st.floats(0, 40),
        author=st.sampled_from(["Ada", "Bob"]),
        oid=st.sampled_from(["a" * 40, "b" * 40, "c" * 40]),
        merge=st.booleans(),
    ),
    max_size=8,
)


@given(COMMITS, COMMITS)
def test_each_row_has_commits_on_both_sides(api: list[Commit], web: list[Commit]) -> None:
    for row in related({"api": api, "web": web}):
        assert {place.child for place in row.places} == {"api", "web"}
        assert row.name
        assert 0 < row.score < 1
