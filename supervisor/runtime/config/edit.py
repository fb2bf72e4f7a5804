"""Edit the children in the text of a config: every other character stays as it is.

An edit is a cut or an insertion at a place that YAML's own parser names. What comes out is parsed again: if it says
anything but what was wanted, the edit is refused, and the person makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from supervisor.runtime.config.starter import quoted

STEP = 2  # columns by which the keys of a child are indented
_ODD = "its `children:` are written in a form that only you can edit"


class ConfigNotEditable(Exception):
    """The text is not in a form in which a child can be added or removed by itself."""


class NewChild(NamedTuple):
    """A child to add. `trusted_git` is None if nobody decided about it."""

    name: str
    path: str
    trusted: bool = False
    trusted_git: bool | None = None
    runner: str | None = None  # of one on another machine

    @property
    def keys(self) -> dict[str, str]:
        """Its keys and their values, as YAML."""
        keys = {"path": quoted(self.path)}
        if self.trusted:
            keys["trusted"] = "true"
        if self.trusted_git is not None:
            keys["trusted_git"] = "yes" if self.trusted_git else "no"
        if self.runner is not None:
            keys["runner"] = quoted(self.runner)
        return keys


def with_child(text: str, child: NewChild) -> str:
    """Return the config with one more child, below the others and written like the last of them.

    Raises ConfigNotEditable.
    """
    before = _loaded(text)
    node, after = _children(text)
    if node.flow_style:
        place = _end(node.value[-1][1], text)
        edited = f"{text[:place]}, {_flow(child)}{text[place:]}"
    else:
        place = _below(text, node, after)
        eol = "\r\n" if "\r\n" in text else "\n"
        gap = "" if text[:place].endswith("\n") else eol
        edited = text[:place] + gap + eol.join((*_block(child, node), "")) + text[place:]
    short, long = child.path, dict(child._asdict())
    del long["name"]
    found = _loaded(edited)
    added = found["children"].pop(child.name, None)
    if found != before or list(found["children"]) != list(before["children"]) or not _is(added, short, long):
        raise ConfigNotEditable(_ODD)
    return edited


def without_child(text: str, name: str) -> str:
    """Return the config without this child. Comments below it stay. Raises ConfigNotEditable."""
    wanted = _loaded(text)
    node, _ = _children(text)
    names = [key.value for key, _ in node.value]
    if name not in names or wanted["children"].pop(name, None) is None:
        raise ConfigNotEditable(_ODD)
    at = names.index(name)
    key, value = node.value[at]
    start, end = key.start_mark.index, max(_end(key, text), _end(value, text))
    if not node.flow_style:
        start = text.rfind("\n", 0, start) + 1
        end = text.find("\n", end) + 1 or len(text)
    elif at + 1 < len(node.value):
        end = node.value[at + 1][0].start_mark.index
    elif at > 0:
        start = max(_end(part, text) for part in node.value[at - 1])
    edited = text[:start] + text[end:]
    found = _loaded(edited)
    if found != wanted or list(found["children"]) != list(wanted["children"]):
        raise ConfigNotEditable(_ODD)
    return edited


def line_of_rule(text: str, number: int) -> int:
    """Return the line of a rule, counted from 1 as in logs; 1 if there is none."""
    root = YAML(typ="safe", pure=True).compose(text)
    rules = next((value for key, value in root.value if key.value == "rules"), None)
    entries = rules.value if rules is not None else []
    return int(entries[number - 1].start_mark.line) + 1 if number <= len(entries) else 1


def _loaded(text: str) -> dict[str, dict[str, object]]:
    """Read the text. Raises ConfigNotEditable if it is no config with children."""
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigNotEditable(_ODD) from error
    if not isinstance(data, dict) or not isinstance(data.get("children"), dict):
        raise ConfigNotEditable(_ODD)
    return data


def _children(text: str) -> tuple[MappingNode, int]:
    """Return the mapping of the children, and where the line of the next key of the file begins."""
    root = YAML(typ="safe", pure=True).compose(text)
    assert isinstance(root, MappingNode), "a config is a mapping"
    at = next(at for at, (key, _) in enumerate(root.value) if key.value == "children")
    node = root.value[at][1]
    if not isinstance(node, MappingNode) or not node.value:
        raise ConfigNotEditable(_ODD)
    if at + 1 == len(root.value):
        return node, len(text)
    return node, text.rfind("\n", 0, root.value[at + 1][0].start_mark.index) + 1


def _below(text: str, node: MappingNode, after: int) -> int:
    """Return where the next child goes: below the last one and the comments that are indented like it, or deeper."""
    first: int = node.value[-1][0].start_mark.index
    place, column = first, node.value[0][0].start_mark.column
    for line in text[first:after].splitlines(keepends=True):
        first += len(line)
        words = line.strip()
        outside = words.startswith("#") and len(line) - len(line.lstrip()) < column
        if words and not outside and words not in ("---", "..."):
            place = first
    return place


def _end(node: Node, text: str) -> int:
    """Return where the text of a node ends, without what may follow it: comments and blank lines."""
    if not isinstance(node, CollectionNode) or node.flow_style:
        return len(text[: node.end_mark.index].rstrip())
    return max((_end(leaf, text) for leaf in _parts(node)), default=node.start_mark.index)


def _parts(node: CollectionNode) -> Iterator[Node]:
    for part in node.value:
        yield from part if isinstance(part, tuple) else (part,)


def _flow(child: NewChild) -> str:
    keys = child.keys
    if len(keys) == 1:
        return f"{quoted(child.name)}: {keys['path']}"
    return f"{quoted(child.name)}: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"


def _block(child: NewChild, node: MappingNode) -> list[str]:
    """Return the lines of a child: in the short form if the last child has it and the path says all."""
    keys, last = child.keys, node.value[-1][1]
    margin = node.value[0][0].start_mark.column
    if len(keys) == 1 and not (isinstance(last, MappingNode) and not last.flow_style):
        return [f"{' ' * margin}{quoted(child.name)}: {keys['path']}"]
    step = STEP
    if isinstance(last, MappingNode) and not last.flow_style and last.value:
        step = max(1, last.value[0][0].start_mark.column - margin)
    inner = [f"{' ' * (margin + step)}{key}: {value}" for key, value in keys.items()]
    return [f"{' ' * margin}{quoted(child.name)}:", *inner]


def _is(found: object, short: str, long: Mapping[str, object]) -> bool:
    """Whether a child was read as it was meant."""
    if not isinstance(found, dict):
        return found == short
    words = {"yes": True, "no": False}
    read = {key: words.get(value, value) if isinstance(value, str) else value for key, value in found.items()}
    return {"trusted": False, "trusted_git": None, "runner": None, **read} == long
