"""The time line: one lane per child with its turns and checks, asks marked in it, edits of the plan across all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from supervisor.core.view.page.axis import FOLDED, Axis
from supervisor.core.view.page.pen import Html, Pen, lasted
from supervisor.core.view.story.record import AskRecord, PlanEdit, RunStory, Stretch
from supervisor.domain.plan import HUMAN

WIDE, LABEL, RIGHT = 1080, 120, 12  # of the drawing, of a lane's name, of the margin
TOP, LANE, BAR = 34, 30, 16  # of the marks above, of a lane, of a stretch in it
LETTER = 7.2  # width of a letter in a stretch, at most
DRAWN = 4000  # stretches, the latest
MARKED = 400  # asks and edits, the latest

_HOW = {"completed": "turn", "failed": "bad", "interrupted": "cut", "passed": "good", "lost": "cut", "": "now"}


def timeline(pen: Pen, story: RunStory, until: datetime | None = None) -> Html:
    """Draw it up to now (`until`), as one SVG. "" if nothing happened yet."""
    stretches, edits = story.stretches[-DRAWN:], [one for one in story.edits if one.revision][-MARKED:]
    end = until or story.until
    if end is None or not (stretches or edits):
        return Html("")
    asks = [one for one in story.asks if one.ask.child or one.ask.task][-MARKED:]
    times = [
        *((one.begin, one.end or end) for one in stretches),
        *((one.at, one.at) for one in edits),
        *((one.ask.since, one.ask.since) for one in asks),
        *((one.settled, one.settled) for one in asks if one.settled is not None),
    ]
    axis = Axis(times, WIDE - LABEL - RIGHT)
    lanes = _lanes(story, stretches, asks)
    tall = TOP + LANE * len(lanes) + 8
    parts = (
        _frame(pen, axis, lanes, tall),
        *(_stretch(pen, axis, lanes, one, end) for one in stretches),
        *(_edit(pen, axis, one, tall) for one in edits),
        *(_ask(pen, axis, lanes, one, end) for one in asks),
    )
    inner = (pen("title", "Time line"), *parts)
    box = f"0 0 {WIDE} {tall}"
    return pen("svg", inner, viewBox=box, width=WIDE, height=tall, role="img", cls="lanes")


def _lanes(story: RunStory, stretches: Sequence[Stretch], asks: Sequence[AskRecord]) -> dict[str, int]:
    """Number the lanes: children in the order of the config, then others, the person's last."""
    used = {one.child for one in stretches} | {_lane_of(one) for one in asks}
    known = [name for name in story.world.servers if name in used]
    rest = sorted(used - {*known, HUMAN})
    return {name: at for at, name in enumerate((*known, *rest, *((HUMAN,) if HUMAN in used else ())))}


def _lane_of(record: AskRecord) -> str:
    return record.ask.child or HUMAN


def _frame(pen: Pen, axis: Axis, lanes: dict[str, int], tall: int) -> Html:
    def across() -> Iterator[Html]:
        for name, at in lanes.items():
            y = TOP + at * LANE
            yield pen("rect", x=0, y=y, width=WIDE, height=LANE, cls="lane odd" if at % 2 else "lane")
            shown = name if len(name) <= 16 else f"{name[:15]}…"
            yield pen("text", shown, pen("title", name), x=8, y=y + LANE // 2 + 4, cls="who")
        for place, at_time in axis.ticks():
            x = _n(LABEL + place)
            yield pen("path", d=f"M{x} {TOP - 6}V{tall}", cls="tick")
            yield pen("text", pen.clock(at_time), x=x, y=TOP - 20, cls="at")
        for place, seconds in axis.pauses:
            title = pen("title", f"Nothing happened for {lasted(seconds)}")
            middle = LABEL + place + FOLDED / 2
            yield pen("g", title, pen("text", "⋯", x=_n(middle), y=TOP - 6, cls="at"), cls="pause")

    return pen("g", across())


def _stretch(pen: Pen, axis: Axis, lanes: dict[str, int], one: Stretch, end: datetime) -> Html:
    left = LABEL + axis.place(one.begin)
    wide = max(1.5, LABEL + axis.place(one.end or end) - left)
    y = TOP + lanes[one.child] * LANE + (LANE - BAR) // 2
    how = one.how or "goes on"
    took = lasted(((one.end or end) - one.begin).total_seconds())
    what = "verified" if one.kind == "checks" else "turn"
    title = pen("title", f"{one.task}: {what}, {how}, {took}")
    look = f"{one.kind} {_HOW.get(one.how, 'cut')}"
    box = pen("rect", title, x=_n(left), y=y, width=_n(wide), height=BAR, rx=3, cls=look)
    fits = wide > 8 + LETTER * len(one.task)
    name = pen("text", one.task, x=_n(left + 5), y=y + 12, cls="in") if fits else Html("")
    return pen.join(box, name)


def _edit(pen: Pen, axis: Axis, one: PlanEdit, tall: int) -> Html:
    x = _n(LABEL + axis.place(one.at))
    title = pen("title", f"plan.md, revision {one.revision}, by {one.author}: {one.summary}")
    line = pen("path", d=f"M{x} {TOP - 4}V{tall}", cls="edit")
    return pen("g", title, line, pen("text", f"r{one.revision}", x=x, y=TOP - 7, cls="rev"))


def _ask(pen: Pen, axis: Axis, lanes: dict[str, int], one: AskRecord, end: datetime) -> Html:
    y = TOP + lanes[_lane_of(one)] * LANE + LANE - 4
    left, right = LABEL + axis.place(one.ask.since), LABEL + axis.place(one.settled or end)
    state = "open" if one.settled is None else str(one.ask.state)
    title = pen("title", f"{one.ask.id}: {one.ask.text} ({state})")
    look = "ask open" if one.settled is None else "ask"
    mark = pen("path", d=f"M{_n(left)} {y - 5}l4 4-4 4-4-4z")
    return pen("g", title, pen("path", d=f"M{_n(left)} {y - 1}H{_n(right)}", cls="span"), mark, cls=look)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def legend(pen: Pen) -> Html:
    """Say what the colours of the time line mean."""
    marks: Iterable[tuple[str, str]] = (
        ("turn", "turn"),
        ("good", "checks passed"),
        ("bad", "failed"),
        ("cut", "interrupted"),
        ("asked", "ask, until it was settled"),
        ("edited", "plan.md edited"),
    )
    return pen("p", *(pen("span", pen("i", cls=f"key {look}"), words) for look, words in marks), cls="legend")
