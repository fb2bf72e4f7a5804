"""`orch logs`: merge the ledger and the structured logs by time, and print them for people or as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from supervisor.cli.command.durations import parse_duration
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import clean_json, one_line
from supervisor.cli.display.output import paint
from supervisor.cli.look.named import check_known
from supervisor.errors import UsageError
from supervisor.runtime.records import RecordLine, Records, moment
from supervisor.runtime.workspace import WorkspacePaths


class Level(StrEnum):
    """The lowest level to show."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


LEVELS = tuple(level.value for level in Level)
POLL = 0.2  # seconds between two polls of the files
LONGEST = 160  # characters of one value in a line for people; `--json` prints all of it


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines to show: a field of None matches every line. `level` is the lowest to show."""

    child: str | None = None
    task: str | None = None
    event: str | None = None
    level: str = "debug"
    since: datetime | None = None

    def passes(self, line: RecordLine) -> bool:
        return (
            (self.child is None or line.get("child") == self.child)
            and (self.task is None or line.get("task") == self.task)
            and (self.event is None or fnmatchcase(line["event"], self.event))
            and _loudness(line["level"]) >= _loudness(self.level)
            and (self.since is None or moment(line["ts"]) >= self.since)
        )


def logs(
    workspace: WorkspacePaths,
    *,
    follow: Annotated[bool, Option("--follow", "Keep printing new lines, until Ctrl-C.", short="-f")] = False,
    child: Annotated[str | None, Option("--child", "Show only lines about this child.", "C")] = None,
    task: Annotated[str | None, Option("--task", "Show only lines about this task.", "T")] = None,
    event: Annotated[str | None, Option("--event", "Show only events whose name matches.", "GLOB")] = None,
    level: Annotated[Level, Option("--level", "Show only this level and above.")] = Level.DEBUG,
    since: Annotated[
        str | None,
        Option("--since", "Begin 90s, 10m, 2h or 1d ago, or at an RFC 3339 time.", "WHEN"),
    ] = None,
    as_json: Json = False,
) -> int:
    """Print the matching lines; with `follow` also new ones, until Ctrl-C.

    Raises UsageError for a child or a task that nothing names.
    """
    check_known(workspace, "child", child)
    check_known(workspace, "task", task)
    after = parse_since(since, datetime.now(UTC)) if since is not None else None
    return _print(workspace, Filter(child, task, event, level.value, after), follow=follow, as_json=as_json)


def _print(workspace: WorkspacePaths, wanted: Filter, *, follow: bool, as_json: bool) -> int:
    records = Records(workspace)
    holding = [word for word in (wanted.child, wanted.task) if word is not None]
    day = datetime.now(UTC).date()
    shown = 0
    try:
        while True:
            for line in records.read(more_to_come=follow, holding=holding):
                if not wanted.passes(line):
                    continue
                shown += 1
                if as_json:
                    print(json.dumps(clean_json(line)))
                    continue
                if (written := moment(line["ts"])).date() != day:
                    day = written.date()
                    print(f"── {day} (UTC)")
                print(readable(line))
            if not follow:
                break
            sys.stdout.flush()
            time.sleep(POLL)
    except KeyboardInterrupt:
        if not follow:
            raise
    finally:
        if records.broken:
            output.say(f"skipped {records.broken} broken line{'s' * (records.broken > 1)}")
        records.close()
    if not shown and not as_json:
        output.say(f"no line matches; what the servers print themselves is in {workspace.logs}/*.stderr.log")
    return 0


def readable(line: RecordLine) -> str:
    """Format a line for people: time, level, event, child and task, then the other fields."""
    level = str(line["level"])
    event = one_line(line["event"], 40)
    action = line.get("action")
    if event == "intended" and isinstance(action, dict):
        event = f"{event} {one_line(action.get('action', ''), 40)}"
    about = " ".join(one_line(line[name], 40) for name in ("child", "task") if line.get(name))
    shade = paint(f"{one_line(level, 7):<7}", _SHADES.get(level, ""), sys.stdout)
    left_out = (*_PLACED, *(_OF_A_PLAN if event.startswith("plan_") else ()))
    rest = [f"{name}={_value(value)}" for name, value in line.items() if name not in left_out and value not in _NOTHING]
    head = f"{moment(line['ts']):%H:%M:%S.%f}"[:12]
    return " ".join(part for part in (head, shade, f"{event:<22}", about, *map(one_line, rest)) if part).rstrip()


def parse_since(text: str, now: datetime) -> datetime:
    """Parse a duration (before `now`) or an RFC 3339 time. Raises UsageError."""
    if (ago := parse_duration(text)) is not None:
        try:
            return now - timedelta(seconds=ago)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        return moment(text.strip())
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"`{one_line(text, 40)}` is not a time", "write 90s, 10m, 2h, 1d or 2026-11-23T10:00:00Z"
        ) from error


_SHADES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "red"}
_PLACED = ("ts", "level", "event", "child", "task", "seq", "action")
_OF_A_PLAN = ("plan", "picture", "digest")  # its other fields say in words what matters; `--json` has all
_NOTHING: tuple[object, ...] = (None, "", [], {})


def _loudness(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _value(value: object) -> str:
    if isinstance(value, str):
        text = one_line(value, LONGEST)
        return json.dumps(text, ensure_ascii=False) if not text or " " in text or "=" in text else text
    return one_line(json.dumps(value, ensure_ascii=False), LONGEST)
