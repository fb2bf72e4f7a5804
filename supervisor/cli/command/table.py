"""The commands of `orch`, each in one place: its words, the function behind it, and what its help says.

A command's module is imported when that command runs, and not before. What a command takes is its function's signature
(see `parameters`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

HELP_OPTIONS = ("-h", "--help")


class Command(NamedTuple):
    """`words`: what is typed after `orch`. `target`: MODULE:FUNCTION in `supervisor.cli`. `help`: one line."""

    words: str
    target: str
    help: str
    examples: tuple[str, ...]
    details: str = ""

    @property
    def name(self) -> str:
        return self.words.rpartition(" ")[2]

    def load(self) -> Callable[..., int]:
        """The function behind it, which returns the exit code."""
        module, _, name = self.target.partition(":")
        function: Callable[..., int] = getattr(import_module(f"supervisor.cli.{module}"), name)
        return function


class Group(NamedTuple):
    """Commands that begin with the same word. `default`: the one that is meant where none is named."""

    name: str
    help: str
    examples: tuple[str, ...]
    default: str | None = None


ROOT = Group(
    "",
    "Move several git repositories together: one `codex app-server` each, led by a plan.md that you edit live.",
    ("orch init backend=../backend mobile=../mobile", "orch up", "orch status"),
)

GROUPS = (
    Group(
        "plan",
        'Have plan.md written (`orch plan "PROBLEM"`), check it, and see what was in force.',
        (
            'orch plan "Registration times out after 30 s though the device appears later"',
            "orch plan --from problem.md --review",
            "orch plan check",
            "orch plan history",
        ),
        default="write",
    ),
    Group("skill", "The skill that makes a Codex session the orchestrator.", ("orch skill install",)),
)

COMMANDS = (
    Command(
        "init",
        "setup.init:init",
        "Make this folder a workspace.",
        ("orch init backend=../backend mobile=../mobile",),
        "Writes orchestrator.config.yaml, plan.md (a template), .codex/config.toml (the tools for `codex` there) and "
        ".gitignore, and overwrites nothing. A repo with a .codex folder of its own is shown with what that would "
        "start, and you are asked whether you trust it; without a terminal it is not trusted, unless --trust names it.",
    ),
    Command(
        "up",
        "steer.up:up",
        "Start the supervisor and the children's servers.",
        ("orch up", "orch up backend mobile", "orch up --foreground"),
        "Returns when each server is ready, failed or 30 s old; what is up already stays up. An edited "
        "orchestrator.config.yaml is taken in, and touches only what it changes.",
    ),
    Command(
        "down",
        "steer.down:down",
        "Stop everything and leave no process.",
        ("orch down", "orch down --now"),
        "Running turns are interrupted; the next `orch up` resumes them.",
    ),
    Command(
        "restart",
        "steer.requests:restart",
        "Restart the server of one child; its thread and task go on.",
        ("orch restart backend",),
    ),
    Command(
        "status",
        "look.status:status",
        "Show plan, children, tasks, and what waits on you.",
        ("orch status", "orch status --json | jq '.tasks[].state'"),
        "With the supervisor down, the last known picture, and exit code 3.",
    ),
    Command(
        "wait",
        "look.wait:wait",
        "Wait until all is settled, or waits on a human.",
        ("orch wait --timeout 3600", "orch wait --task T1 && echo done"),
        "\b\nExit codes: 0 all done; 3 the supervisor is not up; 4 something waits on a human;\n"
        "5 something is blocked or failed; 124 time-out.",
    ),
    Command(
        "logs",
        "look.logs:logs",
        "Show ledger and logs in one time order (UTC).",
        ("orch logs --follow --child backend", "orch logs --since 10m --event 'turn_*' --json"),
        "What the servers print themselves is in .orchestrator/logs/CHILD.stderr.log.",
    ),
    Command(
        "snapshot",
        "look.snapshot:snapshot",
        "Show what is known of each repo: git state, history, documents, code.",
        ("orch snapshot", "orch snapshot backend --tokens 2000", "orch snapshot backend --json | jq .docs"),
        "Reads again only what changed since the last time; the rest is in .orchestrator/snapshots.",
    ),
    Command(
        "map",
        "look.map:show_map",
        "Show what ties the repos together, with file and line.",
        ("orch map", "orch map --kind route", "orch map --json | jq '.rows[0]'"),
        "Reads the sources that changed since the last time; the result is also in .orchestrator/map.json and map.md.",
    ),
    Command("hold", "steer.requests:hold", "Start nothing new; what runs goes on.", ("orch hold",)),
    Command("go", "steer.requests:go", "Lift the hold; with a task: try it again.", ("orch go", "orch go T1")),
    Command("asks", "steer.asks:asks", "Show what waits on you, and how to answer.", ("orch asks", "orch asks --json")),
    Command(
        "answer",
        "steer.asks:answer",
        "Answer what waits on you.",
        ("orch answer A1 accept", "orch answer A2 use port 8080"),
    ),
    Command(
        "attach",
        "look.attach:attach",
        "Open Codex's own terminal UI on a live thread.",
        ("orch attach backend", "orch attach T1 --print"),
        "What you do there is noticed: a turn of yours goes first, an answer closes the ask.",
    ),
    Command(
        "note",
        "steer.requests:note",
        "Add a learning to the ledger and to runs.md.",
        ("orch note the staging API needs the header X-Device",),
    ),
    Command(
        "plan check",
        "plan.check:check",
        "Check plan.md without applying it.",
        ("orch plan check", "orch plan check draft.md --json"),
        "Prints every problem with its line (exit code 1), or what the plan holds and would change.",
    ),
    Command(
        "plan history",
        "plan.history:history",
        "Show the accepted revisions: when, and what changed.",
        ("orch plan history",),
    ),
    Command(
        "plan diff",
        "plan.diff:diff",
        "Show what differs between two revisions.",
        ("orch plan diff", "orch plan diff 3 5"),
        "Without B: from A to plan.md as it is. Without A: from the newest revision.",
    ),
    Command(
        "plan write",  # nobody need type `write`
        "plan.write:write",
        "Have the orchestrator understand the repos and write plan.md.",
        ('orch plan "The checkout form shows a 500 now and then"', "orch plan --from problem.md --review"),
        "\b\nExit codes: 0 the plan is in force; 1 there is none; 4 the orchestrator needs you (`orch asks`).",
    ),
    Command(
        "doctor",
        "setup.doctor:doctor",
        "Check codex, login, git, sandbox, file watching and sockets.",
        ("orch doctor", "orch doctor --json | jq '.[] | select(.ok | not)'"),
        "Each by using it. What fails is told with its remedy (exit code 1).",
    ),
    Command(
        "skill install",
        "setup.skill:install",
        "Put the skill where Codex finds it: ~/.agents/skills/codex-orchestrator.",
        ("orch skill install", "orch skill install --force"),
        "In a `codex` session, $codex-orchestrator then begins it.",
    ),
    Command(
        "mcp",
        "setup.mcp:mcp",
        "Be the MCP server (stdio) that gives a Codex session the tools of this workspace.",
        ("orch mcp", "orch mcp --config >> .codex/config.toml"),
        "Codex starts it by itself in a workspace: `orch init` writes .codex/config.toml there.",
    ),
    Command(
        "demo",
        "setup.demo:demo",
        "See the whole job done on three sample repos.",
        ("orch demo", "orch demo --keep ~/orch-demo"),
        "With the real codex and a scripted model on this machine: no account, no network.",
    ),
)


def spelled_out(words: Sequence[str]) -> list[str]:
    """The words with the default command of a group put in where it is meant: `orch plan "PROBLEM"` is
    `orch plan write "PROBLEM"`."""
    group = next((one for one in GROUPS if words and one.name == words[0]), None)
    if group is None or group.default is None or len(words) < 2:
        return list(words)
    named = words[1] in HELP_OPTIONS or any(one.words == f"{group.name} {words[1]}" for one in COMMANDS)
    return list(words) if named else [words[0], group.default, *words[1:]]


def found(words: Sequence[str]) -> tuple[Command, list[str]] | None:
    """The command that these words begin with, and the rest of them; None if there is none."""
    for command in COMMANDS:
        own = command.words.split(" ")
        if list(words[: len(own)]) == own:
            return command, list(words[len(own) :])
    return None
