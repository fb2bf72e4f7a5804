"""runs.md tells what the world is, and nothing that others wrote can change its shape."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.engine.lifecycle.updates import with_plan
from supervisor.core.engine.prompts import brief_of
from supervisor.core.view.runs_md import MAX_FILES, render
from supervisor.domain.ask import Ask, AskKind, AskState, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Budget, Contract, Plan, Problem, Task
from supervisor.domain.report import Change, Check, ContractNote, Outcome, Report
from supervisor.domain.rule import Ruled
from supervisor.domain.server import Outage, Server, ServerState
from supervisor.domain.task import Briefing, Phase, RunResult, TaskState, Tokens, Turn, Usage
from supervisor.domain.thread import Thread
from supervisor.domain.world import Learning, PlanState, SupervisorState, World
from tests import CHECKOUT
from tests.core.hostile import CONTROL, MARKDOWN, hostile

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
    "Onboarding", False, "Pair fast.", "It pairs.", (Contract("C1", "Answer", ("backend", "mobile"), "202.", 9),), ()
)
PLAN = replace(PLAN, tasks=(T1, T2, H1))
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
    """T1 is done and verified, T2 asks in the middle of its turn, H1 waits; firmware's server was given up."""
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


AT_WORK = """\
# Runs: Onboarding

Rendered 2026-01-02 12:00:00 UTC from the ledger. What should happen stands in `plan.md`; this is what did.

## Waits on you

### A2 — question: mobile, T2

Since 2026-01-02 12:00:00 UTC. Blocked meanwhile: T2, H1.

**What:** Is it done?

**Steps:** Look.

**Expected result:** A word.

**Answer with one of:**

```text
orch answer A2 accept
orch answer A2 decline
orch answer A2 "TEXT"
```

### A3 — approval: mobile, T2

Since 2026-01-02 12:00:00 UTC. Blocked meanwhile: T2, H1.

**What:** May it run this command?

**Steps:**

```text
Command: `rm -rf build`
```

**Expected result:**

```text
`accept` lets it run.
```

**Answer with one of:**

```text
orch answer A3 accept
orch answer A3 decline
```

## Tasks

Plan: **in force**, revision 3.

| id | title | child | state | why or summary | runs | verify |
|---|---|---|---|---|---|---|
| T1 | Answer 202 | backend | done | Registration answers 202. | 1 | pytest -q: 0, grep -c '202 \\| 303' api.md: 0 |
| T2 | Poll the URL | mobile | needs_human | the child left no valid report | 1 | npm test: 1 |
| H1 | Pair a device | human | waiting | after T2 (asking) | 0 | — |

## Run log

### T1 — Answer 202

- child: backend
- state: done since 2026-01-02 12:00:00 UTC (verified)
- runs: 1; turns: 2; tokens: 1200 in, 34 out
- thread: `thr-b`
- next: T2 can build on it

**Intent:** Answer 202 with a status URL.

**Result (done):** Registration answers 202.

**Contracts:**

- C1: kept (to the letter)

**Checks:**

- `pytest -q` exited with 0
- `grep -c '202 | 303' api.md` exited with 0

**Changed files (2):**

- `api/devices.py`: the handler
- ``api/new`s.py``

### T2 — Poll the URL

- child: mobile
- state: needs_human since 2026-01-02 12:00:01 UTC (the child left no valid report)
- runs: 1; turns: 1; tokens: 0 in, 0 out
- thread: `thr-m`
- next: your answer to A2, A3 (above)

**Intent:** Poll it.

**Result:** no valid report; the child's last words:

````text
# I am <b>done</b>
```
or am I?
````

**Checks:**

- `npm test` exited with 1. The end of its output:

````text
1 failed
```
# not a heading
````

## Settled by your rules

Nothing: no rule of the config has spoken.

## Shared between the repos

Nothing that the repos share has changed.

## Learnings

- backend, 2026-01-02 12:00:00 UTC: The route needs a trailing \\`/\\`.

## Reconnect

In `/home/ada/onboarding`, or from anywhere with `orch -C`:

```text
orch up
orch status
orch logs --task T1
```

- backend: ready; its long thread: `codex resume thr-b --remote unix:///run/orch/backend.sock`
- mobile: ready; T2: `codex resume thr-m --remote unix:///run/orch/mobile.sock`
"""

EMPTY = """\
# Runs: no plan yet

Rendered 2026-01-02 12:00:00 UTC from the ledger. What should happen stands in `plan.md`; this is what did.

## Waits on you

Nothing waits on anybody.

## Tasks

Plan: **missing** (there is no plan.md yet); no plan is in force, and nothing new starts.

There are no tasks.

## Run log

No task has started yet.

## Settled by your rules

Nothing: no rule of the config has spoken.

## Shared between the repos

Nothing that the repos share has changed.

## Learnings

None yet.

## Reconnect

In `/home/ada/onboarding`, or from anywhere with `orch -C`:

```text
orch up
orch status
orch logs --task ID
```
"""


def test_a_world_at_work_is_told_in_full() -> None:
    assert shown(world_at_work()).partition("-->\n\n")[2] == AT_WORK


def test_what_rules_settled_is_told_the_newest_first_and_stays_data() -> None:
    first = Ruled(NOON, "backend", "T1", "git status\n# no `heading`", "rule 1: accept command `git status`")
    second = Ruled(NOON, "mobile", None, "docs/a.md", "rule 2: decline path `docs/**`")
    assert shown(World(ruled=(first, second)), "{{rules}}").splitlines() == [
        "- 2026-01-02 12:00:00 UTC, mobile: `docs/a.md`; rule 2: decline path \\`docs/\\*\\*\\`",
        "- 2026-01-02 12:00:00 UTC, backend, T1: `` git status # no `heading` ``; "
        "rule 1: accept command \\`git status\\`",
    ]


def test_an_empty_world_says_that_nothing_is_there() -> None:
    assert shown(World()).partition("-->\n\n")[2].strip() == EMPTY.strip()


def test_a_rejected_plan_is_told_with_its_lines_while_the_last_one_stays() -> None:
    problems = (Problem(4, "unknown field `chlid`: did you mean `child`?"), Problem(9, "T2 waits for itself"))
    text = shown(with_plan(world_at_work(), problems=problems), "{{tasks}}")
    assert text.startswith(
        "Plan: **rejected**; revision 3 stays in force until plan.md is mended:\n\n"
        "- line 4: unknown field \\`chlid\\`: did you mean \\`child\\`?\n- line 9: T2 waits for itself\n\n| id |"
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"hold": True}, "Plan: **held**, revision 3. Nothing new starts (`orch hold`; `orch go` lifts it)."),
        (
            {"current": replace(PLAN, hold=True)},
            "Plan: **held**, revision 3. Nothing new starts (`hold: yes` in plan.md).",
        ),
        (
            {"missing": "plan.md is gone"},
            "Plan: **missing** (plan.md is gone); revision 3 stays in force, and nothing new starts.",
        ),
    ],
)
def test_the_state_of_the_plan_is_one_line(change: dict[str, object], line: str) -> None:
    world = with_plan(world_at_work(), **change)
    assert shown(world, "{{tasks}}").startswith(line + "\n\n")


def test_a_server_that_was_given_up_blocks_the_tasks_of_its_child_and_those_after_them() -> None:
    ask = Ask("A1", AskKind.QUESTION, NOON, "The server is down.", "", "", ("accept",), "mobile")
    failed = server("mobile", state=ServerState.FAILED, problem="codex is gone", socket=None)
    world = replace(world_at_work(), asks={"A1": ask}, servers={"mobile": failed})
    assert "### A1 — question: mobile\n\nSince 2026-01-02 12:00:00 UTC. Blocked meanwhile: T2, H1." in shown(world)
    assert "```text\norch answer A1 accept\n```" in shown(world)
    assert shown(world).endswith("- mobile: failed (codex is gone)\n")


def test_a_task_that_the_plan_no_longer_has_stays_in_the_log() -> None:
    world = with_plan(world_at_work(), current=replace(PLAN, tasks=(T2, H1)))
    text = shown(world)
    assert "| T1 | Answer 202 | backend | retired | the plan no longer has it; its changes stay | 1 |" in text
    assert "- next: keep or undo its changes in backend" in text


def test_many_changed_files_are_cut_and_counted() -> None:
    result = RunResult(changed_files=tuple(f"f{number:03}" for number in range(MAX_FILES + 7)))
    state = replace(world_at_work().tasks["T1"], result=result)
    text = shown(replace(world_at_work(), tasks={"T1": state}), "{{runs}}")
    assert "**Changed files (57):**" in text
    assert text.endswith("- `f049`\n- and 7 more")


def test_only_the_moment_of_rendering_tells_two_renderings_of_one_world_apart() -> None:
    world = world_at_work()
    later = NOON + timedelta(days=3)
    assert shown(world) == shown(world)
    assert shown(world, at=NOON.astimezone(timezone(timedelta(hours=9)))) == shown(world)
    assert [new for new in shown(world, at=later).splitlines() if new not in shown(world).splitlines()] == [
        "Rendered 2026-01-05 12:00:00 UTC from the ledger. What should happen stands in `plan.md`; this is what did."
    ]


def test_a_placeholder_that_is_missing_is_not_shown_and_an_unknown_one_stays() -> None:
    world = with_plan(world_at_work(), current=replace(PLAN, title="{{runs}}"))
    assert shown(world, "{{title}} {{later}} {{ title }}") == "{{runs}} {{later}} {{ title }}"


def test_a_plan_whose_tasks_are_not_known_yet_is_shown_as_waiting() -> None:
    text = shown(World(plan=PlanState(PLAN, missing=None)), "{{tasks}}")
    assert "| T1 | Answer 202 | backend | waiting | backend is not in the config" in text


def test_the_intent_is_the_first_sentences_of_the_instructions() -> None:
    long = "## Why\n\nFirst, do this. Then do *that*. " + "And so on and on and on. " * 20 + "\n\nNever shown."
    world = with_plan(world_at_work(), current=replace(PLAN, tasks=(replace(T1, instructions=long),)))
    intent = next(line for line in shown(world).splitlines() if line.startswith("**Intent:**"))
    assert intent.startswith("**Intent:** First, do this. Then do \\*that\\*. And so on")
    assert intent.endswith("on and on.")
    assert len(intent) < 260


# ── hostile texts ────────────────────────────────────────────────────────────────────────────────


def structure(text: str) -> list[tuple[str, str]]:
    """The headings and the cells' shape of the tables, and whatever is HTML, a link or an image."""
    found = []
    for token in MARKDOWN.parse(text):
        if token.type in ("heading_open", "table_open", "tr_open", "th_open", "td_open", "html_block"):
            found.append((token.type, token.tag))
        found += [(one.type, one.tag) for one in token.children or () if one.type in UNWANTED]
    return found


UNWANTED = ("html_inline", "link_open", "image", "em_open", "s_open")


def hostile_world(draw: st.DrawFn | None) -> World:
    """A world in which every text of others is drawn (without `draw`: is a plain word)."""

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


hostile_worlds = st.composite(hostile_world)()


@settings(max_examples=30, deadline=None)
@given(world=hostile_worlds, workspace=hostile)
def test_the_shape_of_runs_md_does_not_depend_on_what_others_wrote(world: World, workspace: str) -> None:
    text = render(world, NOON, TEMPLATE, workspace)
    assert structure(text) == structure(render(hostile_world(None), NOON, TEMPLATE, "word"))
    assert not CONTROL.search(text)
    assert text.encode()
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.endswith(" |")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows if re.match(r"\| (id|T1|T2|H1) \|", row))


@settings(max_examples=30, deadline=None)
@given(
    tasks=st.lists(
        st.builds(
            TaskState,
            task=st.sampled_from(["T1", "T2", "H1", "T9"]),
            title=hostile,
            child=st.sampled_from(["backend", "mobile", HUMAN, "gone"]),
            phase=st.sampled_from(Phase),
            since=st.none() | st.datetimes(timezones=st.just(UTC)),
            runs=st.integers(0, 3),
            thread=st.sampled_from([None, ("backend", None), ("gone", "T9")]),
            turn=st.none() | st.just(Turn("u1", NOON, NOON)),
            result=st.builds(RunResult, words=hostile, report=st.none() | st.just(REPORT)),
            new_run=st.booleans(),
        ),
        max_size=5,
    ),
    planned_tasks=st.lists(
        st.builds(
            Task,
            id=st.sampled_from(["T1", "T2", "H1"]),
            title=hostile,
            child=st.sampled_from(["backend", HUMAN, "gone"]),
            after=st.lists(st.sampled_from(["T1", "T2", "H1", "T8"]), max_size=3).map(tuple),
            hold=st.booleans(),
            instructions=hostile,
        ),
        max_size=4,
    ).map(tuple),
    ask=st.builds(
        Ask,
        id=hostile,
        kind=st.sampled_from(AskKind),
        since=st.datetimes(timezones=st.just(timezone(timedelta(hours=14)))),
        text=hostile,
        steps=hostile,
        expect=hostile,
        choices=st.lists(hostile, max_size=2).map(tuple),
        child=st.none() | st.sampled_from(["backend", "gone"]),
        task=st.none() | st.sampled_from(["T1", "T9"]),
    ),
    template=hostile,
    planned=st.booleans(),
)
def test_every_world_can_be_rendered(
    tasks: list[TaskState], planned_tasks: tuple[Task, ...], ask: Ask, template: str, planned: bool
) -> None:
    world = World(
        plan=PlanState(replace(PLAN, tasks=planned_tasks) if planned else None, missing=None),
        tasks={state.task: state for state in tasks},
        servers={"backend": server("backend")},
        asks={ask.id: ask},
    )
    once = render(world, NOON, TEMPLATE + template, "")
    assert once == render(world, NOON, TEMPLATE + template, "")


def test_a_pause_a_budget_and_its_ask_are_shown_with_their_figures() -> None:
    budget = replace(PLAN, budget=Budget(2000), tasks=(replace(T1, budget=Budget(1000, 30)), T2, H1))
    ask = Ask("A9", AskKind.QUESTION, NOON, "The budget is used up.", "", "", ("accept", "decline"), budget="plan")
    outage = Outage(NOON, NOON + timedelta(hours=1), "the usage limit is reached: `x`", "backend")
    world = replace(with_plan(world_at_work(), current=budget), asks={"A9": ask}, outages={"openai": outage})

    text = shown(world)
    assert (
        "Everything that uses `openai` is **paused until 2026-01-02 13:00:00 UTC: the usage limit is reached: " in text
    )
    assert "tokens: 1200 in, 34 out (budget: 1.234k tokens of 1k tokens and 0.0 of 30 min)" in text
    assert "Blocked meanwhile: T2, H1." in text or "Blocked meanwhile: T1, T2, H1." in text
    assert 'orch answer A9 "TEXT"' in text
