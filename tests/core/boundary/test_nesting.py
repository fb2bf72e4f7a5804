"""Whether one place lies in another one, over any tree of folders, by whatever name each is looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.boundary.nesting import holds, same
from supervisor.domain.repo.location import UNKNOWN, Location, Spot

Tree = list[int]
"""The parent of each folder but the first one, which is the root."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    size = draw(st.integers(1, 12))
    return [draw(st.integers(0, number)) for number in range(size)]


def chain(tree: Tree, folder: int) -> list[int]:
    """The folder and all above it."""
    found = [folder]
    while found[-1] > 0:
        found.append(tree[found[-1] - 1])
    return found


def by_path(tree: Tree, folder: int) -> Location:
    return Location("/" + "/".join(str(one) for one in reversed(chain(tree, folder)[:-1])))


def by_inode(tree: Tree, folder: int, name: str) -> Location:
    """Under a name that tells nothing, as on a file system that ignores case, or behind a mount."""
    return Location(f"/{name}", tuple((1, one + 1) for one in chain(tree, folder)))


def by_spot(tree: Tree, folder: int, name: str) -> Location:
    """As mounted at a place that tells nothing."""
    return Location(f"/{name}", (), (Spot("8:1", by_path(tree, folder).path),))


@given(trees(), st.data())
def test_a_place_holds_what_is_below_it_and_nothing_else(tree: Tree, data: st.DataObject) -> None:
    folders = st.integers(0, len(tree))
    one, other = data.draw(folders), data.draw(folders)
    below = one in chain(tree, other)
    for look in (by_path, lambda *at: by_inode(*at, name="a"), lambda *at: by_spot(*at, name="a")):
        first = look(tree, one)
        second = look(tree, other) if look is by_path else replaced(look(tree, other))
        assert holds(first, second) is below
        assert same(first, second) is (one == other)


def replaced(location: Location) -> Location:
    return Location("/b", location.ids, location.spots)


@given(trees(), st.data())
def test_what_lies_in_a_place_lies_in_all_around_it(tree: Tree, data: st.DataObject) -> None:
    folders = st.integers(0, len(tree))
    a, b, c = (by_inode(tree, data.draw(folders), name) for name in "abc")
    assert not (holds(a, b) and holds(b, c)) or holds(a, c)
    assert holds(a, b) + holds(b, a) != 2 or a.ids == b.ids


def test_a_name_that_only_begins_like_another_is_beside_it() -> None:
    assert not holds(Location("/x/app"), Location("/x/app-2"))
    assert holds(Location("/"), Location("/x"))


def test_what_has_no_inode_is_told_by_its_path_alone() -> None:
    gone, other = Location("/x/gone", (UNKNOWN, (1, 2))), Location("/y/gone", (UNKNOWN, (1, 2)))
    assert not holds(gone, other)


def test_a_folder_that_is_mounted_into_another_one_lies_in_it() -> None:
    outer = Location("/x/app", ((1, 5),), (Spot("8:1", "/x/app"), Spot("8:2", "/data/lib")))
    inner = Location("/data/lib", ((2, 9),), (Spot("8:2", "/data/lib"),))
    assert (holds(outer, inner), holds(inner, outer)) == (True, False)
