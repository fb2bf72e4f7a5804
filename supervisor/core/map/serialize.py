"""Convert the map to JSON values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervisor.domain.link import Kind, Link, Map, Place, Role, Surveyed


def as_json(made: Map) -> dict[str, Any]:
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
        "rows": [row_as_json(link) for link in made.links],
        "cut": list(made.cut),
    }


def row_as_json(link: Link) -> dict[str, Any]:
    """Convert a link to a row of that object."""
    return {
        "kind": str(link.kind),
        "name": link.name,
        "score": link.score,
        "children": list(link.children),
        "note": link.note or None,
        "conflict": link.conflict,
        "places": [
            {
                "child": place.child,
                "file": place.file,
                "line": place.line or None,
                "role": str(place.role),
                "text": place.shown,
                "detail": place.detail or None,
            }
            for place in link.places
        ],
    }


def from_json(value: Mapping[str, Any]) -> Map:
    """Convert an object of `as_json` back. For others, raises KeyError, TypeError, ValueError or AttributeError."""
    children = tuple(
        Surveyed(
            *(child["name"], child["path"], child["files"], tuple(child["skipped"].items())),
            *(child["problem"] or "", child["next_step"] or ""),
        )
        for child in value["children"]
    )
    return Map(children, tuple(map(row_from_json, value["rows"])), tuple(value["cut"]))


def row_from_json(row: Mapping[str, Any]) -> Link:
    """Convert a row of `row_as_json` back. Raises the same errors as `from_json`."""
    places = tuple(
        Place(p["child"], p["file"], p["line"] or 0, Role(p["role"]), p["text"], p["detail"] or "")
        for p in row["places"]
    )
    children, note = tuple(row["children"]), row["note"] or ""
    return Link(Kind(row["kind"]), row["name"], row["score"], children, places, note, row["conflict"])
