"""A world in which others chose every text."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.domain.ask import Ruled
from supervisor.domain.plan import Problem
from supervisor.domain.report import Change, Check, ContractNote, Outcome, Report
from supervisor.domain.task import Phase, RunResult
from supervisor.domain.thread import Thread
from supervisor.domain.world import Learning, World
from tests.core.hostile import hostile
from tests.core.view.worlds import H1, NOON, PLAN, T1, T2, server, world_at_work


def hostile_world(draw: st.DrawFn | None) -> World:
    """A world in which every text of others is drawn; without `draw` it is a plain word."""

    def text() -> str:
        return draw(hostile) if draw else "word"

    base = world_at_work()
    planned = tuple(replace(one, title=text(), instructions=text(), expect=text()) for one in (T1, T2, H1))
    report = Report(
        Outcome.DONE, text(), (Change("p", text()),), (ContractNote(text(), text(), text()),), (), None, (text(),)
    )
    checks = (Check(text(), 1, text()), Check(text(), 0, text()))
    tasks = {
        "T1": replace(
            base.tasks["T1"],
            title=text(),
            why=text(),
            result=RunResult(report=report, checks=checks, changed_files=("p", text())),
        ),
        "T2": replace(
            base.tasks["T2"], title=text(), why=text(), note=text(), result=RunResult(words=text(), checks=checks)
        ),
        "H1": replace(
            base.tasks["H1"], title=text(), phase=Phase.DONE, runs=1, due=None, result=RunResult(words=text())
        ),
    }
    asks = {ask.id: replace(ask, text=text(), steps=text(), expect=text(), choices=(text(),)) for ask in base.open_asks}
    plan = replace(PLAN, title=text(), objective=text(), tasks=planned)
    return replace(
        base,
        plan=replace(base.plan, current=plan, problems=(Problem(1, text()),)),
        tasks=tasks,
        asks=asks,
        servers={
            "backend": server("backend", problem=text(), stderr=text()),
            "mobile": server("mobile", socket=text()),
        },
        threads={
            ("backend", None): Thread("backend", None, text()),
            ("mobile", "T2"): Thread("mobile", "T2", text()),
        },
        learnings=(Learning(NOON, text(), text()),),
        ruled=(Ruled(NOON, text(), text(), text(), text()),),
    )
