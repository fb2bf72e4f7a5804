"""The map as JSON, as Markdown and as a Mermaid graph. No name that a stranger chose breaks any of them."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.map.interfaces import counted, interfaces
from supervisor.core.map.markdown import ROWS, described, markdown, mermaid, sides, where
from supervisor.core.map.serialize import as_json, from_json
from supervisor.domain.link import Gap, Kind, Link, Map, Place, Role, Surveyed

CHILDREN = (
    Surveyed("api", "/r/api", 3, (("vendored", 1),)),
    Surveyed("web", "/r/web", 0, (), "gone", "look"),
)


def of(*rows: Link, cut: tuple[str, ...] = ()) -> Map:
    """The map of these rows."""
    return Map(CHILDREN, rows, cut, interfaces(rows))


def link(name: str, kind: Kind = Kind.ROUTE, *, note: str = "", conflict: bool = False) -> Link:
    places = (Place("web", "b.ts", 2, Role.USES, name), Place("api", "a.py", 1, Role.PROVIDES, name, "GET"))
    return Link(kind, name, 0.5, ("api", "web"), places, note, conflict)


def test_the_graph_has_an_arrow_from_who_relies_to_who_provides_with_the_interfaces() -> None:
    graph = mermaid(of(link("/v1/rides"), link("/v1/cars"), link("ORDERS_URL", Kind.ENV)))

    assert graph.splitlines() == [
        "graph LR",
        '  c0["api"]',
        '  c1["web"]',
        '  c1 -->|"HTTP API: a.py, 2 routes<br/>Settings: a.py, 1 variable"| c0',
    ]


def test_the_markdown_shows_what_was_read_the_interfaces_the_conflicts_and_the_place_of_each_row() -> None:
    rows = (link("/v1/rides/{}"), link("MAX", Kind.CONSTANT, note="different values: api 3, web 5", conflict=True))
    text = markdown(of(*rows, cut=("api has more",)))

    assert "- `api`: 3 source files read; left out: 1 vendored\n- `web`: not read: gone" in text
    assert "## Interfaces\n\n### api and web\n\n<details><summary>1. web calls api: HTTP API: a.py, 1 constant" in text
    assert "## Conflicts\n\n- `MAX` (constant): different values: api 3, web 5" in text
    assert text.count("| 0.50 | route | `/v1/rides/{}` | api: `a.py:1`<br>web: `b.ts:2` |  |") == 2
    assert text.endswith("api has more\n")


def test_a_gap_names_its_first_places_and_how_many_more_there_are() -> None:
    gap = Gap(("api",), "4 routes are served that no other repo calls", ("a.py:1", "b.py:2"), 4)

    assert described(gap) == "api: 4 routes are served that no other repo calls (a.py:1, b.py:2 and 2 more)"
    assert "## Not understood\n\n- api: 4 routes" in markdown(Map(CHILDREN, (), gaps=(gap,)))


def test_a_long_map_says_how_much_more_there_is() -> None:
    text = markdown(Map(CHILDREN, tuple(link(f"/v1/{number}") for number in range(ROWS + 3))))

    assert "and 3 more, in map.json (3 routes)." in text


def test_the_less_sure_rows_are_below_a_line() -> None:
    pair = Link(Kind.COMMIT, "ride_id", 0.3, ("api", "web"), ())
    sure, _, unsure = markdown(Map(CHILDREN, (link("/v1/rides"), pair))).partition("\n### Less sure\n")

    assert ("`/v1/rides`" in sure, "`ride_id`" in sure) == (True, False)
    assert "| 0.30 | commit | `ride_id` |" in unsure


def test_an_empty_map_is_rendered_too() -> None:
    assert "None found." in markdown(Map((), ()))
    assert counted([]) == ""


def test_who_provides_comes_first_and_a_whole_file_has_no_line() -> None:
    assert [child for child, _ in sides(link("/a"))] == ["api", "web"]
    assert where(Place("a", "x", 0, Role.NAMES, "")) == "x"


TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ['"]', "|", "`", "<b>", "end", "--- x", "\n"]
)
PLACES = st.builds(
    Place, st.sampled_from(["api", "web"]), TEXT, st.integers(0, 9), st.sampled_from(list(Role)), TEXT, TEXT
)
MAPS = st.builds(
    lambda rows, cut, found: Map(CHILDREN, rows, cut, interfaces(rows), found),
    st.lists(
        st.builds(
            Link,
            st.sampled_from(list(Kind)),
            TEXT,
            st.floats(0, 1),
            st.just(("api", "web")),
            st.lists(PLACES, min_size=1, max_size=2).map(tuple),
            TEXT,
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(st.builds(Gap, st.just(("api",)), TEXT, st.just(("a.py:1",)), st.integers(0, 9)), max_size=2).map(tuple),
)


@settings(max_examples=40)
@given(MAPS)
def test_as_json_nothing_is_lost(made: Map) -> None:
    assert from_json(json.loads(json.dumps(as_json(made)))) == made


@settings(max_examples=40)
@given(MAPS)
def test_whatever_the_names_each_line_of_the_graph_is_a_child_or_an_edge(made: Map) -> None:
    line = re.compile(r'graph LR|  c\d\["[^"|`<>#;&]*"\]|  c\d --[->]\|"[^"|`<>#;&]*"\| c\d')
    graph = mermaid(made).replace("<br/>", " ").split("\n")

    assert all(line.fullmatch(one) for one in graph), graph


@settings(max_examples=40)
@given(MAPS)
def test_whatever_the_names_each_row_of_the_table_is_one_line_of_five_cells(made: Map) -> None:
    table = [line for line in markdown(made).partition("## Links")[2].split("\n") if re.match(r"\| \d", line)]

    assert len(table) == len(made.links)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in table), table
