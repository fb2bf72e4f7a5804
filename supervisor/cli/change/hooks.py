"""What `orch land` shows and asks about the hooks of the repos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Line
from supervisor.runtime.change.land.commits import LandOptions
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.land.hooks import HookStake

SHOWN = 200  # lines of what is new in what a hook runs


def hooks_of(workspace: WorkspacePaths, options: LandOptions) -> CommitHooks:
    """Return the hooks of a landing: they run unless it is a dry one, and say what a person has to know."""

    def trusts(child: str, stake: HookStake) -> bool:
        output.say(f"{child}: the {stake.hook} hook would run as you what a task may have written:")
        lines = clean(stake.diff).splitlines()
        for line in lines[:SHOWN]:
            output.say(f"  {line}")
        if len(lines) > SHOWN:
            output.say(f"  ... {len(lines) - SHOWN:,} more lines")
        if options.trust_hooks:
            return True
        return output.interactive() and output.says_yes(f"run it with {', '.join(stake.files)} as shown?")

    return CommitHooks(workspace, say=output.say, trusts=trusts, runs=not options.dry_run, skips=not options.verify)


def due(found: Mapping[str, Sequence[str]]) -> Iterator[Block]:
    """Show the hooks that a landing would run."""
    if found:
        yield Line()
        yield Line((Cell("before that, hooks run, and may refuse or change the commits:", "bold"),))
    for child, names in found.items():
        yield Line((Cell(f"{child}: {', '.join(names)}"),))
