"""What `orch land` shows of the gate, and how it has tasks reopened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Line
from supervisor.core.change.gate import ended, told
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.change.land.gate import GatedCommand, RedCommand
from supervisor.runtime.workspace import WorkspacePaths

SHOWN = 30  # lines of the end of an output


def steps(found: Sequence[GatedCommand]) -> Iterator[Block]:
    """Show the commands that have to pass before anything lands."""
    if found:
        yield Line()
        yield Line((Cell("before that, with all repos together:", "bold"),))
    for one in found:
        reopens = f" (reopens {', '.join(one.integration.reopens)})" if one.integration.reopens else ""
        passed = "passed with these trees" if one.passed else "to run"
        yield Line((Cell(f"$ {one.integration.command}"), Cell(f"{reopens}: {passed}", "dim")))


def steps_json(found: Sequence[GatedCommand]) -> list[dict[str, object]]:
    """Return the commands of `## Integration` that ran, as `orch land --json` shows them."""
    return [
        {"command": one.integration.command, "reopens": list(one.integration.reopens), "passed": one.passed}
        for one in found
    ]


def red(failures: Sequence[RedCommand]) -> str:
    """Say in one line what failed."""
    said = "; ".join(f"`{one.integration.command}` {ended(one.check)}" for one in failures)
    return f"with all repos together {said}, so nothing was landed"


def show_output(failures: Sequence[RedCommand]) -> None:
    """Print the end of what each command printed, to standard error."""
    for one in failures:
        output.say(f"$ {one.integration.command}")
        for line in one.check.tail.splitlines()[-SHOWN:]:
            output.say(f"  {line}")
        if not one.check.tail:
            output.say("  (it printed nothing)")
        if one.check.log:
            output.say(f"  ({one.check.lines:,} line{'' if one.check.lines == 1 else 's'}: {one.check.log})")


def reopen(workspace: WorkspacePaths, failures: Sequence[RedCommand]) -> Iterator[str]:
    """Have the supervisor give the tasks another turn that the commands name. Yields what came of it."""
    for one in failures:
        names = one.integration.reopens
        if not names:
            continue
        try:
            answer = calling.request(
                workspace,
                "reopen",
                tasks=list(names),
                command=one.integration.command,
                text=told(one.check, one.integration),
            )
        except SupervisorDown:
            yield f"{', '.join(names)} not reopened, because the supervisor is not up: `orch up`, then land again"
            continue
        except OrchError as error:
            yield f"{', '.join(names)} not reopened: {error}"
            continue
        done = answer.get("tasks")
        if isinstance(done, list) and done:
            yield f"{', '.join(map(str, done))} reopened with the output: land again once done"
