"""The config as the rest of orch uses it: frozen values, and the defaults of the limits."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from supervisor.domain.ask import NoticeKind, Rule
from supervisor.domain.child import Child
from supervisor.domain.plan import Budget, Price

WebhookForm = Literal["json", "ntfy", "slack"]
NamespaceKind = Literal["mnt", "net", "pid", "user"]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """The `limits:` of the file: minutes and seconds after which orch gives up or tries again."""

    verify_minutes: Annotated[Positive, Meta(description="Longest run of one verify command.")] = 20.0
    retry_seconds: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=1e9)], ...],
        Meta(description="Pauses before a turn that failed at the provider is tried again."),
    ] = (2.0, 10.0, 30.0)
    stall_minutes: Annotated[
        Positive, Meta(description="Longest time that a running turn may give no sign of life.")
    ] = 10.0
    leftover_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=1e9,
            description="How long commands and sub-agents that outlive their turn may run on without computing.",
        ),
    ] = 30.0
    pause_seconds: Annotated[
        tuple[Positive, ...],
        Meta(min_length=1, description="Pauses of everything while the provider accepts no work. The last repeats."),
    ] = (5.0, 20.0, 60.0, 300.0, 900.0)
    ready_seconds: Annotated[
        Positive, Meta(description="Longest time that a server may take to answer after its start.")
    ] = 30.0
    output_megabytes: Annotated[
        Positive, Meta(description="How much is kept, in a file, of what a verify command prints.")
    ] = 10.0
    parallel: Annotated[
        Annotated[int, Meta(ge=1, le=10_000)] | None,
        Meta(description="How many turns run at once over all children. Without it, one per child."),
    ] = None
    surprise: Annotated[
        str | float | None,
        Meta(
            description="Share of the running tasks, as `50%`, whose runs an edit of plan.md may end at once. One that "
            "would end more waits for `orch go`. Without it, every edit counts at once."
        ),
    ] = None
    log_megabytes: Annotated[Positive, Meta(description="Size at which a log is rotated.")] = 10.0


class NotifySettings(Struct, frozen=True):
    """How to notify the human, and of what. The address may contain a secret: it is never shown or stored."""

    on: tuple[NoticeKind, ...]
    command: tuple[str, ...] = ()
    webhook: str | None = None
    desktop: bool = False
    form: WebhookForm = "json"
    pause_seconds: float = 60.0  # between two deliveries: what comes up in between is told together

    def __repr__(self) -> str:
        return f"NotifySettings(on={self.on!r}, command={self.command!r})"


class Config(Struct, frozen=True):
    """The whole file, with each child's path resolved to the root of its work tree, unless it is in `absent`.

    `orchestrator` is what `orch plan` runs, in the workspace: it has a server of its own but is not a child. `digest`
    identifies the text of the file.
    """

    children: tuple[Child, ...]
    orchestrator: Child
    codex_bin: str | None
    limits: Limits
    rules: tuple[Rule, ...] = ()
    notify: NotifySettings | None = None
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    allow_namespace: tuple[NamespaceKind, ...] = ()  # kinds in which a peer of the control socket may differ
    trusted_git: dict[str, bool] = {}  # by child, if a person decided: whether the filters of its repo may run
    digest: str = ""
    exclude_tmp: bool = False  # commands may not write /tmp and $TMPDIR
    exclude_roots: bool = False  # nor the folders that the Codex config names
    absent: dict[str, tuple[str, str]] = {}  # children without a repo at their path: what is wrong, and the next step
    surprise: float | None = None  # share of the running tasks whose runs an edit may end at once; None: any
    prices: dict[str, Price] = {}  # by model; `default` counts for those without one
    documented_checks: bool = False  # what the documents of a repo name as its checks has to pass before it lands
    confined: tuple[str, ...] = ()  # children that must only read: others, or the workspace, lie within their reach
