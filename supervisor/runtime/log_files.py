"""The files behind the logs, written by structlog: one JSON object a line, secrets removed, rotated by size."""

from __future__ import annotations

import logging
import os
from collections.abc import MutableMapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

import structlog

from supervisor.regular_file import descriptor
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import make_inside

KEPT = 3  # rotated files of each log

Line = MutableMapping[str, Any]


class LogFiles:
    """The log files in one folder, each at most `size` bytes before it is rotated. For one thread."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._files: dict[str, RotatingFileHandler] = {}
        self._loggers: dict[str, structlog.stdlib.BoundLogger] = {}

    def write(self, name: str, line: Line) -> None:
        """Write a line (`ts`, `level`, `event` and fields) to the log of this name."""
        fields = {key: value for key, value in line.items() if key not in ("level", "event")}
        self._logger(name).bind(**fields).log(logging.getLevelName(str(line["level"]).upper()), line["event"])

    def close(self) -> None:
        """Close the files; the next line opens its one again."""
        for file in self._files.values():
            file.close()

    def _logger(self, name: str) -> structlog.stdlib.BoundLogger:
        if name not in self._loggers:
            file = _LogFile(
                self._folder / f"{name}.jsonl",
                maxBytes=self._size,
                backupCount=KEPT,
                encoding="utf-8",
                errors="backslashreplace",
                delay=True,
            )
            file.setFormatter(logging.Formatter("%(message)s"))
            plain = logging.Logger(f"orch.{name}", logging.DEBUG)
            plain.addHandler(file)
            self._files[name] = file
            self._loggers[name] = structlog.wrap_logger(
                plain,
                wrapper_class=structlog.stdlib.BoundLogger,
                processors=[_ordered, _redacted, structlog.processors.JSONRenderer(default=str)],
            )
        return self._loggers[name]


class _LogFile(RotatingFileHandler):
    """Begins a new file where somebody removed or replaced it, or its folder."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Raises OSError if the file cannot be opened."""
        if self.stream is not None and not _has_name(self.stream, self.baseFilename):
            self.stream.close()
            self.stream = None
        if self.stream is None:
            self.stream = self._open()
        super().emit(record)

    def _open(self) -> TextIOWrapper:
        make_inside(Path(self.baseFilename).parent)
        opened = descriptor(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return os.fdopen(opened, "a", encoding=self.encoding, errors=self.errors)


def _has_name(file: IO[str], name: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except OSError:
        return False


def _ordered(logger: object, method: str, line: Line) -> Line:
    return {"ts": line.pop("ts"), "level": method, **line}


def _redacted(logger: object, method: str, line: Line) -> Line:
    return clean(dict(line))
