"""A child: a repo that takes part, as configured."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.plan import Approvals, Budget, SandboxMode


class Child(Struct, frozen=True):
    """One repo as configured."""

    name: str
    path: str  # absolute root of its work tree
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode = "workspace-write"
    network: bool = False  # commands may use the network
    approvals: Approvals = "on-request"  # "never": whatever would need an approval fails
    budget: Budget | None = None
    trusted: bool = False  # it may run what the repo's own `.codex` names
