"""Decide what the commands of `## Integration` run with, what their results count for, and what a failure says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from supervisor.core.text.escape import block_quote
from supervisor.domain.plan import Integration
from supervisor.domain.repo.facts import DocumentedCommand, Purpose
from supervisor.domain.report import Check
from supervisor.sha256 import hex_digest

PREFIX = "ORCH_CHILD_"
CUT = "…"  # ends a command of a document that is not quoted whole
SHORT = 60  # lines of an output that need no extract


def variable(child: str) -> str:
    """Name the environment variable that holds the folder of a child: ORCH_CHILD_WEB_APP for `web-app`."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", child.upper())


def variables(children: Iterable[str]) -> dict[str, str] | tuple[str, str]:
    """Name the variable of each child; or return two children that would have the same one."""
    found: dict[str, str] = {}
    for child in children:
        name = variable(child)
        if name in found:
            return found[name], child
        found[name] = child
    return {child: name for name, child in found.items()}


def key_of(command: str, trees: Mapping[str, str | None], *, network: bool) -> str:
    """Return what a result is bound to: the command, and the tree of every child."""
    return hex_digest(json.dumps([command, sorted(trees.items()), network]).encode())


def documented(child: str, commands: Iterable[DocumentedCommand], tasks: Iterable[str]) -> Iterator[Integration]:
    """Yield the checks that the documents of a repo name, the first of each purpose. `tasks` are those landed in it."""
    found = tuple(commands)
    for purpose in (Purpose.LINT, Purpose.TEST):
        text = next((one.text for one in found if one.purpose is purpose and not one.text.endswith(CUT)), None)
        if text is not None:
            yield Integration(f'cd "${variable(child)}" && {text}', tuple(tasks))


def told(check: Check, one: Integration) -> str:
    """Say to a child that a command failed on all repos together. Its output is data."""
    parts = [
        "There is a command that has to pass with the work of all repos together before anything lands. It ran in "
        f"throw-away copies of all repos (`{PREFIX}NAME` holds the folder of each), and `{one.command}` {ended(check)}."
    ]
    if check.lines > SHORT and check.failing:
        rows = "\n".join(f"{line.number}: {line.text}" for line in check.failing)
        parts.append(f"The lines of its output that look like failures:\n\n{block_quote(rows)}")
    parts.append(f"The end of its output:\n\n{block_quote(check.tail)}" if check.tail else "It printed nothing.")
    if check.lines > SHORT and check.log:
        parts.append(f"All {check.lines:,} lines are in {check.log}")
    return "\n\n".join(parts)


def ended(check: Check) -> str:
    """Say how a command ended that did not pass."""
    return "did not end in time" if check.exit_code == TIMED_OUT else f"exited with {check.exit_code}"


TIMED_OUT = 124  # as `timeout` of coreutils says it
