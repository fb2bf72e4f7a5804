"""Rows become interfaces: by who provides, by kind and by file, few enough to read."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.map.interfaces import MOST, interfaces
from supervisor.domain.link import Kind, Link, Place, Role

SPEC, CLIENT = "docs/api.yaml", "src/client.ts"


def row(
    kind: Kind,
    name: str,
    *,
    by: str = "api",
    to: str = "web",
    at: str = SPEC,
    used: str = CLIENT,
    roles: tuple[Role, Role] = (Role.PROVIDES, Role.USES),
    score: float = 0.9,
) -> Link:
    places = (Place(by, at, 1, roles[0], name), Place(to, used, 2, roles[1], name))
    return Link(kind, name, score, tuple(sorted((by, to))), places)


def said(*rows: Link) -> list[tuple[str, str, str, bool]]:
    return [(one.title, one.provider, one.consumer, one.directed) for one in interfaces(rows)]


def test_the_routes_of_a_specification_and_the_names_beside_them_are_one_interface() -> None:
    rows = (
        row(Kind.ROUTE, "/v1/rides"),
        row(Kind.ROUTE, "/v1/cars"),
        row(Kind.SCHEMA, "Ride"),
        row(Kind.KEY, "ride_id", roles=(Role.NAMES, Role.NAMES)),
    )

    assert said(*rows) == [("REST API: docs/api.yaml, 2 routes, 1 field, 1 schema", "api", "web", True)]
    assert interfaces(rows)[0].rows == (0, 1, 2, 3)


def test_the_two_directions_between_two_repos_are_two_interfaces() -> None:
    assert said(
        row(Kind.ROUTE, "/v1/rides", at="app.py"),
        row(Kind.ROUTE, "/hooks/paid", by="web", to="api", at="hooks.ts", used="pay.py", score=0.8),
    ) == [("HTTP API: app.py, 1 route", "api", "web", True), ("HTTP API: hooks.ts, 1 route", "web", "api", True)]


def test_a_header_joins_the_routes_whoever_sets_it() -> None:
    assert said(
        row(Kind.ROUTE, "/v1/rides", at="app.py"),
        row(Kind.HEADER, "X-Ride", by="web", to="api", at="other.ts", used="auth.py"),
    ) == [("HTTP API: app.py, 1 header, 1 route", "api", "web", True)]
    assert said(row(Kind.HEADER, "X-Ride")) == [("REST API: docs/api.yaml, 1 header", "api", "web", False)]


def test_names_join_the_interface_with_which_they_share_files() -> None:
    names = (Role.NAMES, Role.NAMES)

    assert said(
        row(Kind.ROUTE, "/v1/rides", at="web/routes.py"),
        row(Kind.TOPIC, "ride.paid", at="bus/events.py", used="lib/bus.ts"),
        row(Kind.KEY, "paid_at", at="bus/events.py", used="lib/bus.ts", roles=names),
        row(Kind.KEY, "rideId", at="web/forms.py", used="src/form.ts", roles=names),
        row(Kind.KEY, "elsewhere", at="tools/x.py", used="scripts/y.ts", roles=names, score=0.3),
    ) == [
        ("HTTP API: web/routes.py, 1 field, 1 route", "api", "web", True),
        ("Messages: bus/events.py, 1 field, 1 topic", "api", "web", True),
        ("Shared names: tools/x.py, 1 field", "api", "web", False),
    ]


def test_a_schema_file_is_an_interface_for_whoever_it_was_written() -> None:
    assert said(
        row(Kind.SCHEMA, "Ride", at="fleet.proto", used="Ride.kt"),
        row(Kind.KEY, "battery", at="fleet.proto", used="proto/fleet.proto", roles=(Role.PROVIDES, Role.PROVIDES)),
    ) == [
        ("Protobuf schema: fleet.proto, 1 schema", "api", "web", True),
        ("Protobuf schema: fleet.proto, 1 field", "api", "web", False),
    ]


def test_many_files_of_one_family_are_named_by_their_folder() -> None:
    many = [row(Kind.ROUTE, f"/v1/r{n}", at=f"src/routes/r{n}.js") for n in range(9)]
    titles = [one.title for one in interfaces(many)]

    assert len(titles) == 4
    assert sum(len(one.rows) for one in interfaces(many)) == 9
    assert any(title.startswith("HTTP API: src/routes/ (") for title in titles)


def test_commits_are_in_no_interface_and_nothing_makes_none() -> None:
    assert interfaces([Link(Kind.COMMIT, "OPS-1", 0.6, ("api", "web"), ())]) == ()
    assert interfaces([]) == ()


CHILDREN = ("api", "box", "web")
PLACES = st.lists(
    st.builds(
        Place,
        st.sampled_from(CHILDREN),
        st.sampled_from(["a/x.py", "a/y.proto", "b/z.yaml", "c.ts", ""]) | st.text("ab/.", max_size=8),
        st.integers(0, 9),
        st.sampled_from(list(Role)),
        st.just("name"),
    ),
    max_size=6,
)
LINKS = st.lists(
    st.builds(
        lambda kind, score, places: Link(
            kind, "name", score, tuple(sorted({place.child for place in places})), tuple(places)
        ),
        st.sampled_from(list(Kind)),
        st.floats(0, 1),
        PLACES,
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(LINKS)
def test_each_row_is_in_one_interface_of_each_pair_and_no_pair_has_too_many(rows: list[Link]) -> None:
    found = interfaces(rows)
    by_pair: dict[tuple[str, ...], list[int]] = {}
    for one in found:
        by_pair.setdefault(tuple(sorted((one.provider, one.consumer))), []).extend(one.rows)
    wanted: dict[tuple[str, ...], list[int]] = {}
    for number, link in enumerate(rows):
        for pair in combinations(link.children, 2) if link.kind is not Kind.COMMIT else ():
            wanted.setdefault(pair, []).append(number)

    assert {pair: sorted(numbers) for pair, numbers in by_pair.items()} == wanted
    for pair in wanted:
        assert sum(set(pair) == {one.provider, one.consumer} for one in found) <= MOST
