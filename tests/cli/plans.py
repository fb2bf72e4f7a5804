"""A plan without a mistake, and revisions as a supervisor keeps them."""

from __future__ import annotations

from supervisor.runtime.workspace import WorkspacePaths

GOOD = """\
# Plan: Pair devices

## Objective
They pair.

## Contracts
### C1 — Answer
- between: backend, mobile

202.

## Working Plan
### T1 — Answer 202
- child: backend
- contracts: C1
- verify: `make test`

Answer at once.

### T2 — Poll
- child: mobile
- after: T1

Poll each second.
"""


def keep(workspace: WorkspacePaths, *texts: str) -> None:
    """Keep these texts as revisions 1, 2, ..."""
    workspace.plans.mkdir(parents=True)
    for number, text in enumerate(texts, start=1):
        (workspace.plans / f"{number:04d}.md").write_text(text, encoding="utf-8")
