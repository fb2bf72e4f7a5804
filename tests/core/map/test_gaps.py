"""What the map did not understand is said, with places."""

from __future__ import annotations

from supervisor.core.map.gaps import gaps
from supervisor.core.map.links import joined
from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Gap, Kind, Link, Mention, Role, Surveyed, UnresolvedCall

SMALL = (Surveyed("api", "/r/api", 3), Surveyed("web", "/r/web", 3))
LARGE = (Surveyed("api", "/r/api", 300), Surveyed("web", "/r/web", 40))


def route(name: str, child: str, role: Role, file: str = "a.py", *, test: bool = False) -> Occurrence:
    return Occurrence(f"route {name}", child, file, test, Mention(Kind.ROUTE, name, name, 7, role))


def test_routes_of_one_side_only_are_counted_with_their_places() -> None:
    found = joined(
        [
            route("/v1/rides", "api", Role.PROVIDES),
            route("/v1/rides", "web", Role.USES),
            route("/v1/cars/{}", "api", Role.PROVIDES, "b.py"),
            route("/v1/bikes", "api", Role.PROVIDES, "tests/b.py", test=True),
            route("/health", "api", Role.PROVIDES),
            route("/v2/maps/tiles", "web", Role.USES, "c.ts"),
        ]
    )

    assert gaps(SMALL, found.links, found.alone, {}, {}) == (
        Gap(("web",), "1 route is called that no repo here serves", ("c.ts:7",), 1),
        Gap(("api",), "1 route is served that no other repo calls", ("b.py:7",), 1),
    )


def test_requests_whose_address_is_made_elsewhere_are_counted_with_an_example() -> None:
    calls = {"web": [(f"{name}.ts", UnresolvedCall(3, "fetch(url")) for name in "abcdefg"], "api": []}

    assert gaps(SMALL, (), (), calls, {}) == (
        Gap(
            ("web",),
            "7 calls look like HTTP, whose address is made elsewhere (such as `fetch(url`), "
            "so the route was not resolved",
            ("a.ts:3", "b.ts:3", "c.ts:3", "d.ts:3", "e.ts:3"),
            7,
        ),
    )


def test_languages_that_are_not_read_are_named() -> None:
    assert gaps(SMALL, (), (), {}, {"api": {"Haskell": 1, "Zig": 12}, "web": {}}) == (
        Gap(("api",), "not read: Zig (12 files), Haskell (1 file)", (), 13),
    )


def test_two_large_repos_that_share_little_are_named_and_small_ones_are_not() -> None:
    rows = tuple(Link(Kind.ROUTE, f"/v1/r{number}", 0.9, ("api", "web"), ()) for number in range(3))

    assert gaps(LARGE, rows, (), {}, {}) == ()
    assert gaps(SMALL, (), (), {}, {}) == ()
    assert [(gap.children, gap.what.partition(":")[0]) for gap in gaps(LARGE, rows[:1], (), {}, {})] == [
        (("api", "web"), "only 1 sure row between repos of 300 and 40 source files")
    ]
    assert [gap.what.partition(" between")[0] for gap in gaps(LARGE, (), (), {}, {})] == ["no sure row"]
