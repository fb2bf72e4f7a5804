"""Every value of a config that counts, and where it is from: a line of the file, the environment, or the default."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import fields
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from supervisor.runtime.config.change import text_of
from supervisor.runtime.config.mistakes import variables_of, with_variables
from supervisor.runtime.config.schema import ChildPart, ConfigFile, is_yes
from supervisor.runtime.workspace import WorkspacePaths

CODEX_VARIABLE = "ORCH_CODEX_BIN"
HIDDEN = "(set, and not shown)"  # an address that gets notices may contain a secret
_YES_OR_NO = frozenset(("network", "trusted", "trusted_git", "exclude_tmp", "exclude_roots", "for_session", "desktop"))


class ConfigValue(NamedTuple):
    """One value: its key as in docs/config.md, with rules counted from 1; `source` is where it is from."""

    key: str
    value: object  # as JSON
    source: str
    line: int | None = None  # of the file, if it is from there


def settings_of(workspace: WorkspacePaths) -> tuple[ConfigValue, ...]:
    """Return every setting, in the order of the schema. Raises ConfigError for a config with an error."""
    content = text_of(workspace)
    data = YAML(typ="safe", pure=True).load(content)
    root = YAML(typ="safe", pure=True).compose(content)
    walk = _Walk(workspace)
    return tuple(walk.values("", msgspec.convert(data, ConfigFile), root, None))


def path_variables(workspace: WorkspacePaths) -> tuple[str, ...]:
    """Return the names of the variables in the paths of the config. Raises ConfigError for a config with an error."""
    file = msgspec.convert(YAML(typ="safe", pure=True).load(text_of(workspace)), ConfigFile)
    matches = [match for rule in file.rules for match in (rule.accept, rule.decline)]
    paths = [child if isinstance(child, str) else child.path for child in file.children.values()]
    paths += [match.path for match in matches if match is not None and match.path is not None]
    return variables_of(" ".join([*paths, file.codex.bin or ""]))


class _Walk:
    """Walks the values of a file and the nodes that they come from, side by side."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._root, self._name = workspace.root, workspace.config.name

    def values(self, key: str, value: object, node: Node | None, line: int | None) -> Iterator[ConfigValue]:
        """Yield the settings of a value whose node is at `line`; no node: it is a default."""
        if isinstance(value, Struct) and not key.startswith("rules."):
            yield from self._fields(key, value, node)
        elif key in ("children", "runners") and isinstance(value, Mapping):
            for name, child in value.items():
                below, at = _entry(node, str(name))
                part = ChildPart(child) if isinstance(child, str) else child
                yield from self._fields(f"{key}.{name}", part, below, at)
        elif key == "prices" and isinstance(value, Mapping):
            for model, price in value.items():
                below, _ = _entry(node, str(model))
                yield from self._fields(f"prices.{model}", price, below)
        elif key == "rules" and isinstance(value, tuple):
            for number, rule in enumerate(value):
                entry = node.value[number] if isinstance(node, SequenceNode) else None
                at = entry.start_mark.line + 1 if entry is not None else None
                yield self._setting(f"rules.{number + 1}", _without_absent(rule), at)
        else:
            yield self._setting(key, value, line)

    def _fields(self, key: str, part: Struct, node: Node | None, short: int | None = None) -> Iterator[ConfigValue]:
        """Yield the settings of a part. `short` is the line of a child, which may have the short form `NAME: PATH`."""
        for field in fields(part):
            below, line = _entry(node, field.name)
            if field.name == "path" and line is None:
                line = short
            yield from self.values(f"{key}.{field.name}".lstrip("."), getattr(part, field.name), below, line)

    def _setting(self, key: str, value: object, line: int | None) -> ConfigValue:
        last = key.rpartition(".")[2]
        if key == "codex.bin" and (given := os.environ.get(CODEX_VARIABLE)):
            return ConfigValue(key, given, CODEX_VARIABLE)
        if key == "notify.webhook" and value is not None:
            value = HIDDEN
        elif key.startswith("children.") and last == "path":
            value = os.path.abspath(self._root / Path(with_variables(str(value), os.environ)).expanduser())
        elif key == "codex.bin" and value is not None:
            value = with_variables(str(value), os.environ)
        elif last in _YES_OR_NO and value in (True, False, "yes", "no"):
            value = value is True or value == "yes"
        source = "default" if line is None else f"{self._name}:{line}"
        return ConfigValue(key, msgspec.to_builtins(value), source, line)


def _entry(node: Node | None, key: str) -> tuple[Node | None, int | None]:
    """Return the node below `key` in a mapping, and the line of the key; also one that is merged in (`<<`)."""
    if not isinstance(node, MappingNode):
        return None, None
    for name, value in node.value:
        if name.value == key:
            return value, name.start_mark.line + 1
    for name, value in node.value:
        if name.value == "<<":
            for merged in value.value if isinstance(value, SequenceNode) else (value,):
                if (found := _entry(merged, key))[1] is not None:
                    return found
    return None, None


def _without_absent(rule: Struct) -> dict[str, object]:
    """Return what a rule says, as JSON, without the keys that it does not have."""
    said: dict[str, object] = {}
    for field in fields(rule):
        value = getattr(rule, field.name)
        if isinstance(value, Struct):
            value = {name: one for name, one in msgspec.structs.asdict(value).items() if one is not None}
        if field.name == "for_session":
            value = is_yes(value) or None
        if value is not None:
            said[field.name] = value
    return said
