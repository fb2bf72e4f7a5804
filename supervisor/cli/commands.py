"""`orch`: the commands and their words. What they do is imported when it is needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supervisor import __version__
from supervisor.cli.options import Command, Group, Json, end, example, folder_of, workspace_at
from supervisor.cli.plancommands import plan_app
from supervisor.cli.skillcommands import mcp, skill_app


class Level(StrEnum):
    """How loud a log line is at least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


app = typer.Typer(
    name="orch",
    help="Move several git repositories together: one `codex app-server` each, led by a plan.md that you edit live.",
    epilog=example("orch init backend=../backend mobile=../mobile", "orch up", "orch status"),
    add_completion=False,
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(plan_app, name="plan")
app.add_typer(skill_app, name="skill")
app.command(cls=Command, epilog=example("orch mcp", "orch mcp --config >> .codex/config.toml"))(mcp)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"orch {__version__}")
        end(0)


@app.callback()
def _global(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command(cls=Command, epilog=example("orch init backend=../backend mobile=../mobile"))
def init(
    context: typer.Context,
    pairs: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=PATH", help="The repos that take part.", show_default=False)
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="NAME", help="Let Codex run what this repo's own .codex names. Repeatable."),
    ] = None,
) -> None:
    """Make this folder a workspace.

    Writes orchestrator.config.yaml, plan.md (a template), .codex/config.toml (the tools for `codex` there) and
    .gitignore, and overwrites nothing. A repo with a .codex folder of its own is shown with what that would start, and
    you are asked whether you trust it; without a terminal it is not trusted, unless --trust names it.
    """
    from supervisor.cli.starting import init

    end(init(folder_of(context), pairs or [], trust or []))


@app.command(cls=Command, epilog=example("orch up", "orch up backend mobile", "orch up --foreground"))
def up(
    context: typer.Context,
    children: Annotated[
        list[str] | None, typer.Argument(metavar="CHILD", help="Only these.", show_default=False)
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Be the supervisor, here, until it is over.")
    ] = False,
) -> None:
    """Start the supervisor and the children's servers.

    Returns when each server is ready, failed or 30 s old; what is up already stays up. An edited
    orchestrator.config.yaml is taken in, and touches only what it changes.
    """
    from supervisor.cli import lifecycle

    begin = lifecycle.up_in_foreground if foreground else lifecycle.up
    end(begin(workspace_at(context), children or []))


@app.command(cls=Command, epilog=example("orch down", "orch down --now"))
def down(
    context: typer.Context, now: Annotated[bool, typer.Option("--now", help="Kill instead of asking politely.")] = False
) -> None:
    """Stop everything and leave no process.

    Running turns are interrupted; the next `orch up` resumes them.
    """
    from supervisor.cli import lifecycle

    end(lifecycle.down(workspace_at(context), now=now))


@app.command(cls=Command, epilog=example("orch restart backend"))
def restart(
    context: typer.Context, child: Annotated[str, typer.Argument(metavar="CHILD", help="Whose server.")]
) -> None:
    """Restart the server of one child; its thread and task go on."""
    from supervisor.cli import requests

    end(requests.restart(workspace_at(context), child))


@app.command(cls=Command, epilog=example("orch status", "orch status --json | jq '.tasks[].state'"))
def status(
    context: typer.Context,
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show every change, until Ctrl-C.")] = False,
) -> None:
    """Show plan, children, tasks, and what waits on you.

    With the supervisor down, the last known picture, and exit code 3.
    """
    from supervisor.cli import show

    end((show.watch if watch else show.status)(workspace_at(context), as_json=as_json))


@app.command(cls=Command, epilog=example("orch wait --timeout 3600", "orch wait --task T1 && echo done"))
def wait(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Option("--task", metavar="ID", help="Only this task.", show_default=False)
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", min=0, help="Seconds to wait at most.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Wait until all is settled, or waits on a human.

    \b
    Exit codes: 0 all done; 3 the supervisor is not up; 4 something waits on a human;
    5 something is blocked or failed; 124 time-out.
    """
    from supervisor.cli import waiting

    end(waiting.wait(workspace_at(context), task=task, timeout=timeout, as_json=as_json))


@app.command(
    cls=Command, epilog=example("orch logs --follow --child backend", "orch logs --since 10m --event 'turn_*' --json")
)
def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    child: Annotated[str | None, typer.Option("--child", metavar="C", help="Only of this child.")] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Only of this task.")] = None,
    event: Annotated[str | None, typer.Option("--event", metavar="GLOB", help="Only events of such a name.")] = None,
    level: Annotated[Level, typer.Option("--level", help="Only what is at least so loud.")] = Level.DEBUG,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="90s, 10m, 2h or 1d ago, or an RFC 3339 time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show ledger and logs in one time order (UTC).

    What the servers print themselves is in .orchestrator/logs/CHILD.stderr.log.
    """
    from datetime import UTC, datetime

    from supervisor.cli.logs import Filter, logs, parse_since

    after = parse_since(since, datetime.now(UTC)) if since is not None else None
    end(logs(workspace_at(context), Filter(child, task, event, level.value, after), follow=follow, as_json=as_json))


@app.command(
    cls=Command,
    epilog=example("orch snapshot", "orch snapshot backend --tokens 2000", "orch snapshot backend --json | jq .docs"),
)
def snapshot(
    context: typer.Context,
    child: Annotated[str | None, typer.Argument(metavar="CHILD", help="Only this repo.", show_default=False)] = None,
    as_json: Json = False,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="N", min=1, help="As Markdown of at most so many tokens.", show_default=False),
    ] = None,
) -> None:
    """Show what is known of each repo: git state, history, documents, code.

    Reads again only what changed since the last time; the rest is in .orchestrator/snapshots.
    """
    from supervisor.cli.snapshot import snapshot

    end(snapshot(workspace_at(context), child, in_json=as_json, tokens=tokens))


@app.command(
    name="map", cls=Command, epilog=example("orch map", "orch map --kind route", "orch map --json | jq '.rows[0]'")
)
def show_map(
    context: typer.Context,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown, with a Mermaid graph.")] = False,
    rows: Annotated[int | None, typer.Option("--rows", metavar="N", min=1, help="Show so many rows.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only route, topic, key, ...")] = None,
) -> None:
    """Show what ties the repos together, with file and line.

    Reads the sources that changed since the last time; the result is also in .orchestrator/map.json and map.md.
    """
    from supervisor.cli.map import show_map

    end(show_map(workspace_at(context), as_json=as_json, as_markdown=as_markdown, rows=rows, kind=kind))


@app.command(cls=Command, epilog=example("orch hold"))
def hold(context: typer.Context) -> None:
    """Start nothing new; what runs goes on."""
    from supervisor.cli import requests

    end(requests.hold(workspace_at(context)))


@app.command(cls=Command, epilog=example("orch go", "orch go T1"))
def go(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Try this blocked or failed task again.", show_default=False)
    ] = None,
) -> None:
    """Lift the hold; with a task: try it again."""
    from supervisor.cli import requests

    end(requests.go(workspace_at(context), task))


@app.command(cls=Command, epilog=example("orch asks", "orch asks --json"))
def asks(context: typer.Context, as_json: Json = False) -> None:
    """Show what waits on you, and how to answer."""
    from supervisor.cli import requests

    end(requests.asks(workspace_at(context), as_json=as_json))


@app.command(cls=Command, epilog=example("orch answer A1 accept", "orch answer A2 use port 8080"))
def answer(
    context: typer.Context,
    ask: Annotated[str, typer.Argument(metavar="ID", help="The ask, as `orch asks` shows it.")],
    words: Annotated[list[str], typer.Argument(metavar="accept|decline|TEXT", help="The answer.")],
    for_session: Annotated[
        bool, typer.Option("--for-session", help="With accept: the same is accepted from now on.")
    ] = False,
) -> None:
    """Answer what waits on you."""
    from supervisor.cli import requests

    end(requests.answer(workspace_at(context), ask, words, for_session=for_session))


@app.command(cls=Command, epilog=example("orch attach backend", "orch attach T1 --print"))
def attach(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CHILD or TASK", help="Whose thread; without it, the orchestrator's.", show_default=False
        ),
    ] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the command instead of running it.")] = False,
) -> None:
    """Open Codex's own terminal UI on a live thread.

    What you do there is noticed: a turn of yours goes first, an answer closes the ask.
    """
    from supervisor.cli.attach import attach

    end(attach(workspace_at(context), name, only_print=only_print))


@app.command(cls=Command, epilog=example("orch note the staging API needs the header X-Device"))
def note(
    context: typer.Context, words: Annotated[list[str], typer.Argument(metavar="TEXT", help="What was learned.")]
) -> None:
    """Add a learning to the ledger and to runs.md."""
    from supervisor.cli import requests

    end(requests.note(workspace_at(context), words))


@app.command(cls=Command, epilog=example("orch doctor", "orch doctor --json | jq '.[] | select(.ok | not)'"))
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check codex, login, git, sandbox, file watching and sockets.

    Each by using it. What fails is told with its remedy (exit code 1).
    """
    from supervisor.cli.doctor import doctor

    end(doctor(folder_of(context), as_json=as_json))


@app.command(cls=Command, epilog=example("orch demo", "orch demo --keep ~/orch-demo"))
def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Leave the sample repos there.", show_default=False)
    ] = None,
    story: Annotated[str, typer.Option("--story", metavar="NAME", help="lamp, or checkout.")] = "lamp",
) -> None:
    """See the whole job done on three sample repos.

    With the real codex and a scripted model on this machine: no account, no network.
    """
    from supervisor.cli.output import emit
    from supervisor.demo.play import run_demo

    end(run_demo(keep, story, emit))
