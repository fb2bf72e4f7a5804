"""Whatever a key of the config is set to, an error names the line, the key and the next step, in words of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from msgspec.inspect import DictType, Metadata, StructType, Type, UnionType, VarTupleType, type_info

from supervisor.errors import OrchError
from supervisor.runtime.config.load import load
from supervisor.runtime.config.schema import ConfigFile
from supervisor.runtime.workspace import WorkspacePaths

VALUES: tuple[object, ...] = (7, -1, 0.5, 1e300, True, None, "no such word", "", [], [7], ["x"], {}, {"a": 1})
RAW = re.compile(
    r"msgspec|pydantic|validation error|Expected|Object |Invalid |`str`|`int`|`array`|`object`|\(type=|Traceback"
)


def keys(kind: Type, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of each key of the file."""
    if isinstance(kind, Metadata):
        yield from keys(kind.type, path)
    elif isinstance(kind, UnionType):
        for one in kind.types:
            yield from keys(one, path)
    elif isinstance(kind, StructType):
        for field in kind.fields:
            yield (*path, field.name)
            yield from keys(field.type, (*path, field.name))
    elif isinstance(kind, DictType):
        yield (*path, "api")
        yield from keys(kind.value_type, (*path, "api"))
    elif isinstance(kind, VarTupleType):
        yield (*path, 0)
        yield from keys(kind.item_type, (*path, 0))


def config_with(place: tuple[str | int, ...], value: object) -> dict[str, object]:
    """A config with one child, in which this place has this value."""
    made: object = value
    for part in reversed(place):
        made = [made] if isinstance(part, int) else {part: made}
    assert isinstance(made, dict)
    child = made.get("children")
    if isinstance(child, dict) and isinstance(child.get("api"), dict) and "path" not in child["api"]:
        child["api"]["path"] = "../api"
    return {"children": {"api": "../api"}, **made}


@pytest.mark.parametrize(
    "place", dict.fromkeys(keys(type_info(ConfigFile))), ids=lambda place: ".".join(map(str, place))
)
def test_an_error_is_a_sentence_with_its_place_and_the_next_step(
    place: tuple[str | int, ...], workspace: WorkspacePaths
) -> None:
    for value in VALUES:
        workspace.config.write_text(json.dumps(config_with(place, value)), encoding="utf-8")
        if (error := error_of(workspace)) is None:
            continue
        assert error.next_step, error
        assert not RAW.search(error.what), error
        assert "\n" not in str(error)
        assert any(word in error.what for word in (str(place[0]), "the child `", "rule 1")), error


def error_of(workspace: WorkspacePaths) -> OrchError | None:
    try:
        load(workspace)
    except OrchError as error:
        return error
    return None
