"""The manual page of orch, `man orch`: made from the table of commands and what each takes."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor import __version__
from supervisor.cli.command.parameters import Argument, Parameter, parameters
from supervisor.cli.command.table import COMMANDS, ROOT, Command

_INTRODUCTION = (
    "Each repo that takes part is a child, and has a codex app-server of its own. You write in plan.md what should "
    "happen. A supervisor hands each task to its child, checks the result with your own commands, and records in "
    "runs.md what did happen. Edit plan.md at any moment: running work is told, or stopped. Whatever only you can "
    "settle comes back to you as an ask.",
    "Every command finds its workspace by walking up from the current folder to orchestrator.config.yaml.",
)
_EVERYWHERE = (
    ("-C DIR", "Name the workspace, or a folder in it. Before or after the command."),
    ("--color auto|always|never", "When to colour. By itself: on a terminal, unless NO_COLOR is set."),
    ("--help, -h", "Show the help of a command, with examples."),
    ("--version", "Print the version, and exit."),
)
_EXIT = (
    ("0", "Done."),
    ("1", "Failed."),
    ("2", "Wrong usage, or there is no such task, child or ask."),
    ("3", "The supervisor is not up."),
    ("4", "wait: something waits on you. plan: the orchestrator needs you."),
    ("5", "wait: something is blocked or has failed, and nothing else can go on."),
    ("124", "wait: time-out."),
    ("130", "You pressed Ctrl-C."),
)
_VARIABLES = (
    ("ORCH_WORKSPACE", "Names the workspace, as -C does."),
    ("ORCH_CODEX_BIN", "The codex binary."),
    ("CODEX_HOME", "Codex's own folder. It reaches the servers as it is."),
    ("NO_COLOR", "Makes output plain."),
)
_FILES = (
    ("orchestrator.config.yaml", "The children and the limits."),
    ("plan.md", "What should happen. Yours."),
    ("runs.md", "What did happen. Written by the supervisor."),
    (".orchestrator/", "The ledger, the logs, and the accepted revisions of plan.md."),
)


def page() -> str:
    """Return the manual page as roff, for `man`."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH ORCH 1 "" "orch {_plain(__version__)}" "User Commands"'
    yield from (".SH NAME", f"orch \\- {_plain(ROOT.help.rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B orch", "[\\fB\\-C\\fR \\fIDIR\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]")
    yield ".SH DESCRIPTION"
    for text in _INTRODUCTION:
        yield from (".PP", _plain(text))
    yield ".SH COMMANDS"
    for command in COMMANDS:
        yield from _command(command)
    yield from _section("OPTIONS OF EVERY COMMAND", _EVERYWHERE)
    yield from _section("EXIT STATUS", _EXIT)
    yield from _section("ENVIRONMENT", _VARIABLES)
    yield from _section("FILES", _FILES)
    yield from (".SH SEE ALSO", ".BR git (1),", ".BR systemd.unit (5)")


def _command(command: Command) -> Iterator[str]:
    takes = [one for one in parameters(command.load()) if one.word is not None]
    name = f"orch {command.words.removesuffix(' write')}"
    places = "".join(
        f" {one.word.metavar}" if one.required else f" [{one.word.metavar}]"
        for one in takes
        if isinstance(one.word, Argument)
    )
    yield from (f".SS {_plain(name + places)}", _plain(command.help))
    if details := command.details.replace("\b\n", "").replace("\n", " "):
        yield _plain(details)
    for one in takes:
        yield from (".TP", f"\\fB{_plain(_usage(one))}\\fR", _plain(one.word.help if one.word is not None else ""))
    yield from (".PP", "Example:", ".nf", *(f".RS\n{_plain(line)}\n.RE" for line in command.examples), ".fi")


def _usage(one: Parameter) -> str:
    word = one.word
    if isinstance(word, Argument):
        return word.metavar
    assert word is not None, "a parameter that is typed has a word"
    names = ", ".join(name for name in (word.short, word.name) if name)
    return names if one.type is bool else f"{names} {word.metavar or one.name.upper()}"


def _section(title: str, rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f'.SH "{title}"'
    for name, meaning in rows:
        yield from (".TP", f"\\fB{_plain(name)}\\fR", _plain(meaning))


def _plain(text: str) -> str:
    """Escape a text for roff: nothing in it is a request, an escape or a hyphen that man would make typographic."""
    escaped = "".join(_ESCAPED.get(char, char) for char in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


_ESCAPED = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
