"""The map as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervisor.domain.seam import Kind, Map, Place, Role, Seam, Surveyed


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
        "rows": [row_as_json(seam) for seam in made.seams],
        "cut": list(made.cut),
    }


def row_as_json(seam: Seam) -> dict[str, Any]:
    """One row of that object."""
    return {
        "kind": str(seam.kind),
        "name": seam.name,
        "score": seam.score,
        "children": list(seam.children),
        "note": seam.note or None,
        "conflict": seam.conflict,
        "places": [
            {
                "child": place.child,
                "file": place.file,
                "line": place.line or None,
                "role": str(place.role),
                "text": place.shown,
                "detail": place.detail or None,
            }
            for place in seam.places
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


def row_from_json(row: Mapping[str, Any]) -> Seam:
    """The seam that `row_as_json` made this of; raises as `from_json` does."""
    places = tuple(
        Place(p["child"], p["file"], p["line"] or 0, Role(p["role"]), p["text"], p["detail"] or "")
        for p in row["places"]
    )
    children, note = tuple(row["children"]), row["note"] or ""
    return Seam(Kind(row["kind"]), row["name"], row["score"], children, places, note, row["conflict"])
