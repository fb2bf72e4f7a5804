"""A plan of which some lines are the test's."""

from __future__ import annotations

from tests.core.plan.pages import of, problems

FIRST = ("### T1 — Server", "- child: backend", "", "Answer at once.", "")
FIELDS = ("- child: mobile", "", "Poll each second.", "")
LAST = ("### T3 — Lamp", "- child: firmware", "", "Blink.")
LINE = 9  # of what stands between the first and the last task


def among_tasks(*lines: str) -> str:
    return of(*FIRST, *lines, *LAST)


def only_problem(*lines: str) -> tuple[int, str]:
    [found] = problems(among_tasks(*lines))
    return found
