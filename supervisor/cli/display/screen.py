"""The screen of `orch status`: turns a status object into blocks of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from supervisor.cli.display.blocks import Block, Cell, Grid, Line, clean, one_line
from supervisor.cli.display.output import state
from supervisor.cli.display.skew import skew_of

if TYPE_CHECKING:
    from supervisor.domain.status import AskInfo, ChildInfo, Status, TaskInfo

SUMMARY_LENGTH = 160  # characters of a summary on the screen; runs.md has all of it


def blocks(status: Status, now: datetime) -> list[Block]:
    """Return the whole screen, as of `now`."""
    parts = [
        list(_head(status, now)),
        list(_children(status.children, now)),
        list(_tasks(status.tasks)),
        list(_asks(status.asks)),
    ]
    filled = [part for part in parts if part]
    return [block for at, part in enumerate(filled) for block in (*([Line()] if at else []), *part)]


def ask_blocks(ask: AskInfo) -> Iterator[Block]:
    """Return one ask: what it is, what to do, what result to expect, and how to answer."""
    about = " · ".join(one_line(word) for word in (ask.kind, ask.child, ask.task) if word)
    yield Line((Cell(one_line(ask.id), "bold"), Cell(f"  {about}"), Cell(f"  since {_clock(ask.since)}", "dim")))
    for name, text in (("", ask.text), ("steps", ask.steps), ("expect", ask.expect)):
        lines = clean(text or "").strip().splitlines()
        if name and lines:
            yield Line((Cell(f"{name}:", "dim"),), 2)
        yield from (Line((Cell(line),), 4 if name else 2) for line in lines)
    yield Line((Cell("answer:", "dim"), Cell(f" {_ways(ask)}", "cyan")), 2)


def duration(seconds: float) -> str:
    """Format seconds as one short unit: 12s, 5m, 3h, 2d."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _head(status: Status, now: datetime) -> Iterator[Block]:
    yield Line((Cell("workspace   ", "dim"), Cell(one_line(status.workspace))))
    daemon = status.supervisor
    words = [
        f"process {daemon.pid}" if daemon.pid else "",
        f"for {_since(daemon.since, now)}" if daemon.since else "",
        f"version {one_line(daemon.version)}" if daemon.version else "",
        f"last seen {_clock(status.as_of)}" if daemon.state in ("down", "busy") and status.as_of else "",
    ]
    rest = ", ".join(word for word in words if word)
    yield Line((Cell("supervisor  ", "dim"), state(daemon.state), Cell(f"  {rest}" if rest else "")))
    if daemon.state == "up" and (skew := skew_of(daemon.version)) is not None:
        yield Line((Cell(f"{skew.what}: {skew.next_step}", "yellow"),), 12)
    if daemon.problem:
        yield Line((Cell(one_line(daemon.problem), "red"),), 12)
    plan = status.plan
    revision = f"  revision {plan.revision}" if plan.revision else ""
    title = f": {one_line(plan.title)}" if plan.title else ""
    why = f"  ({one_line(plan.why)})" if plan.why else ""
    yield Line((Cell("plan        ", "dim"), state(plan.state), Cell(f"{revision}{title}{why}")))
    if plan.state == "waiting":
        yield Line((Cell("`orch plan check` shows what it would do, `orch go` lets it in force", "yellow"),), 12)
    for one in status.pauses or ():
        why = f"  until {_clock(one.until)}: {one_line(one.why, SUMMARY_LENGTH)}"
        yield Line((Cell("paused      ", "dim"), Cell(one_line(one.provider or "the provider"), "yellow"), Cell(why)))
    if info := status.orchestrator:
        text = info.doing or (info.summary if info.state == "idle" else None) or info.why or ""
        about = f"  {one_line(text, SUMMARY_LENGTH)}" if text else ""
        yield Line((Cell("orchestrator ", "dim"), state(info.state), Cell(about)))
    for problem in plan.problems:
        yield Line((Cell(f"plan.md:{problem.line}: {one_line(problem.message)}", "red"),), 12)


def _children(children: Sequence[ChildInfo], now: datetime) -> Iterator[Block]:
    if not children:
        return
    rows = tuple(
        (
            Cell(child.name, "bold"),
            state(child.state),
            Cell(_since(child.since, now)),
            Cell(_text(child.pid)),
            Cell(_text(child.codex)),
            Cell(_megabytes(child.rss_bytes)),
            Cell(_text(child.restarts or None)),
            Cell(_text(child.task)),
            Cell(_text(child.problem), "red"),
        )
        for child in children
    )
    yield Grid(("CHILD", "STATE", "FOR", "PID", "CODEX", "MEMORY", "RESTARTS", "TASK", "PROBLEM"), rows).filled()


def _tasks(tasks: Sequence[TaskInfo]) -> Iterator[Block]:
    if not tasks:
        return
    rows = tuple(
        (
            Cell(task.id, "bold"),
            state(task.state),
            Cell(_text(task.child)),
            Cell(one_line(task.title, 40)),
            Cell(_about(task)),
        )
        for task in tasks
    )
    yield Grid(("TASK", "STATE", "CHILD", "TITLE", "WHY"), rows).filled()


def _about(task: TaskInfo) -> str:
    if task.state in ("done", "retired") and task.summary:
        return one_line(task.summary, SUMMARY_LENGTH)
    return one_line(task.why or task.summary or "", SUMMARY_LENGTH)


def _asks(asks: Sequence[AskInfo]) -> Iterator[Block]:
    if asks:
        yield Line((Cell("waits on you", "yellow"),))
    for at, ask in enumerate(asks):
        if at:
            yield Line()
        yield from ask_blocks(ask)


def _ways(ask: AskInfo) -> str:
    call = f"orch answer {one_line(ask.id)}"
    return ", or ".join(f"`{call} {one_line(form)}`" for form in ask.answers or ())


def _since(time: str | None, now: datetime) -> str:
    moment = _parsed(time)
    return duration((now - moment).total_seconds()) if moment else ""


def _clock(time: str | None) -> str:
    moment = _parsed(time)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "an unknown time"


def _parsed(time: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _text(value: object) -> str:
    return "" if value is None else one_line(value)


def _megabytes(size: int | None) -> str:
    return f"{size / 2**20:.0f} MB" if size else ""
