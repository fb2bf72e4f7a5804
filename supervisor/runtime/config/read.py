"""Read `orchestrator.config.yaml`, or report what is wrong with it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from msgspec import ValidationError

from supervisor.runtime.config.build import config_of
from supervisor.runtime.config.mistakes import Mistake
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.plain import read_plain


def read(path: Path, content: bytes) -> Config:
    """Read the file at `path`, with each child's path as it is written there.

    Raises ConfigError naming the line, and the key with the nearest right one.
    """
    if (data := read_plain(content)) is not None:
        with suppress(ValidationError, Mistake):  # then the parser is needed, which knows the line
            return config_of(path, data)
    from supervisor.runtime.config.yaml_reader import read_yaml  # 15 ms, for which most starts need not wait

    return read_yaml(path, content)
