"""A child: a repo that takes part, as configured."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.plan import Approvals, Budget, SandboxMode


class Child(Struct, frozen=True):
    """One repo as configured. `path` is the absolute root of its work tree, `approvals` whether Codex may ask for leave
    (where it may not, what needs leave fails), `trusted` whether it may run what the repo's own `.codex` names."""

    name: str
    path: str
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode = "workspace-write"
    network: bool = False
    approvals: Approvals = "on-request"
    budget: Budget | None = None
    trusted: bool = False
