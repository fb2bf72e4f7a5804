"""The config as the rest of orch takes it: frozen values, with the defaults of the limits."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.ask import NoticeKind
from supervisor.domain.child import Child
from supervisor.domain.plan import Budget
from supervisor.domain.rule import Rule


class Limits(Struct, frozen=True):
    """Minutes and seconds after which something is given up, or tried again."""

    verify_minutes: float = 20
    retry_seconds: tuple[float, ...] = (2, 10, 30)
    stall_minutes: float = 10
    pause_seconds: tuple[float, ...] = (5, 20, 60, 300, 900)
    ready_seconds: float = 30
    log_megabytes: float = 10


class NotifySettings(Struct, frozen=True):
    """By what the human is told, and of what. The address may hold a secret: it is shown nowhere, and not kept."""

    on: tuple[NoticeKind, ...]
    command: tuple[str, ...] = ()
    webhook: str | None = None

    def __repr__(self) -> str:
        return f"Telling(on={self.on!r}, command={self.command!r})"


class Config(Struct, frozen=True):
    """The whole file, with each child's path resolved to the root of its work tree.

    `orchestrator` is what `orch plan` runs, in the workspace: it has a server like a child, and is none. `digest` tells
    one text of the file from another.
    """

    children: tuple[Child, ...]
    orchestrator: Child
    codex_bin: str | None
    limits: Limits
    rules: tuple[Rule, ...] = ()
    telling: NotifySettings | None = None
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    digest: str = ""
