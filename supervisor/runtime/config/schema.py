"""The form of `orchestrator.config.yaml`: its keys, and what is said of a mistake. Slow to load: see `config.py`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from supervisor.core.plan.amounts import AmountError, read_amount
from supervisor.core.plan.diagnostics import any_of, nearest, quoted
from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR, Approvals, Budget, SandboxMode
from supervisor.errors import ConfigError
from supervisor.runtime.config.model import Config, Limits
from supervisor.runtime.config.rules import MatchPart, NotifyPart, RulePart, notify_settings_of, rules_of

STANDARD = Limits()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _long_form(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _in_words(value: object) -> object:
    """A budget may be written as in plan.md."""
    if not isinstance(value, str):
        return value
    found = read_amount(value)
    if isinstance(found, AmountError):
        near = nearest(found.word, found.choices)
        hint = f"did you mean {quoted(near)}?" if near else f"use {any_of(found.choices)}" if found.choices else ""
        raise ValueError(": ".join(part for part in (found.message, hint) if part))  # noqa: TRY004 - pydantic tells it
    return {"tokens": found.tokens, "minutes": found.minutes}


class BudgetPart(_Part):
    tokens: Annotated[int, Field(gt=0)] | None = Field(default=None, description="Input and output tokens together.")
    minutes: PositiveFloat | None = Field(default=None, description="Minutes in which turns run.")


_Budget = Annotated[BudgetPart | None, BeforeValidator(_in_words)]


class BudgetsPart(_Part):
    """What all tasks of a plan may spend together, and each that plan.md gives no budget of its own."""

    plan: _Budget = Field(default=None, description="Bounds all tasks of the plan together.")
    task: _Budget = Field(default=None, description="Bounds each task that plan.md gives no budget of its own.")


class ChildPart(_Part):
    path: str = Field(
        description="The repo's work tree, absolute or relative to the workspace. Short form: `NAME: PATH`."
    )
    model: str | None = Field(
        default=None, description="The model for all tasks of this child. Without it, your Codex config decides."
    )
    effort: str | None = Field(
        default=None, description="The reasoning effort for all its tasks. Without it, your Codex config decides."
    )
    sandbox: SandboxMode = Field(default="workspace-write", description="What the child's commands may write.")
    network: bool = Field(default=False, description="Lets its commands and its verify commands open sockets.")
    approvals: Approvals = Field(
        default="on-request", description="`never`: Codex asks for nothing, and whatever needs an approval fails."
    )
    budget: _Budget = Field(default=None, description="Bounds all tasks of this child together.")
    trusted: bool = Field(
        default=False,
        description="Lets Codex run what the repo's own `.codex` folder names: MCP servers, hooks, rules.",
    )


class OrchestratorPart(_Part):
    """The orchestrator that `orch plan` runs."""

    model: str | None = Field(
        default=None, description="The model of the orchestrator. Without it, your Codex config decides."
    )
    effort: str | None = Field(default=None, description="Its reasoning effort. Without it, your Codex config decides.")


class CodexPart(_Part):
    bin: str | None = Field(default=None, description="The codex binary. `ORCH_CODEX_BIN` overrides it.")


class LimitsPart(_Part):
    """See `Limits`, which has the defaults."""

    verify_minutes: PositiveFloat = Field(
        default=STANDARD.verify_minutes, description="Longest run of one verify command."
    )
    retry_seconds: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=STANDARD.retry_seconds, description="Pauses before a turn that failed at the provider is tried again."
    )
    stall_minutes: PositiveFloat = Field(
        default=STANDARD.stall_minutes, description="Longest time that a running turn may give no sign of life."
    )
    pause_seconds: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = Field(
        default=STANDARD.pause_seconds,
        description="Pauses of everything while the provider takes no work. The last one repeats.",
    )
    ready_seconds: PositiveFloat = Field(
        default=STANDARD.ready_seconds, description="Longest time that a server may take to answer after its start."
    )
    log_megabytes: PositiveFloat = Field(default=STANDARD.log_megabytes, description="Size at which a log is rotated.")


class ConfigFile(_Part):
    children: dict[str, Annotated[ChildPart, BeforeValidator(_long_form)]] = Field(min_length=1)
    orchestrator: OrchestratorPart = OrchestratorPart()
    codex: CodexPart = CodexPart()
    limits: LimitsPart = LimitsPart()
    budget: BudgetsPart = BudgetsPart()
    rules: tuple[RulePart, ...] = ()
    notify: NotifyPart | None = None


def read(path: Path, content: bytes) -> Config:
    """What the file at `path` says, with each child's path as it is written there.

    Raises ConfigError naming the line, or the key (and the nearest right one).
    """
    file = _parsed(path, content)
    children = tuple(
        Child(
            name,
            part.path,
            part.model,
            part.effort,
            part.sandbox,
            part.network,
            part.approvals,
            _amount(part.budget),
            part.trusted,
        )
        for name, part in file.children.items()
    )
    lead = Child(ORCHESTRATOR, str(path.parent), file.orchestrator.model, file.orchestrator.effort)
    try:
        rules, telling = rules_of(file.rules, file.children), notify_settings_of(file.notify)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.what}", error.next_step) from error
    limits = Limits(**dict(file.limits))
    return Config(
        children, lead, file.codex.bin, limits, rules, telling, _amount(file.budget.plan), _amount(file.budget.task)
    )


def _parsed(path: Path, content: bytes) -> ConfigFile:
    try:
        data = YAML(typ="safe", pure=True).load(content)
    except (YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{path}{where} is not YAML ({_first_line(error)})", "mend that line") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no `children:`", "see `orch init --help` for its form")
    try:
        return ConfigFile.model_validate(data)
    except ValidationError as error:
        raise _explained(path, error) from error


def _amount(part: BudgetPart | None) -> Budget | None:
    return Budget(part.tokens, part.minutes) if part is not None else None


def _explained(path: Path, error: ValidationError) -> ConfigError:
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
        return ConfigError(f"{path}: the key `{where}` is not known", nearest)
    return ConfigError(f"{path}: `{where}`: {first['msg'].lower()}", "mend that line")


def _place(part: int | str, where: tuple[int | str, ...]) -> str:
    """Rules are counted from 1, as they are in logs."""
    return str(part + 1) if isinstance(part, int) and where[0] == "rules" else str(part)


def _keys(where: tuple[int | str, ...]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "children": ChildPart,
        "orchestrator": OrchestratorPart,
        "codex": CodexPart,
        "limits": LimitsPart,
        "budget": BudgetPart if len(where) > 2 else BudgetsPart,
        "rules": MatchPart if len(where) > 3 else RulePart,
        "notify": NotifyPart,
    }
    if len(where) > 3 and where[0] == "children":  # children.NAME.budget.KEY
        return list(BudgetPart.model_fields)
    if len(where) > 1 and where[0] in parts:
        return list(parts[str(where[0])].model_fields)
    return list(parts)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0] if str(error) else type(error).__name__)
