"""Build a config from the values in its file."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from supervisor.core.plan.amounts import AmountError, read_amount
from supervisor.core.plan.diagnostics import any_of, nearest, quoted
from supervisor.core.text.redact import secrets_in
from supervisor.domain.child import PLACE, Child, Runner
from supervisor.domain.plan import ORCHESTRATOR, Budget, Price
from supervisor.regex import regex
from supervisor.runtime.config.mistakes import Mistake, Where, name_of, path_at
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.rules import notify_settings_of, rules_of
from supervisor.runtime.config.schema import Amount, ChildPart, ConfigFile, RunnerPart, is_yes


def config_of(path: Path, data: object) -> Config:
    """Return the config at `path` that says `data`. Raises ValidationError, or Mistake."""
    file = msgspec.convert(data, ConfigFile)
    allowed = file.control.allow_namespace
    runners = {name: _runner(name, part) for name, part in file.runners.items()}
    return Config(
        tuple(_child(name, part, runners) for name, part in file.children.items()),
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
        documented_checks=file.land.checks == "documented",
        prices={model: Price(part.input, part.output) for model, part in file.prices.items()},
    )


def _child(name: str, part: ChildPart | str, runners: Mapping[str, Runner]) -> Child:
    if isinstance(part, str):
        return Child(name, path_at(("children", name), part))
    runner = _runner_of(name, part.runner, runners)
    if runner is not None and part.isolation == "worktree":
        where: Where = ("children", name, "isolation")
        what = f"`{name_of(where)}`: {name} lives at {runner.name}, and orch makes work trees on this machine only"
        raise Mistake(where, what, "remove it")
    return Child(
        name,
        path_at(("children", name, "path"), part.path) if runner is None else _path_there(name, part.path),
        part.model,
        part.effort,
        part.sandbox,
        is_yes(part.network),
        part.approvals,
        _budget(part.budget, ("children", name, "budget")),
        is_yes(part.trusted),
        runner,
        part.isolation,
    )


def _runner(name: str, part: RunnerPart) -> Runner:
    """Read a named runner. Raises Mistake."""
    where: Where = ("runners", name)
    if not _NAME.fullmatch(name):
        raise Mistake(where, f"{quoted(name)} is no name for a runner", "use up to 40 letters, digits, `-`, `_`, `.`")
    folders = (part.path,) if isinstance(part.path, str) else part.path
    for folder in folders:
        if not folder.startswith("/") or ":" in folder or not folder.isprintable():
            what = f"`{name_of((*where, 'path'))}`: {quoted(folder)} is no absolute path"
            raise Mistake((*where, "path"), what, "write a folder on that machine")
    for variable, value in (part.env or {}).items():
        if not _VARIABLE.fullmatch(variable) or variable.startswith("ORCH_") or not value.isprintable():
            what = f"`{name_of((*where, 'env'))}`: {quoted(variable)} is no variable to set there"
            raise Mistake((*where, "env"), what, "correct or remove it")
        if secrets_in({variable: value}):
            what = f"`{name_of((*where, 'env'))}`: {variable} looks like a secret"
            raise Mistake((*where, "env"), what, "set it in the login profile there")
    if part.codex is not None and not (part.codex and part.codex.isprintable()):
        what = f"`{name_of((*where, 'codex'))}`: {quoted(part.codex)} is no program"
        raise Mistake((*where, "codex"), what, "name the codex there, or remove it")
    if part.login == "local":
        what = f"`{name_of((*where, 'login'))}`: Codex does not say where commands run with a login of this machine"
        raise Mistake((*where, "login"), what, "remove it, and run `codex login` there")
    words = _words(part.connect, (*where, "connect"))
    before = _words(part.before, (*where, "before")) if part.before is not None else ()
    after = _words(part.after, (*where, "after")) if part.after is not None else ()
    for key, some in (("connect", words), ("after", after)):
        if not before and any(PLACE in word for word in some):
            what = f"`{name_of((*where, key))}`: nothing says what `{PLACE}` is"
            raise Mistake((*where, key), what, "add `before`, a command that prints it")
    if before and not any(PLACE in word for word in words):
        what = f"`{name_of((*where, 'connect'))}`: `{PLACE}` is missing, which `before` gets"
        raise Mistake((*where, "connect"), what, f"write it where the command names the place: `--jobid={PLACE}`")
    env = tuple((part.env or {}).items())
    return Runner(name, words, part.codex or "", folders, env, is_yes(part.attached), before, after)


def _runner_of(child: str, given: str | Sequence[str] | None, runners: Mapping[str, Runner]) -> Runner | None:
    """Find the runner of a child: one of those with a name, or a prefix of its own. Raises Mistake."""
    if given is None:
        return None
    where: Where = ("children", child, "runner")
    if isinstance(given, str) and given in runners:
        return runners[given]
    words = _words(given, where)
    if len(words) == 1:
        near = nearest(words[0], [*runners])
        hint = (
            f"did you mean {quoted(near)}?" if near else "write a command such as `ssh lab --`, or add it to `runners`"
        )
        raise Mistake(where, f"`{name_of(where)}`: there is no runner {quoted(words[0])}", hint)
    inner = [word for word in words if word != "--"]
    ssh = posixpath.basename(words[0]) == "ssh" and len(inner) > 1 and not inner[-1].startswith("-")
    return Runner(inner[-1] if ssh else shlex.join(inner), words)


def _words(given: str | Sequence[str], where: Where) -> tuple[str, ...]:
    """Read a prefix: a list of words, or one text as in a shell. Raises Mistake."""
    try:
        words = tuple(shlex.split(given) if isinstance(given, str) else given)
    except ValueError as error:
        raise Mistake(where, f"`{name_of(where)}` is not a command ({error})", "correct its quotes") from error
    if not words or not words[0] or not all(word.isprintable() for word in words):
        raise Mistake(where, f"`{name_of(where)}` is not a command", "write one such as `ssh lab --`")
    return words


def _path_there(child: str, path: str) -> str:
    """Check a path on another machine. Raises Mistake."""
    plain = posixpath.normpath(path)
    if not path.startswith("/") or plain == "/" or not path.isprintable():
        where: Where = ("children", child, "path")
        raise Mistake(
            where,
            f"`{name_of(where)}` is no absolute path ({path!r}), and {child} has a runner",
            "write where the repo is on that machine, from `/`",
        )
    return plain


_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_VARIABLE = regex(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


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


_PERCENT = regex(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)


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
