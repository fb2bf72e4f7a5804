"""`orchestrator.config.yaml`: which children take part, and the limits. Parsed once; nothing checks again after."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from supervisor.core.amounts import Misread, read_amount
from supervisor.core.planflaw import any_of, nearest, quoted
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Approvals, Budget, SandboxMode
from supervisor.domain.rule import Rule
from supervisor.errors import ConfigError, OrchError, UsageError
from supervisor.runtime.autonomy import MatchPart, NotifyPart, RulePart, Telling, rules_of, telling_of
from supervisor.runtime.workspace import Workspace
from supervisor.shell.git import toplevel

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
SIZE_LIMIT = 1 << 20  # bytes
_NO_TEXT = ("true", "false", "null")  # words that YAML takes for something else


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _long_form(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def _in_words(value: Any) -> Any:
    """A budget may be written as in plan.md."""
    if not isinstance(value, str):
        return value
    found = read_amount(value)
    if isinstance(found, Misread):
        near = nearest(found.word, found.choices)
        hint = f"did you mean {quoted(near)}?" if near else f"use {any_of(found.choices)}" if found.choices else ""
        raise ValueError(": ".join(part for part in (found.message, hint) if part))  # noqa: TRY004 - pydantic tells it
    return {"tokens": found.tokens, "minutes": found.minutes}


class BudgetPart(_Part):
    tokens: Annotated[int, Field(gt=0)] | None = None
    minutes: PositiveFloat | None = None


_Budget = Annotated[BudgetPart | None, BeforeValidator(_in_words)]


class BudgetsPart(_Part):
    """What all tasks of a plan may spend together, and each that plan.md gives no budget of its own."""

    plan: _Budget = None
    task: _Budget = None


class ChildPart(_Part):
    path: str
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode = "workspace-write"
    network: bool = False
    approvals: Approvals = "on-request"
    budget: _Budget = None
    trusted: bool = False


class OrchestratorPart(_Part):
    """The orchestrator that `orch plan` runs."""

    model: str | None = None
    effort: str | None = None


class CodexPart(_Part):
    bin: str | None = None


class Limits(_Part):
    """Minutes and seconds after which something is given up, or tried again."""

    verify_minutes: PositiveFloat = 20
    retry_seconds: tuple[Annotated[float, Field(ge=0)], ...] = (2, 10, 30)
    stall_minutes: PositiveFloat = 10
    pause_seconds: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (5, 20, 60, 300, 900)
    ready_seconds: PositiveFloat = 30
    log_megabytes: PositiveFloat = 10


class _File(_Part):
    children: dict[str, Annotated[ChildPart, BeforeValidator(_long_form)]] = Field(min_length=1)
    orchestrator: OrchestratorPart = OrchestratorPart()
    codex: CodexPart = CodexPart()
    limits: Limits = Limits()
    budget: BudgetsPart = BudgetsPart()
    rules: tuple[RulePart, ...] = ()
    notify: NotifyPart | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, with each child's path resolved to the root of its work tree.

    `orchestrator` is what `orch plan` runs, in the workspace: it has a server like a child, and is none. `digest` tells
    one text of the file from another.
    """

    children: tuple[Child, ...]
    orchestrator: Child
    codex_bin: str | None
    limits: Limits
    rules: tuple[Rule, ...] = ()
    telling: Telling | None = None
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    digest: str = field(default="", compare=False)


def load(workspace: Workspace) -> Config:
    """The config of a workspace.

    Raises ConfigError naming the key (and the nearest right one), or the child whose path is missing, no git repo, or
    given twice.
    """
    content = _content(workspace)
    file = _read(workspace, content)
    pairs = [(name, part.path) for name, part in file.children.items()]
    children = tuple(
        _child(name, str(path), part)
        for (name, path), part in zip(_checked(workspace.root, pairs, ConfigError), file.children.values(), strict=True)
    )
    lead = Child(ORCHESTRATOR, str(workspace.root), file.orchestrator.model, file.orchestrator.effort)
    try:
        rules, telling = rules_of(file.rules, file.children), telling_of(file.notify)
    except ConfigError as error:
        raise ConfigError(f"{workspace.config}: {error.what}", error.next_step) from error
    budgets = (_amount(file.budget.plan), _amount(file.budget.task))
    return Config(children, lead, file.codex.bin, file.limits, rules, telling, *budgets, _digest(content))


def reload(workspace: Workspace, before: Config) -> Config:
    """The config as it is now: `before` itself if it says the same. Raises as `load`."""
    if _digest(_content(workspace)) == before.digest:
        return before
    fresh = load(workspace)
    return before if fresh == before else fresh


def named(workspace: Workspace) -> tuple[Child, ...]:
    """The children as the config names them, with absolute paths; whether their repos are there is not looked at.

    Raises ConfigError for a config that cannot be read, or a bad name.
    """
    children = []
    for name, part in _read(workspace, _content(workspace)).children.items():
        _check_name(name, ConfigError)
        path = os.path.abspath(workspace.root / os.path.expanduser(part.path))
        children.append(_child(name, path, part))
    return tuple(children)


def _child(name: str, path: str, part: ChildPart) -> Child:
    budget = _amount(part.budget)
    return Child(name, path, part.model, part.effort, part.sandbox, part.network, part.approvals, budget, part.trusted)


def _amount(part: BudgetPart | None) -> Budget | None:
    return Budget(part.tokens, part.minutes) if part is not None else None


def check_new(root: Path, pairs: list[tuple[str, str]]) -> list[tuple[str, Path]]:
    """The children named on the command line, each with the root of its work tree.

    Raises UsageError for a bad name, a path that is missing, no git repo, or given twice.
    """
    return _checked(root, pairs, UsageError)


def starter(children: Iterable[tuple[str, str]], trusted: Collection[str] = ()) -> str:
    """The text of a new config file for these children (name, path), some of which are trusted."""
    children = list(children)
    first = _quoted(children[0][0]) if children else "NAME"
    rows = "\n".join(
        f"  {_quoted(name)}:\n    path: {_quoted(path)}" + "\n    trusted: true" * (name in trusted)
        for name, path in children
    )
    return f"""\
# The repos that take part, and the limits. Read by `orch up`; not committed.
children:
{rows}
    # model: gpt-5.5              # default: what your codex config says
    # effort: high
    # sandbox: workspace-write    # or read-only
    # network: false              # true lets its commands reach the network
    # approvals: on-request       # never: Codex asks for nothing, and what needs leave fails
    # budget: 5M tokens, 8 h      # what its tasks may spend together; then you are asked
    # trusted: false              # true: Codex runs what the repo's own .codex names (MCP servers, hooks, rules)

# orchestrator:                   # what `orch plan` runs
#   model: gpt-5.5
#   effort: high

# codex:
#   bin: /path/to/codex           # default: $ORCH_CODEX_BIN, then this, then codex on PATH, then the packaged one

# limits:
#   verify_minutes: 20            # for one verify command
#   retry_seconds: [2, 10, 30]    # pauses before a turn that failed at the provider is tried again
#   stall_minutes: 10             # for a running turn without a sign of life
#   pause_seconds: [5, 20, 60, 300, 900]  # pauses of everything while the provider takes no work; the last one repeats
#   ready_seconds: 30             # for a server to answer after its start
#   log_megabytes: 10             # size at which a log is rotated

# budget:                         # tokens and minutes; what is used up pauses, and you are asked
#   plan: 20M tokens, 24 h        # all tasks of the plan together
#   task: 2M tokens, 90 min       # each task that has none in plan.md

# rules:                          # approvals that are settled without you; every other one is yours
#   - accept: {{command: git status}}   # by its first words, and only if it is one plain command
#   - accept: {{path: "docs/**"}}       # all changed files, relative to the repo or absolute
#     child: {first}
#   - decline: {{command: git push}}    # a decline wins, wherever it stands

# notify:                         # told once each; the notice is JSON, on standard input or posted
#   command: notify-send orch
#   webhook: https://example.com/hook
#   on: [asks, blocked, paused, end]
"""


def _content(workspace: Workspace) -> bytes:
    try:
        with workspace.config.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(
            f"{workspace.config} cannot be read ({error.strerror})", "run `orch init NAME=PATH ...`"
        ) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigError(f"{workspace.config} is larger than 1 MiB", "is it the right file?")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(workspace: Workspace, content: bytes) -> _File:
    try:
        data = YAML(typ="safe", pure=True).load(content)
    except (YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{workspace.config}{where} is not YAML ({_first_line(error)})", "mend that line") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{workspace.config} holds no `children:`", "see `orch init --help` for its form")
    try:
        return _File.model_validate(data)
    except ValidationError as error:
        raise _explained(workspace, error) from error


def _checked(root: Path, pairs: list[tuple[str, str]], kind: type[OrchError]) -> list[tuple[str, Path]]:
    seen: dict[Path, str] = {}
    names: set[str] = set()
    found = []
    for name, text in pairs:
        _check_name(name, kind)
        if name in names:
            raise kind(f"the child `{name}` is named twice", "give each child a name of its own")
        names.add(name)
        try:
            path = toplevel(Path(os.path.abspath(root / os.path.expanduser(text))))
        except OrchError as error:
            raise kind(f"the child `{name}`: {error.what}", error.next_step) from error
        except ValueError as error:
            raise kind(f"the child `{name}`: its path is none ({error})", "correct the child's path") from error
        path = path.resolve()
        if path in seen:
            raise kind(f"the children `{seen[path]}` and `{name}` are the same repo ({path})", "name it once")
        seen[path] = name
        found.append((name, path))
    return found


def _check_name(name: str, kind: type[OrchError]) -> None:
    if not NAME.fullmatch(name):
        raise kind(
            f"`{name}` is no name for a child",
            "use up to 40 letters, digits, `-` and `_`, beginning with a letter or digit",
        )
    if name.lower() in (HUMAN, ORCHESTRATOR):
        stands = "you in the plan" if name.lower() == HUMAN else "who writes the plan"
        raise kind(f"`{name}` is no name for a child (it stands for {stands})", "choose another name")


def _explained(workspace: Workspace, error: ValidationError) -> ConfigError:
    # An unknown key first: it often is the missing one, misspelt.
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    where = ".".join(_place(part, first["loc"]) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        near = difflib.get_close_matches(key, _keys(first["loc"]), n=1, cutoff=0.5)
        nearest = (
            f"did you mean `{near[0]}`?"
            if near
            else f"known are {', '.join(f'`{one}`' for one in _keys(first['loc']))}"
        )
        return ConfigError(f"{workspace.config}: the key `{where}` is not known", nearest)
    return ConfigError(f"{workspace.config}: `{where}`: {first['msg'].lower()}", "mend that line")


def _place(part: int | str, where: tuple[int | str, ...]) -> str:
    """Rules are counted from 1, as they are in logs."""
    return str(part + 1) if isinstance(part, int) and where[0] == "rules" else str(part)


def _keys(where: tuple[int | str, ...]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "children": ChildPart,
        "orchestrator": OrchestratorPart,
        "codex": CodexPart,
        "limits": Limits,
        "budget": BudgetPart if len(where) > 2 else BudgetsPart,
        "rules": MatchPart if len(where) > 3 else RulePart,
        "notify": NotifyPart,
    }
    if len(where) > 3 and where[0] == "children":  # children.NAME.budget.KEY
        return list(BudgetPart.model_fields)
    if len(where) > 1 and where[0] in parts:
        return list(parts[str(where[0])].model_fields)
    return list(parts)


def _quoted(text: str) -> str:
    """A text as YAML reads it back: bare where it cannot be taken for a number, a date, `null` or `true`."""
    if re.fullmatch(r"[A-Za-z][\w-]*|[\w.~-]*/[\w./~-]*", text, re.ASCII) and text.lower() not in _NO_TEXT:
        return text
    return '"' + "".join(char if char.isprintable() and char not in '"\\' else _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}" if char not in '"\\' else f"\\{char}"


def _first_line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0] if str(error) else type(error).__name__)
