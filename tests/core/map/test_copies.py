"""Find the same file in two repos, and where the copies differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.map.copies import GROWN, LARGEST, SMALLEST, Copy, drifted, is_candidate, same

LINES = [f"value_{number} = {number}" for number in range(20)]


def copy(child: str, name: str = "crc.py", oid: str = "a", size: int = 400) -> Copy:
    return Copy(child, name, oid, size)


def drift(mine: list[str], theirs: list[str]) -> list[tuple[str, list[int]]]:
    texts = {"api": "\n".join(mine), "web": "\n".join(theirs)}
    rows = drifted([copy("api"), copy("web", oid="b")], lambda one: texts[one.child])
    return [(row.note, [place.line for place in row.places]) for row in rows]


def test_the_same_content_under_any_name_is_one_row() -> None:
    (row,) = same([copy("api"), copy("web", "lib/checksum.py"), copy("web", "other.py", oid="b")])

    assert [(place.child, place.file) for place in row.places] == [("api", "crc.py"), ("web", "lib/checksum.py")]
    assert not row.conflict


@pytest.mark.parametrize(
    "files",
    [
        [copy("api"), copy("api", "b.py")],
        [copy("api", size=SMALLEST - 1), copy("web", size=SMALLEST - 1)],
        [copy("api", "LICENSE"), copy("web", "LICENSE")],
        [copy("api", oid=""), copy("web", oid="")],
        [copy("api", ".github/FUNDING.yml"), copy("web", ".github/FUNDING.yml")],
        [copy("api", ".github/matchers/py.json"), copy("web", ".github/matchers/py.json")],
    ],
)
def test_a_file_in_one_repo_or_in_every_repo_or_a_small_one_is_not_a_copy(files: list[Copy]) -> None:
    assert list(same(files)) == []


@pytest.mark.parametrize(
    "name", ["README.md", "a/package.json", "eslint.config.mjs", "src/vite.config.ts", ".gitignore"]
)
def test_what_each_repo_has_of_its_own_is_no_candidate(name: str) -> None:
    assert not is_candidate(name)
    assert is_candidate("src/crc.py")


def test_a_copy_that_drifted_points_at_the_first_line_that_differs() -> None:
    changed = [*LINES[:7], "value_7 = 8", *LINES[8:]]

    assert drift(LINES, changed) == [("drifted: 90% of the lines are the same", [8, 8])]


def test_a_copy_to_which_one_side_added_much_is_still_one() -> None:
    grown = [*LINES[:9], *(f"added_{number} = 1" for number in range(60)), *LINES[9:]]

    assert drift(LINES, grown) == [("drifted: one has nearly all lines of the other, and 60 more", [1, 10])]
    assert drift(LINES[:5], [*LINES[:5], *(f"added_{number} = 1" for number in range(60))]) == []
    assert drift(LINES, [*LINES[:9], *(f"added_{number} = 1" for number in range(60))]) == []


def test_two_files_that_only_share_a_name_have_no_row() -> None:
    assert drift(LINES, [f"other_{number} = 1" for number in range(20)]) == []
    assert drift(LINES, [*LINES, ""]) == []


def test_a_file_of_another_size_or_too_large_is_not_read() -> None:
    def read(one: Copy) -> str:
        raise AssertionError("was read")

    assert list(drifted([copy("api"), copy("web", oid="b", size=400 * GROWN + 1)], read)) == []
    assert list(drifted([copy("api", size=LARGEST + 1), copy("web", oid="b", size=LARGEST + 1)], read)) == []


def test_a_file_that_cannot_be_read_any_more_has_no_row() -> None:
    assert list(drifted([copy("api"), copy("web", oid="b")], lambda one: None)) == []


@given(st.lists(st.text("ab =\n", max_size=8), max_size=12), st.lists(st.text("ab =\n", max_size=8), max_size=12))
def test_a_row_points_at_lines_that_are_there(mine: list[str], theirs: list[str]) -> None:
    for _, (a, b) in drift(mine, theirs):
        assert 1 <= a <= len("\n".join(mine).splitlines())
        assert 1 <= b <= len("\n".join(theirs).splitlines())


def test_a_picture_proves_less_than_a_source() -> None:
    (picture,), (source,) = same([copy("api", "a.png"), copy("web", "a.png")]), same([copy("api"), copy("web")])

    assert picture.score < source.score
