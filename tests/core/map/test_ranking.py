"""What a person sees first: a copied file before what it holds, and not all of that before everything else."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.map.ranking import AT_ONCE, OF_TWO_FILES, ranked
from supervisor.domain.link import Kind, Link, Place, Role

SCHEMA = {"api": "proto/api.proto", "web": "src/api.proto"}


def row(name: str, score: float, *files: tuple[str, str], kind: Kind = Kind.SCHEMA) -> Link:
    places = tuple(Place(child, file, 1, Role.NAMES, name) for child, file in files)
    return Link(kind, name, score, tuple(sorted({child for child, _ in files})), places)


def held(name: str, *others: tuple[str, str], score: float = 1.0) -> Link:
    """A row for a name that both copies of the schema have."""
    return row(name, score, *SCHEMA.items(), *others)


COPY = row("api.proto", 0.85, *SCHEMA.items(), kind=Kind.COPY)
TOPIC = row("rides/{}/done", 0.7, ("api", "app.py"), ("web", "a.ts"), kind=Kind.TOPIC)


def names(rows: Sequence[Link]) -> list[str]:
    return [one.name for one in ranked(rows)]


def test_the_best_evidence_is_first_and_ties_are_in_a_stable_order() -> None:
    weak = row("b", 0.4, ("api", "b.py"), ("web", "b.ts"))

    assert names([weak, TOPIC, row("a", 0.4, ("api", "a.py"), ("web", "a.ts"))]) == [TOPIC.name, "a", "b"]


def test_a_copied_file_is_before_what_it_holds() -> None:
    assert names([held("Ride"), held("Trip"), COPY]) == ["api.proto", "Ride", "Trip"]


def test_much_that_one_copied_file_holds_leaves_room_for_the_rest() -> None:
    many = [held(f"Message{number:03}") for number in range(200)]

    first = names([*many, COPY, TOPIC])[:20]

    assert first[: AT_ONCE + 1] == ["api.proto", *(one.name for one in many[:AT_ONCE])]
    assert TOPIC.name in first


def test_what_both_sides_use_elsewhere_is_before_what_only_the_copies_have() -> None:
    used = held("Used", ("api", "app.py"), ("web", "a.ts"))
    half = held("Half", ("api", "app.py"))

    assert names([held("Alone"), half, used, COPY]) == ["api.proto", "Used", "Half", "Alone"]


def test_a_type_that_is_used_all_over_is_no_worse_for_it_and_types_are_before_fields() -> None:
    used = held("Hello", ("api", "app.py"), ("web", "a.ts"), score=0.5)
    field = replace(held("ride_id", ("api", "app.py"), ("web", "a.ts")), kind=Kind.KEY)

    assert names([field, held("Alone"), used, TOPIC, COPY]) == ["api.proto", "Hello", "Alone", TOPIC.name, "ride_id"]


def test_otherwise_the_order_is_that_of_the_file() -> None:
    at = [
        replace(held(name), places=tuple(replace(place, line=line) for place in held(name).places))
        for name, line in (("Zebra", 3), ("Ant", 90), ("Hello", 1))
    ]

    assert names([*at, COPY]) == ["api.proto", "Hello", "Zebra", "Ant"]


def test_what_one_side_has_elsewhere_only_is_not_of_the_copy() -> None:
    rows = [row(f"Own{number}", 1.0, ("api", SCHEMA["api"]), ("web", f"own{number}.ts")) for number in range(30)]

    assert names([*rows, COPY]) == [*sorted(one.name for one in rows), "api.proto"]


def test_scores_stay_as_they_are() -> None:
    rows = [held(f"Message{number:03}") for number in range(30)]

    assert {(one.name, one.score) for one in ranked([*rows, COPY])} == {(one.name, one.score) for one in (*rows, COPY)}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0.2, 1), st.booleans()), max_size=20))
def test_no_row_is_lost_and_the_order_does_not_depend_on_that_given(found: list[tuple[str, float, bool]]) -> None:
    rows = [
        held(name, score=score) if inside else row(name, score, ("api", "x.py"), ("web", "x.ts"))
        for name, score, inside in found
    ]

    assert sorted(map(repr, ranked([COPY, *rows]))) == sorted(map(repr, [COPY, *rows]))
    assert [repr(one) for one in ranked([*reversed(rows), COPY])] == [repr(one) for one in ranked([COPY, *rows])]


def test_many_rows_of_two_files_leave_room_for_the_rest() -> None:
    many = [row(f"field{number:03}", 0.8, ("api", "app.py"), ("web", "a.ts"), kind=Kind.KEY) for number in range(40)]
    other = row("other", 0.5, ("api", "b.py"), ("web", "b.ts"), kind=Kind.KEY)

    first = names([*many, other])[:20]

    assert first[:OF_TWO_FILES] == [one.name for one in many[:OF_TWO_FILES]]
    assert other.name in first


def test_what_stands_before_under_another_kind_is_not_said_again_at_the_front() -> None:
    procedure = row("EndRide", 1.0, ("api", "a.proto"), ("web", "a.ts"), ("app", "ride.graphql"))
    field = row("endRide", 0.9, ("web", "schema.graphql"), ("app", "ride.graphql"), kind=Kind.KEY)
    of_others = row("end_ride", 0.6, ("web", "b.ts"), ("cloud", "b.py"), kind=Kind.KEY)
    weak = row("b", 0.4, ("api", "b.py"), ("web", "b.ts"), kind=Kind.KEY)

    assert names([procedure, field, of_others, weak]) == ["EndRide", "end_ride", "b", "endRide"]


def test_a_pair_of_commits_is_behind_the_links_that_it_explains() -> None:
    pair = row("rides/{}/done", 0.6, ("api", "1f2e3d4"), ("web", "5a6b7c8"), kind=Kind.COMMIT)

    assert [one.kind for one in ranked([pair, replace(TOPIC, score=0.4)])] == [Kind.TOPIC, Kind.COMMIT]


def test_a_pair_of_commits_for_a_single_name_is_below_the_line() -> None:
    sure = row("rides/{}/done, ride_id", 0.45, ("api", "1f2e3d4"), ("web", "5a6b7c8"), kind=Kind.COMMIT)
    single = row("rides/{}/done", 0.35, ("api", "2e3d4c5"), ("web", "6b7c8d9"), kind=Kind.COMMIT)
    weak = row("b", 0.2, ("api", "b.py"), ("web", "b.ts"), kind=Kind.KEY)

    assert names([single, weak, sure]) == [sure.name, weak.name, single.name]
    assert [one.sure for one in (sure, weak, single)] == [True, True, False]


def test_files_copied_from_one_folder_to_another_are_not_all_at_the_front() -> None:
    images = [
        row(f"{number}.json", 0.75, ("api", f"doc/{number}.json"), ("web", f"docs/{number}.json"), kind=Kind.COPY)
        for number in range(30)
    ]

    assert TOPIC.name in names([*images, replace(TOPIC, score=0.3)])[:6]
