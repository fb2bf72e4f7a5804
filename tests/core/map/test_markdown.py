"""The map as JSON, as Markdown and as a Mermaid graph. No name that a stranger chose breaks any of them."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.map.markdown import EDGE_NAMES, ROWS, counted, markdown, mermaid, sides, where
from supervisor.core.map.serialize import as_json, from_json
from supervisor.domain.link import Kind, Link, Map, Place, Role, Surveyed

CHILDREN = (
    Surveyed("api", "/r/api", 3, (("vendored", 1),)),
    Surveyed("web", "/r/web", 0, (), "gone", "look"),
)


def link(name: str, kind: Kind = Kind.ROUTE, *, note: str = "", conflict: bool = False) -> Link:
    places = (Place("web", "b.ts", 2, Role.USES, name), Place("api", "a.py", 1, Role.PROVIDES, name, "GET"))
    return Link(kind, name, 0.5, ("api", "web"), places, note, conflict)


def test_the_graph_names_the_best_of_each_pair_and_counts_the_rest() -> None:
    graph = mermaid(Map(CHILDREN, tuple(link(f"/v1/{number}") for number in range(EDGE_NAMES + 2))))

    assert graph.splitlines() == [
        "graph LR",
        '  c0["api"]',
        '  c1["web"]',
        '  c0 ---|"route /v1/0<br/>route /v1/1<br/>route /v1/2<br/>route /v1/3<br/>and 2 more"| c1',
    ]


def test_the_markdown_shows_what_was_read_the_conflicts_and_the_place_of_each_row() -> None:
    rows = (link("/v1/rides/{}"), link("MAX", Kind.CONSTANT, note="different values: api 3, web 5", conflict=True))
    text = markdown(Map(CHILDREN, rows, ("api has more",)))

    assert "- `api`: 3 source files read; left out: 1 vendored\n- `web`: not read: gone" in text
    assert "## Conflicts\n\n- `MAX` (constant): different values: api 3, web 5" in text
    assert "| 0.50 | route | `/v1/rides/{}` | api: `a.py:1`<br>web: `b.ts:2` |  |" in text
    assert text.endswith("api has more\n")


def test_a_long_map_says_how_much_more_there_is() -> None:
    text = markdown(Map(CHILDREN, tuple(link(f"/v1/{number}") for number in range(ROWS + 3))))

    assert "and 3 more, in map.json (3 routes)." in text


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
    Map,
    st.just(CHILDREN),
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
)


@settings(max_examples=40)
@given(MAPS)
def test_as_json_nothing_is_lost(made: Map) -> None:
    assert from_json(json.loads(json.dumps(as_json(made)))) == made


@settings(max_examples=40)
@given(MAPS)
def test_whatever_the_names_each_line_of_the_graph_is_a_child_or_an_edge(made: Map) -> None:
    line = re.compile(r'graph LR|  c\d\["[^"|`<>#;&]*"\]|  c\d ---\|"[^"|`<>#;&]*"\| c\d')
    graph = mermaid(made).replace("<br/>", " ").split("\n")

    assert all(line.fullmatch(one) for one in graph), graph


@settings(max_examples=40)
@given(MAPS)
def test_whatever_the_names_each_row_of_the_table_is_one_line_of_five_cells(made: Map) -> None:
    table = [line for line in markdown(made).partition("## Links")[2].split("\n") if re.match(r"\| \d", line)]

    assert len(table) == len(made.links)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in table), table
