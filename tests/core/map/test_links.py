"""Mentions become links: only names in two repos, the rare and the two-sided ones first."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.map.links import PLACES, SHOWN_FROM, join_key, links
from supervisor.core.map.mention.fields import WIRE
from supervisor.core.map.mention.routes import MOUNT
from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Kind, Link, Mention, Role


def found(
    kind: Kind,
    name: str,
    child: str,
    role: Role = Role.NAMES,
    *,
    file: str = "a.py",
    line: int = 1,
    detail: str = "",
    weak: int = 0,
    shown: str = "",
    test: bool = False,
) -> Occurrence:
    mention = Mention(kind, name, shown or name, line, role, detail, weak)
    return Occurrence(join_key(mention), child, file, test, mention)


def route(name: str, child: str, role: Role, detail: str = "", file: str = "a.py") -> Occurrence:
    return found(Kind.ROUTE, name, child, role, file=file, detail=detail)


def only(rows: Sequence[Link]) -> Link:
    (row,) = rows
    return row


def test_a_row_needs_two_repos() -> None:
    assert links([]) == ()
    assert links([found(Kind.HEADER, "x-tok", "api"), found(Kind.HEADER, "x-tok", "api", file="b.py")]) == ()

    row = only(links([found(Kind.HEADER, "x-tok", "api"), found(Kind.HEADER, "x-tok", "web")]))
    assert (row.kind, row.name, row.children) == (Kind.HEADER, "x-tok", ("api", "web"))


@pytest.mark.parametrize(
    ("served", "called", "name"),
    [
        ("/v1/rides/{}", "/v1/rides/{}", "/v1/rides/{}"),
        ("/v1/rides/{}", "/v1/rides/a1", "/v1/rides/{}"),
        ("/v1/rides/{}", "/api/v1/rides/{}", "/v1/rides/{}"),
        ("/api/v1/rides/{}", "/v1/rides/{}", "/api/v1/rides/{}"),
    ],
)
def test_a_callers_route_finds_the_servers(served: str, called: str, name: str) -> None:
    row = only(links([route(served, "api", Role.PROVIDES), route(called, "web", Role.USES)]))

    assert (row.name, [place.role for place in row.places]) == (name, [Role.PROVIDES, Role.USES])


@pytest.mark.parametrize(
    ("served", "called"),
    [("/v1/rides/{}", "/v1/rides/status"), ("/v1/rides", "/v1/trips"), ("/a/id", "/b/id"), ("/health", "/x/health")],
)
def test_another_route_is_another_one(served: str, called: str) -> None:
    assert list(links([route(served, "api", Role.PROVIDES), route(called, "web", Role.USES)])) == []


def test_a_server_that_mounts_its_routes_below_a_prefix_is_found() -> None:
    row = only(
        links(
            [
                route("/api", "api", Role.PROVIDES, MOUNT, "main.py"),
                route("/rides/{}", "api", Role.PROVIDES, file="rides.py"),
                route("/api/rides/{}", "web", Role.USES),
            ]
        )
    )
    assert row.name == "/api/rides/{}"


def test_two_callers_of_a_third_prove_less_than_a_server_and_a_caller() -> None:
    two = [route("/v1/rides", child, Role.USES) for child in ("app", "web")]

    (row,) = links([*two, route("/v1/rides", "api", Role.PROVIDES)])
    assert all(row.score > other.score for other in links(two))


def test_the_rare_is_before_the_common() -> None:
    rare = [found(Kind.HEADER, "x-rare", child) for child in ("api", "web")]
    common = [found(Kind.HEADER, "x-often", c, file=f"{n}.py") for c in ("api", "web") for n in range(20)]
    rows = links([*common, *rare])

    assert [row.name for row in rows] == ["x-rare", "x-often"]
    assert all(sum(place.child == "api" for place in row.places) <= PLACES for row in rows)


@pytest.mark.parametrize(
    ("values", "note", "conflict"),
    [
        (("4096", "4_096"), "", False),
        (("0x10", "16"), "", False),
        (("1.0", "1"), "", False),
        (("60f", "60"), "", False),
        (("5", "3"), "different values: api 5, web 3", True),
        (("a/b", "a/c"), "different values: api a/b, web a/c", True),
    ],
)
def test_constants_that_disagree_are_a_conflict(values: tuple[str, str], note: str, conflict: bool) -> None:
    both = zip(("api", "web"), values, strict=True)
    row = only(links([found(Kind.CONSTANT, "maxrules", c, detail=v, shown="MAX_RULES") for c, v in both]))

    assert (row.note, row.conflict) == (note, conflict)


def test_a_number_here_and_a_text_there_are_two_things_of_one_name() -> None:
    both = zip(("api", "web"), ("93", "page-down"), strict=True)

    assert not any(row.conflict for row in links([found(Kind.CONSTANT, "pagedown", c, detail=v) for c, v in both]))


def test_a_constant_that_only_holds_a_topic_with_its_own_row_gets_no_row() -> None:
    both = [
        one
        for child in ("api", "web")
        for one in (
            found(Kind.TOPIC, "ride.done", child),
            found(Kind.CONSTANT, "ridedone", child, detail="ride.done", shown="RIDE_DONE"),
        )
    ]
    assert [row.kind for row in links(both)] == [Kind.TOPIC]


def test_a_key_spelled_in_two_ways_is_one_and_says_so() -> None:
    row = only(
        links(
            [
                found(Kind.KEY, "retryafter", "api", shown="retry_after"),
                found(Kind.KEY, "retryafter", "web", shown="retryAfter"),
            ]
        )
    )
    assert row.note == "spelled retryAfter, retry_after"


def test_mentions_in_tests_count_less() -> None:
    def score(test: bool) -> float:
        return only(links([found(Kind.HEADER, "x-tok", "api", test=test), found(Kind.HEADER, "x-tok", "web")])).score

    assert score(True) < score(False)


def test_names_that_prove_nothing_on_either_side_have_no_row() -> None:
    assert links([found(Kind.WORD, "some_name", child, weak=2) for child in ("api", "web")]) == ()


MENTIONS = st.builds(
    found,
    st.sampled_from([kind for kind in Kind if kind not in (Kind.COPY, Kind.COMMIT)]),  # those are not names
    st.sampled_from(["/v1/a", "/v1/a/{}", "/a", "x-tok", "RIDE_ID", "rideid", "ride.done", "8032", "a b c d"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(list(Role)),
    file=st.sampled_from(["a.py", "b.py", "test_a.py"]),
    line=st.integers(1, 5),
    detail=st.sampled_from(["", "1", "2", "mount"]),
    weak=st.integers(0, 2),
    test=st.booleans(),
)


@given(st.lists(MENTIONS, max_size=30), st.randoms())
def test_whatever_is_mentioned_each_row_stands_for_places_in_two_repos(
    some: list[Occurrence], dice: random.Random
) -> None:
    rows = links(some)
    places = {(one.child, one.file, one.mention.line) for one in some}

    for row in rows:
        assert SHOWN_FROM <= row.score <= 1
        assert len(row.children) > 1
        assert {place.child for place in row.places} == set(row.children)
        assert {(place.child, place.file, place.line) for place in row.places} <= places
    mixed = list(some)
    dice.shuffle(mixed)
    assert [(row.kind, row.name, row.score) for row in links(mixed)] == [(r.kind, r.name, r.score) for r in rows]


def test_tables_of_two_databases_are_two_and_one_that_another_repo_reads_is_shared() -> None:
    own = found(Kind.TABLE, "subscription", "api", Role.PROVIDES)
    other = found(Kind.TABLE, "subscription", "app", Role.PROVIDES, file="Database.kt")
    reads = found(Kind.TABLE, "subscription", "app", Role.USES, file="Database.kt")

    assert links([own, other, reads]) == ()
    assert only(links([own, reads])).name == "subscription"


def test_a_common_name_counts_where_both_sides_declare_that_they_send_it() -> None:
    sent = found(Kind.KEY, "title", "app", Role.USES, detail=WIRE)
    read = found(Kind.KEY, "title", "api", Role.PROVIDES, detail=WIRE)
    named = found(Kind.KEY, "title", "api")

    assert only(links([sent, read])).name == "title"
    assert links([sent, named]) == ()


def test_a_package_that_another_repo_declares_counts_however_often_its_own_repo_names_it() -> None:
    own = [found(Kind.PACKAGE, "ridelib", "lib", Role.PROVIDES, file="ridelib/__init__.py")]
    own += [found(Kind.PACKAGE, "ridelib", "lib", Role.USES, file=f"tests/{n}.py", weak=1) for n in range(60)]
    imported = [found(Kind.PACKAGE, "ridelib", "app", Role.USES, file=f"app/{n}.py", weak=1) for n in range(4)]
    declared = found(Kind.PACKAGE, "ridelib", "app", Role.USES, file="requirements.txt")

    assert only(links([*own, *imported, declared])).score > 0.9
    assert links([*own, *imported]) == ()  # a folder of that name may be another thing


def test_a_long_name_of_many_parts_is_no_chance() -> None:
    def score(name: str) -> float:
        return only(links([found(Kind.WORD, name, "api"), found(Kind.WORD, name, "web")])).score

    assert score("Noise_NNpsk0_25519_ChaChaPoly_SHA256") > score("ride_done") + 0.15


@pytest.mark.parametrize(
    "file", ["rollup.config.mjs", "gradle/wrapper/gradle-wrapper.properties", ".github/workflows/ci.yml"]
)
def test_what_only_files_of_tools_share_is_hardly_worth_a_row_and_no_conflict(file: str) -> None:
    def two(*files: str) -> list[Link]:
        return [
            row
            for row in links(
                [
                    found(Kind.CONSTANT, "networktimeout", child, file=at, detail=detail)
                    for child, at, detail in zip(("api", "web"), files, ("1", "2"), strict=True)
                ]
            )
            if row.conflict
        ]

    assert two(file, file) == []
    assert two(file, "app.py") != []


def test_a_variable_is_hardly_what_a_macro_of_another_repo_has_as_its_name() -> None:
    def score(file: str) -> float:
        variable = found(Kind.ENV, "RIDES_UPLOAD", "app", Role.PROVIDES, file=file)
        return max((row.score for row in links([variable, found(Kind.ERROR, "RIDES_UPLOAD", "api")])), default=0)

    read = [found(Kind.ENV, "RIDES_UPLOAD", "app", Role.PROVIDES), found(Kind.ENV, "RIDES_UPLOAD", "api", Role.USES)]

    assert score(".github/workflows/build.yml") <= score("compose.yml") < 0.4 < only(links(read)).score


def test_what_is_deep_in_a_library_that_a_repo_carries_proves_less_and_so_does_what_bluetooth_assigns() -> None:
    def score(name: str, file: str) -> float:
        return only(links([found(Kind.WORD, name, "watch", file=file), found(Kind.WORD, name, "app")])).score

    own, assigned = "2f1e0d3c-5b4a-4978-8c6d-7e8f90a1b2c3", "0000180d-0000-1000-8000-00805f9b34fb"
    library = "src/libs/stack/host/services/heart.h"

    assert score(own, "src/heart.h") > score(own, library)
    assert score(own, "src/heart.h") > score(assigned, "src/heart.h") > score(assigned, library)


def test_tests_do_not_make_a_name_common() -> None:
    both = [found(Kind.HEADER, "x-token", child) for child in ("api", "web")]
    tests = [found(Kind.HEADER, "x-token", "api", file=f"test_{number}.py", test=True) for number in range(30)]

    assert only(links([*both, *tests])).score == only(links(both)).score


def test_a_client_below_one_prefix_of_a_server_is_there_with_all_its_routes() -> None:
    """A page of the server has the path that the client writes, and the client means the API beside it."""
    api = [route(f"/v1/{name}", "api", Role.PROVIDES) for name in ("rides", "export", "zones", "rides/{}", "riders")]
    pages = [route(f"/{name}", "api", Role.PROVIDES, file="pages.py") for name in ("rides", "zones")]
    client = [route(f"/{name}", "web", Role.USES) for name in ("rides", "export", "zones", "rides/{}")]

    found_here = links([*api, *pages, *client])

    assert sorted(row.name for row in found_here) == ["/v1/export", "/v1/rides", "/v1/rides/{}", "/v1/zones"]
    alone = links([*api, *pages, route("/rides", "web", Role.USES), route("/export", "web", Role.USES)])
    assert sorted(row.name for row in alone) == ["/rides", "/v1/export"]


def test_a_variable_that_both_set_and_nobody_reads_proves_less() -> None:
    """It may be of the image of a database that each starts for itself."""
    set_by = [found(Kind.ENV, "STORE_NAME", child, Role.PROVIDES, file="compose.yaml") for child in ("api", "web")]
    read = found(Kind.ENV, "STORE_NAME", "web", Role.USES, file="store.py")
    in_ci = found(Kind.ENV, "STORE_NAME", "web", Role.USES, file=".github/workflows/test.yml")

    assert only(links([*set_by, in_ci])).score < 0.7 * only(links([*set_by, read])).score
