"""runs.md shows the world."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from supervisor.core.engine.lifecycle.updates import with_plan
from supervisor.core.view.run_entry import MAX_FILES
from supervisor.domain.ask import Ask, AskKind, Ruled
from supervisor.domain.plan import Budget, Effect, Foreseen, Problem
from supervisor.domain.server import Outage, ServerState
from supervisor.domain.task import RunResult
from supervisor.domain.world import PlanState, Postponed, World
from tests.core.view.worlds import H1, NOON, PLAN, T1, T2, server, shown, world_at_work

AT_WORK = """\
# Runs: Onboarding

Rendered 2026-01-02 12:00:00 UTC from the ledger. `plan.md` says what should happen; this file says what did.

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
orch answer A2 reply TEXT
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

```mermaid
flowchart LR
    t0["T1: Answer 202<br/>backend, done"]:::s0
    t1["T2: Poll the URL<br/>mobile, needs human"]:::s1
    t2["H1: Pair a device<br/>human, waiting"]:::s2
    t0 --> t1
    t1 --> t2
    classDef s0 fill:#d3f0d8,stroke:#2b8a3e,color:#111
    classDef s1 fill:#fff3bf,stroke:#e67700,color:#111
    classDef s2 fill:#f1f3f5,stroke:#868e96,color:#111
```

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

**Result:** no valid report; the child's last message:

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

Nothing: no rule of the config has matched.

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

- backend: ready; its shared thread: `codex resume thr-b --remote unix:///run/orch/backend.sock`
- mobile: ready; T2: `codex resume thr-m --remote unix:///run/orch/mobile.sock`
"""
EMPTY = """\
# Runs: no plan yet

Rendered 2026-01-02 12:00:00 UTC from the ledger. `plan.md` says what should happen; this file says what did.

## Waits on you

Nothing waits on a human.

## Tasks

Plan: **missing** (there is no plan.md yet); no plan is in force, and nothing new starts.

There are no tasks.

## Run log

No task has started yet.

## Settled by your rules

Nothing: no rule of the config has matched.

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


def test_a_world_at_work_is_shown_in_full() -> None:
    assert shown(world_at_work()).partition("-->\n\n")[2] == AT_WORK


def test_what_rules_settled_is_listed_newest_first_and_stays_data() -> None:
    first = Ruled(NOON, "backend", "T1", "git status\n# no `heading`", "rule 1: accept command `git status`")
    second = Ruled(NOON, "mobile", None, "docs/a.md", "rule 2: decline path `docs/**`")
    assert shown(World(ruled=(first, second)), "{{rules}}").splitlines() == [
        "- 2026-01-02 12:00:00 UTC, mobile: `docs/a.md`; rule 2: decline path \\`docs/\\*\\*\\`",
        "- 2026-01-02 12:00:00 UTC, backend, T1: `` git status # no `heading` ``; "
        "rule 1: accept command \\`git status\\`",
    ]


def test_an_empty_world_says_that_nothing_is_there() -> None:
    assert shown(World()).partition("-->\n\n")[2].strip() == EMPTY.strip()


def test_a_rejected_plan_is_shown_with_its_lines_while_the_last_one_stays() -> None:
    problems = (Problem(4, "unknown field `chlid`: did you mean `child`?"), Problem(9, "T2 waits for itself"))
    text = shown(with_plan(world_at_work(), problems=problems), "{{tasks}}")
    assert text.startswith(
        "Plan: **rejected**; revision 3 stays in force until plan.md is fixed:\n\n"
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


def test_changed_files_that_are_not_listed_are_counted_too() -> None:
    result = RunResult(changed_files=tuple(f"f{number:03}" for number in range(MAX_FILES + 7)), more_files=1_000)
    state = replace(world_at_work().tasks["T1"], result=result)
    text = shown(replace(world_at_work(), tasks={"T1": state}), "{{runs}}")
    assert "**Changed files (1,057):**" in text
    assert text.endswith("- `f049`\n- and 1,007 more")
    state = replace(state, result=replace(result, changed_files=("a",), more_files=0, open_ended=True))
    text = shown(replace(world_at_work(), tasks={"T1": state}), "{{runs}}")
    assert text.endswith("**Changed files (at least 1):**\n\n- `a`")


def test_what_outlived_its_turn_and_was_ended_is_named() -> None:
    result = RunResult(left=("npm start", "sub-agent: Look `there`\nand here"))
    state = replace(world_at_work().tasks["T1"], result=result)
    text = shown(replace(world_at_work(), tasks={"T1": state}), "{{runs}}")
    assert "**Left running, and ended before it was verified:**\n\n- `npm start`\n" in text
    assert text.endswith("- ``sub-agent: Look `there` and here``")


def test_only_the_moment_of_rendering_distinguishes_two_renderings_of_one_world() -> None:
    world = world_at_work()
    later = NOON + timedelta(days=3)
    assert shown(world) == shown(world)
    assert shown(world, at=NOON.astimezone(timezone(timedelta(hours=9)))) == shown(world)
    assert [new for new in shown(world, at=later).splitlines() if new not in shown(world).splitlines()] == [
        "Rendered 2026-01-05 12:00:00 UTC from the ledger. `plan.md` says what should happen; this file says what did."
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
    assert "orch answer A9 accept AMOUNT\n" in text


def test_a_plan_that_waits_for_go_is_among_what_waits_on_you() -> None:
    picture = (Foreseen("T1", "backend", Effect.RETIRED, "its turn is interrupted", running=True),)
    postponed = Postponed("d", "human", "T1 removed", "it would stop 1 of 1", picture, NOON)
    text = shown(with_plan(world_at_work(), postponed=postponed), "{{asks}}\n{{tasks}}")
    assert text.startswith(
        "### plan.md — an edit that would stop much\n\nSince 2026-01-02 12:00:00 UTC: T1 removed; it would"
    )
    assert "**Expected result:** `orch go` lets it in force.\n" in text
    assert "- T1: retired (its turn is interrupted)\n\n### A2" in text
    assert "Plan: **waiting**; revision 3 stays in force until you let plan.md in force (`orch go`)" in text


def test_what_a_revision_did_and_what_may_be_wrong_with_it_is_told() -> None:
    picture = (Foreseen("T1", "backend", Effect.INTERRUPTED, "the plan | holds it", running=True),)
    picture += tuple(Foreseen(f"X{number}", "backend", Effect.STARTS) for number in range(31))
    warned = replace(PLAN, warnings=(Problem(4, "`timeout: x` is read as text"),))
    text = shown(with_plan(world_at_work(), picture=picture, current=warned), "{{tasks}}")
    assert "When revision 3 came into force:\n\n- T1: interrupted (the plan \\| holds it)\n- X0: starts\n" in text
    assert "- X28: starts\n- 2 more tasks\n" in text
    assert "What it says may not be what is meant:\n\n- line 4: \\`timeout: x\\` is read as text\n" in text
