"""Build a config from the values in its file."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from supervisor.core.plan.amounts import AmountError, read_amount
from supervisor.core.plan.diagnostics import any_of, nearest, quoted
from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR, Budget, Price
from supervisor.runtime.config.mistakes import Mistake, Where, name_of, path_at
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.rules import notify_settings_of, rules_of
from supervisor.runtime.config.schema import Amount, ChildPart, ConfigFile, is_yes


def config_of(path: Path, data: object) -> Config:
    """Return the config at `path` that says `data`. Raises ValidationError, or Mistake."""
    file = msgspec.convert(data, ConfigFile)
    allowed = file.control.allow_namespace
    return Config(
        tuple(_child(name, part) for name, part in file.children.items()),
        Child(ORCHESTRATOR, str(path.parent), file.orchestrator.model, file.orchestrator.effort, "read-only"),
        path_at(("codex", "bin"), file.codex.bin) if file.codex.bin is not None else None,
        file.limits,
        rules_of(file.rules, file.children),
        notify_settings_of(file.notify),
        _budget(file.budget.plan, ("budget", "plan")),
        _budget(file.budget.task, ("budget", "task")),
        (allowed,) if isinstance(allowed, str) else allowed,
        trusted_git={
            name: is_yes(part.trusted_git)
            for name, part in file.children.items()
            if isinstance(part, ChildPart) and part.trusted_git is not None
        },
        surprise=_share(file.limits.surprise, ("limits", "surprise")),
        exclude_tmp=is_yes(file.sandbox.exclude_tmp),
        exclude_roots=is_yes(file.sandbox.exclude_roots),
        prices={model: Price(part.input, part.output) for model, part in file.prices.items()},
    )


def _child(name: str, part: ChildPart | str) -> Child:
    if isinstance(part, str):
        return Child(name, path_at(("children", name), part))
    return Child(
        name,
        path_at(("children", name, "path"), part.path),
        part.model,
        part.effort,
        part.sandbox,
        is_yes(part.network),
        part.approvals,
        _budget(part.budget, ("children", name, "budget")),
        is_yes(part.trusted),
    )


def _share(given: str | float | None, where: Where) -> float | None:
    """Read a share as `50%`, or `off`. Raises Mistake."""
    if given is None or given == "off":
        return None
    found = _PERCENT.fullmatch(str(given).strip())
    share = float(found[1]) / 100 if found else 2.0
    if share > 1:
        written = given if isinstance(given, str) else f"{given:g}"
        what = f"{quoted(name_of(where))} may not be {quoted(written)}"
        raise Mistake(where, what, "write a share of the running tasks, from `0%` to `100%`")
    return share


_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)


def _budget(amount: Amount, where: Where) -> Budget | None:
    """Read a budget, in words or by its keys. Raises Mistake."""
    if not isinstance(amount, str):
        return Budget(amount.tokens, amount.minutes) if amount is not None else None
    found = read_amount(amount)
    if isinstance(found, AmountError):
        near = nearest(found.word, found.choices)
        hint = f"did you mean {quoted(near)}?" if near else f"use {any_of(found.choices)}" if found.choices else ""
        what = ": ".join(part for part in (found.message, hint) if part)
        raise Mistake(where, f"{quoted(name_of(where))}: {what}", "correct that line")
    return found
