"""The schema of `orchestrator.config.yaml`: its keys, with their types and meanings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from supervisor.domain.ask import NOTICE_KINDS, NoticeKind
from supervisor.domain.plan import Approvals, Isolation, SandboxMode
from supervisor.runtime.config.model import Limits, NamespaceKind, Positive, WebhookForm

YesNo = bool | Literal["yes", "no"]
"""`true` or `false`, or the words for them in plan.md."""


def is_yes(value: YesNo) -> bool:
    """Whether a key is `yes`, or YAML's `true`."""
    return value is True or value == "yes"


class BudgetPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be spent before the human is asked for more."""

    tokens: Annotated[int, Meta(gt=0, description="Input and output tokens together.")] | None = None
    minutes: Annotated[Positive, Meta(description="Minutes in which turns run.")] | None = None


Amount = BudgetPart | str | None
"""A budget by its keys, or in words as in plan.md."""


class BudgetsPart(Struct, frozen=True, forbid_unknown_fields=True):
    """The budget of all tasks of a plan together, and of each task that has none in plan.md."""

    plan: Annotated[Amount, Meta(description="Bounds all tasks of the plan together.")] = None
    task: Annotated[Amount, Meta(description="Bounds each task that plan.md gives no budget of its own.")] = None


class ChildPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A repo that takes part, and how Codex works in it."""

    path: Annotated[
        str, Meta(description="The repo's work tree, absolute or relative to the workspace. Short form: `NAME: PATH`.")
    ]
    model: Annotated[
        str | None, Meta(description="The model for all tasks of this child. Without it, your Codex config decides.")
    ] = None
    effort: Annotated[
        str | None, Meta(description="The reasoning effort for all its tasks. Without it, your Codex config decides.")
    ] = None
    sandbox: Annotated[SandboxMode, Meta(description="What the child's commands may write.")] = "workspace-write"
    network: Annotated[YesNo, Meta(description="Lets its commands open sockets, also to your own services.")] = False
    approvals: Annotated[
        Approvals, Meta(description="`never`: Codex asks for nothing, and whatever needs an approval fails.")
    ] = "on-request"
    isolation: Annotated[
        Isolation,
        Meta(
            description="`worktree`: each of its tasks works in a linked work tree of its own, so that several run at "
            "the same time, unless plan.md says otherwise."
        ),
    ] = "none"
    budget: Annotated[Amount, Meta(description="Bounds all tasks of this child together.")] = None
    trusted: Annotated[
        YesNo, Meta(description="Lets Codex run what the repo's own `.codex` folder names: MCP servers, hooks, rules.")
    ] = False
    trusted_git: Annotated[
        YesNo | None,
        Meta(
            description="Lets the filters of the repo's own `.git/config` run when Codex reads git, which it does "
            "outside of its sandbox. `orch init` asks."
        ),
    ] = None
    runner: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="Where the repo lives, if not on this machine: a command that runs the words behind it there, "
            "such as `ssh lab --`, or the name of one of `runners`. Then `path` is absolute, and a path there."
        ),
    ] = None


class RunnerPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A place where children live, by its name."""

    connect: Annotated[
        str | tuple[str, ...],
        Meta(description="The command that runs the words behind it there, with its standard streams: `ssh lab --`."),
    ]
    codex: Annotated[
        str | None, Meta(description="The codex program there. Without it, `codex` on the PATH there.")
    ] = None
    path: Annotated[tuple[str, ...] | str, Meta(description="Folders that go before the PATH there.")] = ()
    env: Annotated[
        dict[str, str] | None,
        Meta(description="Variables of the servers there. No secrets: the ledger keeps them."),
    ] = None
    login: Annotated[
        Literal["there", "local"],
        Meta(description="Whose login Codex uses: `there`. `local` is refused, because commands might then run here."),
    ] = "there"
    attached: Annotated[
        YesNo,
        Meta(
            description="Whether that place ends what a login or a job step leaves behind. A process then stays there."
        ),
    ] = False
    before: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="A command, here, that gets a place for a child, such as `sbatch`. The last word that it "
            "prints stands for `{place}` in `connect` and `after`."
        ),
    ] = None
    after: Annotated[
        str | tuple[str, ...] | None,
        Meta(description="A command, here, that gives that place back once the server has ended: `scancel {place}`."),
    ] = None


class OrchestratorPart(Struct, frozen=True, forbid_unknown_fields=True):
    """The orchestrator that `orch plan` runs."""

    model: Annotated[
        str | None, Meta(description="The model of the orchestrator. Without it, your Codex config decides.")
    ] = None
    effort: Annotated[str | None, Meta(description="Its reasoning effort. Without it, your Codex config decides.")] = (
        None
    )


class CodexPart(Struct, frozen=True, forbid_unknown_fields=True):
    """The codex that runs the servers."""

    bin: Annotated[str | None, Meta(description="The codex binary. `ORCH_CODEX_BIN` overrides it.")] = None


class SandboxPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What the sandboxes of all children have in common."""

    exclude_tmp: Annotated[
        YesNo,
        Meta(
            description="Takes `/tmp` and `$TMPDIR` from what commands may write. Needed if the workspace, or a child, "
            "lies there."
        ),
    ] = False
    exclude_roots: Annotated[
        YesNo,
        Meta(
            description="Takes the folders that `sandbox_workspace_write.writable_roots` of the Codex config names "
            "from what commands may write. Needed if the workspace, or a child, lies in one of them."
        ),
    ] = False


class MatchPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule matches; one of the keys."""

    command: Annotated[str | None, Meta(description="The first words of a command.")] = None
    path: Annotated[str | None, Meta(description="A pattern for changed files, relative to the repo or absolute.")] = (
        None
    )
    tool: Annotated[str | None, Meta(description="A tool of an MCP server: `SERVER/TOOL`, or `SERVER/*`.")] = None


class RulePart(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that settles requests for approval: a decline wins, then the first one that accepts."""

    accept: Annotated[MatchPart | None, Meta(description="What to accept: one of the three keys below.")] = None
    decline: Annotated[MatchPart | None, Meta(description="What to decline: one of the three keys below.")] = None
    child: Annotated[
        str | None, Meta(description="The child that the rule is for, or `orchestrator`. Without it, every child.")
    ] = None
    for_session: Annotated[YesNo, Meta(description="Accepts the same for the rest of the Codex session.")] = False


class NotifyPart(Struct, frozen=True, forbid_unknown_fields=True):
    """Where notices go; each is sent once."""

    command: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="Runs without a shell. It gets title and text as its last two arguments, or where it says "
            "`{title}`, `{text}`, `{next}`, and all of the notice as JSON on standard input."
        ),
    ] = None
    webhook: Annotated[str | None, Meta(description="An address that gets each notice by POST.")] = None
    form: Annotated[
        WebhookForm | None,
        Meta(
            description="What the address gets: `json`, or what ntfy or Slack take. Without it, ntfy.sh and "
            "hooks.slack.com get theirs, and all others JSON."
        ),
    ] = None
    desktop: Annotated[
        YesNo, Meta(description="Shows each notice on your desktop. Short form of this alone: `notify: desktop`.")
    ] = False
    pause_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="Pause after a notice. What comes up in it is told in one notice, with the count. `0`: each "
            "at once.",
        ),
    ] = 60.0
    on: Annotated[tuple[NoticeKind, ...] | NoticeKind, Meta(description="Which notices are sent.")] = NOTICE_KINDS


class PricePart(Struct, frozen=True, forbid_unknown_fields=True):
    """What the tokens of a model cost."""

    input: Annotated[float, Meta(ge=0, le=1e6, description="Dollars per million tokens that go in.")]
    output: Annotated[float, Meta(ge=0, le=1e6, description="Dollars per million tokens that come out.")]


class ControlPart(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may command the supervisor."""

    allow_namespace: Annotated[
        tuple[NamespaceKind, ...] | NamespaceKind,
        Meta(
            description="Namespaces that your own commands need not share with the supervisor, as in a toolbox, "
            "a flatpak terminal, or behind a VPN."
        ),
    ] = ()


class LandPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What `orch land` does."""

    checks: Annotated[
        Literal["none", "documented"],
        Meta(
            description="What has to pass before it lands, besides `## Integration`. `documented`: the first command "
            "to lint and the first to test that the documents of each repo name."
        ),
    ] = "none"


class ConfigFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    children: Annotated[dict[str, ChildPart | str], Meta(min_length=1)]
    runners: dict[str, RunnerPart] = {}
    orchestrator: OrchestratorPart = OrchestratorPart()
    codex: CodexPart = CodexPart()
    limits: Limits = Limits()
    budget: BudgetsPart = BudgetsPart()
    rules: tuple[RulePart, ...] = ()
    notify: NotifyPart | Literal["desktop"] | None = None
    prices: dict[str, PricePart] = {}
    control: ControlPart = ControlPart()
    sandbox: SandboxPart = SandboxPart()
    land: LandPart = LandPart()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    made = msgspec.json.schema(ConfigFile)
    for part in made["$defs"].values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "orchestrator.config.yaml", **made}
