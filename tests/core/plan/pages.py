"""Texts of plans, and the plans that are parsed from them."""

from __future__ import annotations

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Contract, Plan, Rejection, Task

CHILDREN = ("backend", "mobile", "firmware")
ONBOARDING = """\
# Plan: Device onboarding times out
- hold: no

## Objective
Pairing works
on a slow network.

## Success Criteria
- A device pairs within a minute.

## Child Context
### backend — not a task
Free text.

## Contracts
### C1 — Registration answer
- between: backend, mobile, firmware
`POST /v1/devices` answers 202 with `Location: /v1/devices/{id}/status`.

## Working Plan
Prose is welcome here too.

### T1 — Answer 202 with a status URL
- child: backend
- contracts: C1
- verify: `pytest -q tests/test_devices.py` and `ruff check`
- timeout: 30 min

Keep the old route:

    GET /v1/devices

#### Where to look
```
### T9 — not a task
- child: nobody
```

### T2 – Poll the status URL
- child: mobile
- after: T1
- contracts: C1
- verify: `npm test`
- hold: yes
- thread: fresh
- model: gpt-5 codex
- effort: high
- sandbox: read-only
- timeout: 1.5

- Poll every second.
- Stop after a minute.

### H1 - Pair a real device
- child: human
- after: T1, T2

1. Hold the button.

**Expect:** the app says "ready"

within ten seconds.

## Risks And Open Questions
None.
"""
ONBOARDING_PLAN = Plan(
    title="Device onboarding times out",
    hold=False,
    objective="Pairing works\non a slow network.",
    success="- A device pairs within a minute.",
    contracts=(
        Contract(
            id="C1",
            title="Registration answer",
            between=("backend", "mobile", "firmware"),
            text="`POST /v1/devices` answers 202 with `Location: /v1/devices/{id}/status`.",
            line=16,
        ),
    ),
    tasks=(
        Task(
            id="T1",
            title="Answer 202 with a status URL",
            child="backend",
            contracts=("C1",),
            verify=("pytest -q tests/test_devices.py", "ruff check"),
            timeout=30.0,
            instructions="Keep the old route:\n\n    GET /v1/devices\n\n#### Where to look\n```\n"
            "### T9 — not a task\n- child: nobody\n```",
            line=23,
        ),
        Task(
            id="T2",
            title="Poll the status URL",
            child="mobile",
            after=("T1",),
            contracts=("C1",),
            verify=("npm test",),
            hold=True,
            thread="fresh",
            model="gpt-5 codex",
            effort="high",
            sandbox="read-only",
            timeout=1.5,
            instructions="- Poll every second.\n- Stop after a minute.",
            line=39,
        ),
        Task(
            id="H1",
            title="Pair a real device",
            child="human",
            after=("T1", "T2"),
            instructions="1. Hold the button.",
            expect='the app says "ready"\n\nwithin ten seconds.',
            line=54,
        ),
    ),
)


def of(*lines: str) -> str:
    """A plan whose Working Plan has these lines, from line 4 on."""
    return "\n".join(["# Plan: A plan", "", "## Working Plan", *lines])


def only_task(*lines: str) -> Task:
    plan = parse(of("### T1 — One", *lines), CHILDREN)
    assert isinstance(plan, Plan), plan
    return plan.tasks[0]


def problems(text: str) -> list[tuple[int, str]]:
    outcome = parse(text, CHILDREN)
    assert isinstance(outcome, Rejection), outcome
    return [(problem.line, problem.message) for problem in outcome.problems]
