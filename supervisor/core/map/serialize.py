"""The map as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervisor.domain.link import Kind, Link, Map, Place, Role, Surveyed


def as_json(made: Map) -> dict[str, Any]:
    """The object of `orch map --json`."""
    return {
        "children": [
            {
                "name": one.child,
                "path": one.path,
                "files": one.files,
                "skipped": dict(one.skipped),
                "problem": one.problem or None,
                "next_step": one.next_step or None,
            }
            for one in made.children
        ],
        "rows": [row_as_json(link) for link in made.links],
        "cut": list(made.cut),
    }


def row_as_json(link: Link) -> dict[str, Any]:
    """One row of that object."""
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
    """The map that `as_json` made this of. Raises KeyError, TypeError, ValueError or AttributeError if it did not."""
    children = tuple(
        Surveyed(
            *(one["name"], one["path"], one["files"], tuple(one["skipped"].items())),
            *(one["problem"] or "", one["next_step"] or ""),
        )
        for one in value["children"]
    )
    return Map(children, tuple(map(row_from_json, value["rows"])), tuple(value["cut"]))


def row_from_json(row: Mapping[str, Any]) -> Link:
    """The seam that `row_as_json` made this of; raises as `from_json` does."""
    places = tuple(
        Place(p["child"], p["file"], p["line"] or 0, Role(p["role"]), p["text"], p["detail"] or "")
        for p in row["places"]
    )
    children, note = tuple(row["children"]), row["note"] or ""
    return Link(Kind(row["kind"]), row["name"], row["score"], children, places, note, row["conflict"])
