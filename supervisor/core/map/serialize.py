"""Convert the map to JSON values and back."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from supervisor.domain.link import Family, Gap, Interface, Kind, Link, Map, Place, Role, Side, Surveyed


class PlaceRow(TypedDict):
    """A place of a link: `line` counts from 1 and is None for a whole file."""

    child: str
    file: str
    line: int | None
    role: str
    text: str
    detail: str | None
    type: NotRequired[str]  # of a field that is declared there


class SideRow(TypedDict):
    """How often one repo has a name: of `count` places, so many name, provide or use it."""

    child: str
    count: int
    named: int
    weak: int
    provided: int
    used: int
    places: list[PlaceRow]


class LinkRow(TypedDict):
    """A row of the map: one name that repos share, with its best places."""

    kind: str
    name: str
    score: float
    sure: NotRequired[bool]  # it is above the line; false: take it for a hint
    children: list[str]
    note: str | None
    conflict: bool
    places: list[PlaceRow]
    sides: NotRequired[list[SideRow]]  # with which a later map is compared


class InterfaceRow(TypedDict):
    """Rows that are one interface between two repos; without direction, neither of them provides it."""

    family: str
    title: str
    provider: str
    consumer: str
    directed: bool
    files: list[str]
    used_in: list[str]
    rows: list[int]  # places in `rows`, from 0
    score: float


class GapRow(TypedDict):
    """Something that the survey saw and did not understand, with `count` places of which some are named."""

    children: list[str]
    what: str
    places: list[str]
    count: int


class ChildRow(TypedDict):
    """How a repo was read: `skipped` counts files by the reason; `problem` says why nothing was."""

    name: str
    path: str
    files: int
    skipped: dict[str, int]
    problem: str | None
    next_step: str | None


class MapObject(TypedDict):
    """The object of `orch map --json`."""

    children: list[ChildRow]
    interfaces: list[InterfaceRow]
    rows: list[LinkRow]
    gaps: list[GapRow]  # what was not understood
    cut: list[str]


def as_json(made: Map) -> MapObject:
    """Convert a map to the object of `orch map --json`."""
    return {
        "children": [
            {
                "name": surveyed.child,
                "path": surveyed.path,
                "files": surveyed.files,
                "skipped": dict(surveyed.skipped),
                "problem": surveyed.problem or None,
                "next_step": surveyed.next_step or None,
            }
            for surveyed in made.children
        ],
        "interfaces": [_interface_as_json(one) for one in made.interfaces],
        "rows": [row_as_json(link) for link in made.links],
        "gaps": [
            {"children": list(gap.children), "what": gap.what, "places": list(gap.places), "count": gap.count}
            for gap in made.gaps
        ],
        "cut": list(made.cut),
    }


def _interface_as_json(one: Interface) -> InterfaceRow:
    return {
        "family": str(one.family),
        "title": one.title,
        "provider": one.provider,
        "consumer": one.consumer,
        "directed": one.directed,
        "files": list(one.files),
        "used_in": list(one.used_in),
        "rows": list(one.rows),
        "score": one.score,
    }


def row_as_json(link: Link) -> LinkRow:
    """Convert a link to a row of that object."""
    row: LinkRow = {
        "kind": str(link.kind),
        "name": link.name,
        "score": link.score,
        "sure": link.sure,
        "children": list(link.children),
        "note": link.note or None,
        "conflict": link.conflict,
        "places": [_place_as_json(place) for place in link.places],
    }
    if link.sides:
        row["sides"] = [
            {
                "child": side.child,
                "count": side.count,
                "named": side.named,
                "weak": side.weak,
                "provided": side.provided,
                "used": side.used,
                "places": [_place_as_json(place) for place in side.places],
            }
            for side in link.sides
        ]
    return row


def _place_as_json(place: Place) -> PlaceRow:
    row: PlaceRow = {
        "child": place.child,
        "file": place.file,
        "line": place.line or None,
        "role": str(place.role),
        "text": place.shown,
        "detail": place.detail or None,
    }
    if place.type:
        row["type"] = place.type
    return row


def from_json(value: MapObject) -> Map:
    """Convert an object of `as_json` back. For others, raises KeyError, TypeError, ValueError or AttributeError."""
    children = tuple(
        Surveyed(
            *(child["name"], child["path"], child["files"], tuple(child["skipped"].items())),
            *(child["problem"] or "", child["next_step"] or ""),
        )
        for child in value["children"]
    )
    interfaces = tuple(
        Interface(
            *(Family(one["family"]), one["title"], one["provider"], one["consumer"], one["directed"]),
            *(tuple(one["files"]), tuple(one["used_in"]), tuple(one["rows"]), one["score"]),
        )
        for one in value["interfaces"]
    )
    gaps = tuple(Gap(tuple(gap["children"]), gap["what"], tuple(gap["places"]), gap["count"]) for gap in value["gaps"])
    return Map(children, tuple(map(row_from_json, value["rows"])), tuple(value["cut"]), interfaces, gaps)


def row_from_json(row: LinkRow) -> Link:
    """Convert a row of `row_as_json` back. Raises the same errors as `from_json`."""
    places = tuple(map(_place_from_json, row["places"]))
    sides = tuple(
        Side(
            *(one["child"], tuple(map(_place_from_json, one["places"]))),
            *(one["count"], one["named"], one["weak"], one["provided"], one["used"]),
        )
        for one in row.get("sides", ())
    )
    children, note = tuple(row["children"]), row["note"] or ""
    return Link(Kind(row["kind"]), row["name"], row["score"], children, places, note, row["conflict"], sides)


def _place_from_json(p: PlaceRow) -> Place:
    return Place(
        *(p["child"], p["file"], p["line"] or 0, Role(p["role"]), p["text"]), p["detail"] or "", p.get("type", "")
    )
