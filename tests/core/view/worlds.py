"""Worlds for the tests of the views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.prompts import brief_of
from supervisor.core.view.runs_md import render
from supervisor.domain.ask import Ask, AskKind, AskState, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Contract, Plan, Task
from supervisor.domain.report import Change, Check, ContractNote, Outcome, Report
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import Briefing, Phase, RunResult, TaskState, Usage
from supervisor.domain.thread import Thread, Tokens
from supervisor.domain.world import Learning, PlanState, SupervisorState, World
from tests import CHECKOUT

TEMPLATE = (CHECKOUT / "templates" / "runs.template.md").read_text(encoding="utf-8")
NOON = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)
T1 = Task(
    "T1",
    "Answer 202",
    "backend",
    contracts=("C1",),
    verify=("pytest -q", "grep -c '202 | 303' api.md"),
    instructions="Answer 202 with a status URL.",
)
T2 = Task("T2", "Poll the URL", "mobile", after=("T1",), instructions="Poll it.")
H1 = Task("H1", "Pair a device", HUMAN, after=("T2",), instructions="1. Hold the button.", expect="It says ready.")
PLAN = Plan(
    "Onboarding",
    False,
    "Pair fast.",
    "It pairs.",
    (Contract("C1", "Answer", ("backend", "mobile"), "202.", 9),),
    (T1, T2, H1),
)
REPORT = Report(
    Outcome.DONE,
    "Registration answers 202.",
    changes=(Change("api/devices.py", "the handler"),),
    contracts=(ContractNote("C1", "kept", "to the letter"),),
)


def shown(world: World, template: str = TEMPLATE, at: datetime = NOON) -> str:
    return render(world, at, template, "/home/ada/onboarding")


def server(name: str, **fields: object) -> Server:
    known = Server(Child(name, f"/src/{name}"), ServerState.READY, socket=f"/run/orch/{name}.sock")
    return replace(known, **fields)  # type: ignore[arg-type]


def world_at_work() -> World:
    """T1 is done and verified, T2 asks in the middle of its turn, H1 waits, and firmware's server was given up."""
    key = RequestKey("mobile", 7, "3")
    return World(
        supervisor=SupervisorState(pid=1),
        plan=PlanState(PLAN, revision=3, missing=None),
        servers={"backend": server("backend"), "mobile": server("mobile")},
        threads={
            ("backend", None): Thread("backend", None, "thr-b"),
            ("mobile", "T2"): Thread("mobile", "T2", "thr-m"),
        },
        tasks={
            "T1": TaskState(
                "T1",
                "Answer 202",
                "backend",
                Phase.DONE,
                NOON,
                "verified",
                runs=1,
                turns=2,
                thread=("backend", None),
                brief=Briefing(brief_of(T1, PLAN)),
                due=None,
                usage=Usage(Tokens(1200, 34)),
                result=RunResult(
                    report=REPORT,
                    checks=(Check("pytest -q", 0, "4 passed"), Check("grep -c '202 | 303' api.md", 0, "1")),
                    changed_files=("api/devices.py", "api/new`s.py"),
                ),
            ),
            "T2": TaskState(
                "T2",
                "Poll the URL",
                "mobile",
                Phase.ASKING,
                NOON + timedelta(seconds=1),
                "the child left no valid report",
                runs=1,
                turns=1,
                thread=("mobile", "T2"),
                brief=Briefing(brief_of(T2, PLAN)),
                due=None,
                result=RunResult(
                    words="# I am <b>done</b>\n```\nor am I?",
                    checks=(Check("npm test", 1, "\x1b[31m1 failed\x1b[0m\n```\n# not a heading"),),
                ),
            ),
            "H1": TaskState("H1", "Pair a device", HUMAN),
        },
        asks={
            "A1": Ask("A1", AskKind.QUESTION, NOON, "Old", "", "", (), state=AskState.ANSWERED),
            "A2": Ask("A2", AskKind.QUESTION, NOON, "Is it done?", "Look.", "A word.", (), "mobile", "T2"),
            "A3": Ask(
                "A3",
                AskKind.APPROVAL,
                NOON,
                "May it run this command?",
                "Command: `rm -rf build`",
                "`accept` lets it run.",
                ("accept", "decline"),
                "mobile",
                "T2",
                key,
            ),
        },
        learnings=(Learning(NOON, "backend", "The route needs a trailing `/`."),),
    )
