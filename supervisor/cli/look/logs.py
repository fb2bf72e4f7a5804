"""`orch logs`: merge the ledger and the structured logs by time, and print them for people or as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, NamedTuple

from supervisor.cli.command.durations import parse_duration
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import clean_json, one_line, width
from supervisor.cli.display.fit import cut
from supervisor.cli.display.output import paint, room
from supervisor.cli.look.log_lines import LogWords, seconds_of, words_of
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


class Filter(NamedTuple):
    """Which lines to show: a field of None matches every line. `level` is the lowest to show."""

    child: str | None = None
    task: str | None = None
    event: str | None = None
    level: str = "debug"
    since: datetime | None = None

    def passes(self, line: RecordLine) -> bool:
        """Whether the options of `orch logs` leave this line in."""
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
    level: Annotated[Level | None, Option("--level", "Show only this level and above.")] = None,
    since: Annotated[
        str | None,
        Option("--since", "Begin 90s, 10m, 2h or 1d ago, or at an RFC 3339 time.", "WHEN"),
    ] = None,
    tail: Annotated[int | None, Option("--tail", "Show only the last N lines.", "N", short="-n", least=0)] = None,
    raw: Annotated[bool, Option("--raw", "Show every line with all its fields, in UTC.")] = False,
    as_json: Json = False,
) -> int:
    """Print the matching lines, or the last of them; with `follow` also new ones, until Ctrl-C.

    For people, a line is left out that tells nothing about the plan, unless `event` or `level` asks for it.
    Raises UsageError for a child or a task that nothing names.
    """
    check_known(workspace, "child", child)
    check_known(workspace, "task", task)
    after = parse_since(since, datetime.now(UTC)) if since is not None else None
    wanted = Filter(child, task, event, (level or Level.DEBUG).value, after)
    form = _Json() if as_json else _Raw() if raw else _Words(every=event is not None or level is not None)
    return _print(workspace, wanted, form, follow=follow, tail=tail)


class _Json:
    """Lines as JSON, for programs."""

    quiet = True  # says nothing about what is not there

    def shows(self, line: RecordLine) -> bool:
        return True

    def print(self, line: RecordLine) -> None:
        print(json.dumps(clean_json(line)))


class _Raw:
    """Lines with all their fields, in UTC, with a heading for each day."""

    quiet = False

    def __init__(self) -> None:
        self._day = datetime.now(UTC).date()

    def shows(self, line: RecordLine) -> bool:
        return True

    def print(self, line: RecordLine) -> None:
        if (written := moment(line["ts"])).date() != self._day:
            self._day = written.date()
            print(f"── {self._day} (UTC)")
        print(readable(line))


class _Words:
    """Lines in words, in local time, with a heading for each day. `every`: also those that are usually left out."""

    quiet = False

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._telling = LogWords()
        self._day = datetime.now().astimezone().date()
        self._wide = 8

    def shows(self, line: RecordLine) -> bool:
        return self._every or bool(self._telling.words(line))

    def print(self, line: RecordLine) -> None:
        written = local_time(line["ts"])
        if written.date() != self._day:
            self._day = written.date()
            print(f"── {self._day}")
        who = one_line(line.get("child") or "orch", 24)
        self._wide = max(self._wide, width(who))
        spent = seconds_of(line)
        took = f"{spent:.1f} s" if spent is not None else ""
        head = f"{written:%H:%M:%S} {took:>9}  {who}{' ' * (self._wide - width(who))}  "
        columns = room(sys.stdout)[0]
        words = words_of(line) or one_line(line["event"])
        words = cut(words, max(20, columns - width(head)) if columns else None)
        print(f"{head}{paint(words, shade_of(line), sys.stdout)}")


def local_time(time: str) -> datetime:
    """Convert the RFC 3339 text of a line to the time zone of this machine."""
    written = moment(time)
    try:
        return written.astimezone()
    except (OverflowError, ValueError, OSError):  # within a day of the first or the last year
        return written


def shade_of(line: RecordLine) -> str:
    """Return the color of a line by its level, green for what went well; "" for none."""
    return "green" if line["event"] in ("task_done", "tasks_settled") else _SHADES.get(str(line["level"]), "")


def _print(
    workspace: WorkspacePaths, wanted: Filter, form: _Json | _Raw | _Words, *, follow: bool, tail: int | None
) -> int:
    records = Records(workspace)
    holding = [word for word in (wanted.child, wanted.task) if word is not None]
    shown = 0
    try:
        while True:
            found: Iterable[RecordLine] = (
                line
                for line in records.read(more_to_come=follow, holding=holding)
                if wanted.passes(line) and form.shows(line)
            )
            if tail is not None:
                found, tail = deque(found, maxlen=tail), None
            for line in found:
                shown += 1
                form.print(line)
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
    if not shown and not form.quiet:
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
