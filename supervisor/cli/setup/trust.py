"""Ask the person whether what a repo brings may run: its `.codex` folder, and the programs of its git."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.runtime.boundary.git_programs import git_programs
from supervisor.runtime.codex.trust import at_stake, trusted_before
from supervisor.runtime.workspace import CONFIG_NAME


def codex_trust(children: Sequence[tuple[str, Path]], given: Sequence[str]) -> tuple[str, ...]:
    """Return the children whose `.codex` folder is trusted: those `given`, and those that the person trusts now."""
    return tuple(name for name, path in children if name in given or _trusts_codex(name, path))


def git_trust(children: Sequence[tuple[str, Path]], given: Sequence[str]) -> dict[str, bool]:
    """Return whether the programs of git are trusted, for each child for which that was asked or `given`."""
    asked = {name: _trusts_git(name, path, given=name in given) for name, path in children}
    return {name: trusts for name, trusts in asked.items() if trusts is not None}


def _trusts_codex(name: str, path: Path) -> bool:
    stake = at_stake(path)
    if not stake or trusted_before(path):
        return bool(stake)
    output.say(f"{name} has a .codex folder of its own. If you trust it, Codex takes from it:")
    for line in stake:
        output.say(f"  {one_line(line)}")
    if not sys.stdin.isatty():
        output.say(f"not trusted: Codex ignores it; to trust it, write `trusted: true` under {name} in {CONFIG_NAME}")
        return False
    return output.says_yes(f"trust {name}?")


def _trusts_git(name: str, path: Path, *, given: bool) -> bool | None:
    """None: nobody was asked, or there is nothing to ask."""
    found = git_programs(path)
    if not found or given:
        return True if found else None
    output.say(f"{name} has git run programs of its own, also when Codex reads git, outside of its sandbox:")
    for line in found:
        output.say(f"  {one_line(line)}")
    if not sys.stdin.isatty():
        output.say(f"filters are off for Codex; to trust them, write `trusted_git: yes` under {name} in {CONFIG_NAME}")
        return None
    return output.says_yes(f"trust the git programs of {name}?")
