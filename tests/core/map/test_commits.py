"""Commits of different repos belong together by a ticket, or because they brought in the same names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.map.commits import FEW, LIKELY, MOST, NEAR, introduced_by, origin_spots, related
from supervisor.core.text.words import literal_of, texts_of, words_of
from supervisor.domain.link import Kind, Link, Place, Role
from supervisor.domain.repo.git import ANYWHERE, Commit, Revision, Spot

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


def revision(oid: str, *, days: int = 0, initial: bool = False) -> Revision:
    return Revision(oid * 40, NOON + timedelta(days=days), "Ada", f"Subject of {oid}", initial)


def link(name: str, api: str, web: str, score: float = 0.9, kind: Kind = Kind.ROUTE) -> Link:
    places = (Place("api", "app.py", 3, Role.PROVIDES, api), Place("web", "client.ts", 4, Role.USES, web))
    return Link(kind, name, score, ("api", "web"), places)


def words(text: str, revision: Revision, file: str = ANYWHERE) -> dict[Spot, Revision]:
    return {(file, word): revision for word in words_of(text)}


CLAIM = link("/devices/{}/claim", "/devices/<id>/claim", "/devices/{}/claim")


def test_the_commits_that_brought_one_name_into_two_repos_are_a_row_whoever_made_them_and_when() -> None:
    old, late, newest = revision("a"), revision("b", days=3), revision("c", days=900)
    origins = {
        "api": {**words("claim", late), **words("devices", old)},  # it came with the last of its words
        "web": {
            **words("devices claim", old),
            (ANYWHERE, literal_of("/devices/{}/claim")): newest,
        },  # and the text in quotes is it
    }
    assert list(introduced_by([CLAIM], origins)) == [
        Link(
            Kind.COMMIT,
            "/devices/{}/claim",
            0.34,
            ("api", "web"),
            (
                Place("api", "b" * 12, 0, Role.NAMES, "Subject of b"),
                Place("web", "c" * 12, 0, Role.NAMES, "Subject of c"),
            ),
            "both brought it in, 897 days apart",
        )
    ]


@pytest.mark.parametrize(("api", "web"), [("auto_tags", "autoTags"), ("AutoTags", "auto-tags")])
def test_a_name_of_several_words_pairs_commits_by_its_first_use_though_its_link_is_only_likely(
    api: str, web: str
) -> None:
    first, quoted = revision("a"), revision("b", days=30)
    origins = {
        "api": {**words(api, first), (ANYWHERE, literal_of(api)): quoted},  # it was used before it stood in quotes
        "web": words(web, first),
    }
    (row,) = introduced_by([link(api, api, web, LIKELY, Kind.KEY)], origins)
    assert (row.name, row.places[0].file, row.note) == (api, "a" * 12, "both brought it in, on one day")
    assert list(introduced_by([link(api, api, web, LIKELY - 0.01, Kind.KEY)], origins)) == []


def test_several_names_that_the_same_two_commits_brought_in_are_one_row_that_proves_more() -> None:
    tokens = [link(f"token{number}", f"token{number}", f"token{number}", kind=Kind.KEY) for number in range(4)]
    came = words(" ".join(one.name for one in tokens), revision("a"))

    (row,) = introduced_by(tokens, {"api": came, "web": came})
    assert (row.name, row.score, row.note) == (
        "token0, token1, token2 and 1 more",
        0.6,
        "both brought it in, on one day",
    )


@pytest.mark.parametrize(
    ("row", "web"),
    [
        (CLAIM, revision("b", initial=True)),  # the history begins there: nobody knows when it came
        (link("claim", "claim", "claim", LIKELY - 0.1), revision("b")),
        (link("claim", "claim", "claim", kind=Kind.COPY), revision("b")),
    ],
)
def test_the_first_commit_of_a_repo_an_unsure_link_and_a_copied_file_pair_no_commits(row: Link, web: Revision) -> None:
    came = words("devices claim", revision("a"))
    assert list(introduced_by([row], {"api": came, "web": words("devices claim", web)})) == []
    assert list(introduced_by([row], {"api": came})) == []


def test_a_pair_of_repos_has_few_such_rows_and_a_commit_with_many_partners_proves_less() -> None:
    tokens = [link(f"token{number}", f"token{number}", f"token{number}", kind=Kind.KEY) for number in range(MOST + 5)]
    server = words(" ".join(one.name for one in tokens), revision("a"))
    client = {spot: Revision(spot[1].decode(), NOON, "Bob", "One more", False) for spot in server}

    rows = list(introduced_by(tokens, {"api": server, "web": client}))
    assert (len(rows), {row.score for row in rows}) == (MOST, {0.016})


def test_names_that_came_long_apart_are_paired_by_the_commits_that_brought_them_to_their_places() -> None:
    other_meaning, served, used = revision("a"), revision("b", days=NEAR.days + 5), revision("c", days=NEAR.days + 7)
    row = link("friendly_name", "friendly_name", "friendlyName", kind=Kind.KEY)
    api = words("friendly_name", other_meaning) | words("friendly_name", served, "app.py")
    for first in (other_meaning, revision("d", initial=True)):
        (found,) = introduced_by([row], {"api": {**api, (ANYWHERE, b"friendly_name"): first},
                                         "web": words("friendlyName", used)})  # fmt: skip
        assert [place.file for place in found.places] == ["b" * 12, "c" * 12]

    near = words("friendlyName", revision("e", days=NEAR.days))
    (found,) = introduced_by([row], {"api": api, "web": near})  # near enough: the first use is the one
    assert [place.file for place in found.places] == ["a" * 12, "e" * 12]


def test_the_texts_of_which_origins_are_needed_are_those_of_likely_links_in_their_files_and_anywhere() -> None:
    assert origin_spots([CLAIM, link("other", "other", "other", LIKELY - 0.1)]) == {
        "api": {(file, text) for file in (ANYWHERE, "app.py") for text in texts_of("/devices/<id>/claim")},
        "web": {(file, text) for file in (ANYWHERE, "client.ts") for text in texts_of("/devices/{}/claim")},
    }


COMMITS = st.lists(
    st.builds(
        commit,
        st.sampled_from(["Throttle nectar", "Fix typo", ""]),
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
