"""Read `orchestrator.config.yaml`, or report what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from supervisor.errors import ConfigError
from supervisor.late import Late
from supervisor.runtime.config.build import config_of
from supervisor.runtime.config.mistakes import Mistake, Where
from supervisor.runtime.config.model import Config

if TYPE_CHECKING:
    from supervisor.runtime.config import invalid
else:
    invalid = Late("supervisor.runtime.config.invalid")  # 1 ms on the way of each start: only mistakes need it


def read(path: Path, content: bytes) -> Config:
    """Read the file at `path`, with each child's path as it is written there.

    Raises ConfigError naming the line, and the key with the nearest right one.
    """
    try:
        data = YAML(typ="safe", pure=True).load(content)
    except (YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{path}{where} is not YAML ({_first_line(error)})", "correct that line") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no `children:`", "see `orch init --help` for its form")
    try:
        return config_of(path, data)
    except ValidationError as error:
        raise _located(invalid.mistake_of(error, data), path, content) from error
    except Mistake as mistake:
        raise _located(mistake, path, content) from mistake


def _located(mistake: Mistake, path: Path, content: bytes) -> ConfigError:
    return ConfigError(f"{path}:{_line(content, mistake.where)}: {mistake.what}", mistake.next_step)


def _line(content: bytes, where: Where) -> int:
    """Return the line of this place, or of the nearest enclosing place that exists."""
    node: Node | None = YAML(typ="safe", pure=True).compose(content)
    line = node.start_mark.line if node is not None else 0
    for part in where:
        at: Node | None = None
        if isinstance(node, MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            at, node = pairs[0] if pairs else (None, None)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            at = node = node.value[part]
        if at is None:
            break
        line = at.start_mark.line
    return int(line) + 1


def _first_line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0] if str(error) else type(error).__name__)
