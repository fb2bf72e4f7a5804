"""Who could write what is not theirs, and what prevents it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.boundary.trespass import Trespass, confined, first_refused, trespasses
from supervisor.domain.repo.location import Kept, Location, Root, Territory

WS = Kept("the workspace", Location("/home/ws"))
TMP = Root("/tmp", Location("/tmp"), temporary=True)
APP = Territory("app", Location("/home/app"), (TMP,))
LIB = Territory("lib", Location("/home/app/lib"), (TMP,))
API = Territory("api", Location("/home/api"), (TMP,))


def found(*territories: Territory, kept: tuple[Kept, ...] = (WS,)) -> list[Trespass]:
    return list(trespasses(territories, kept))


def test_children_side_by_side_and_a_workspace_beside_or_above_them_are_fine() -> None:
    assert found(APP, API) == []
    assert found(APP, API, kept=(Kept("the workspace", Location("/home")),)) == []


def test_a_child_in_another_one_is_found_in_either_order() -> None:
    assert found(APP, API, LIB) == found(LIB, APP) == [Trespass("app", other="lib")]


def test_two_names_for_one_folder_are_the_same() -> None:
    assert found(APP, replace(APP, child="again")) == [
        Trespass("app", other="again", same=True),
        Trespass("again", other="app", same=True),
    ]


def test_a_child_or_a_workspace_where_all_may_write_is_found() -> None:
    there = Territory("there", Location("/tmp/there"), (TMP,))
    assert found(API, there) == [Trespass("api", TMP, other="there")]
    temporary = Kept("the workspace", Location("/tmp/ws"))
    assert found(API, kept=(temporary,)) == [Trespass("api", TMP, kept=temporary)]
    assert found(replace(API, roots=()), kept=(temporary,)) == []


def test_a_workspace_in_a_child_is_found() -> None:
    inside = Kept("the workspace", Location("/home/app/ws"))
    assert found(APP, kept=(inside,)) == [Trespass("app", kept=inside)]


def test_a_child_that_only_reads_is_confined_instead_of_refused() -> None:
    reading = replace(APP, reads_only=True)
    territories = (reading, LIB, replace(API, reads_only=True))
    some = found(*territories)
    assert some == [Trespass("app", other="lib")]
    assert (first_refused(territories, some), confined(territories, some)) == (None, frozenset({"app"}))
    assert first_refused((APP, LIB), found(APP, LIB)) == Trespass("app", other="lib")


def test_one_folder_under_two_names_is_refused_even_if_both_only_read() -> None:
    twice = (replace(APP, reads_only=True), replace(APP, child="again", reads_only=True))
    refused = first_refused(twice, found(*twice))
    assert refused is not None
    assert refused.same


PATHS = st.lists(st.sampled_from("ab"), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(PATHS, min_size=1, max_size=6), PATHS)
def test_no_child_trespasses_on_itself_and_the_order_does_not_matter(paths: list[str], workspace: str) -> None:
    territories = [Territory(str(number), Location(path)) for number, path in enumerate(paths)]
    kept = Kept("the workspace", Location(workspace))
    some = list(trespasses(territories, (kept,)))
    assert all(one.child != one.other for one in some)
    turned = list(trespasses(territories[::-1], (kept,)))
    assert sorted(map(repr, some)) == sorted(map(repr, turned))
    for one, path in zip(territories, paths, strict=True):
        inside = workspace == path or workspace.startswith(path.rstrip("/") + "/")
        assert (Trespass(one.child, kept=kept) in some) is inside
