"""Say what is wrong with a command line, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from supervisor.cli.command.parameters import Argument, Option, Parameter
from supervisor.cli.command.table import COMMANDS, GROUPS, Command
from supervisor.cli.command.words import Wrong, WrongWords
from supervisor.errors import UsageError
from supervisor.runtime.naming import corrected


def explained(command: Command, takes: Sequence[Parameter], wrong: WrongWords) -> UsageError:
    """Return the error for a mistake in the words of a command."""
    name, about = f"orch {command.words.removesuffix(' write')}", wrong.about
    if wrong.kind is Wrong.NO_SUCH_OPTION:
        known = [one.word.name for one in takes if isinstance(one.word, Option)]
        places = [one for one in takes if isinstance(one.word, Argument)]
        if places and (" " in wrong.word or wrong.word[1:2].isdigit()):  # words of a person, and no option
            return UsageError(
                f"{corrected(wrong.word, ())[0]} of `{name}` begins like an option",
                f"write `--` before it: `{name} -- ...`",
            )
        meant = next((one for one in _MEANT.get(wrong.word, ()) if one in known), None)
        if meant is not None:
            return UsageError(f"`{name}` has no option `{wrong.word}`", f"did you mean `{meant}`?")
        return _no_option(name, wrong.word, known)
    if wrong.kind is Wrong.TOO_MANY:
        named = [
            one.word.name for one in takes if isinstance(one.word, Option) and one.word.name in ("--task", "--child")
        ]
        metavars = [one.word.metavar for one in takes if isinstance(one.word, Argument)]
        return _too_many(name, metavars, wrong.word, named)
    assert about is not None, "every other mistake is about a parameter"
    match wrong.kind:
        case Wrong.NEEDS_VALUE:
            return UsageError(f"`{wrong.word}` of `{name}` needs a value", f"write `{wrong.word} {_shown(about)}`")
        case Wrong.TAKES_NO_VALUE:
            alone = wrong.word.partition("=")[0]
            return UsageError(f"`{alone}` of `{name}` takes no value", f"write `{alone}` alone, or leave it out")
        case Wrong.MISSING:
            return UsageError(f"`{name}` needs {_shown(about)}", f"for example `{command.examples[0]}`")
    choices = [str(choice.value) for choice in about.type] if issubclass(about.type, Enum) else []
    word, hint = corrected(wrong.word, choices)
    least, most = (about.word.least, about.word.most) if about.word is not None else (None, None)
    bounds = f", {least} or more" if most is None else f", {least} to {most}"
    number = "write a whole number" + (bounds if least is not None else "")
    place = about.word.name if isinstance(about.word, Option) else _shown(about)
    return UsageError(f"{word} is no value for `{place}` of `{name}`", hint or number)


_MEANT = {
    "--timeout": ("--since",),
    "--since": ("--timeout",),
    "--last": ("--since", "--tail"),
    "--lines": ("--tail",),
    "-n": ("--tail",),
    "--limit": ("--tail",),
    "--repo": ("--child",),
    "--name": ("--child",),
    "--id": ("--task",),
    "--force": ("--now", "--yes"),
    "--kill": ("--now",),
    "--verbose": ("--wide", "--raw"),
    "-v": ("--wide", "--raw"),
    "--full": ("--all", "--raw"),
    "-a": ("--all",),
    "-w": ("--watch",),
    "--tail": ("--follow", "--watch"),
    "--follow": ("--watch",),
    "--watch": ("--follow",),
    "--format": ("--json",),
    "--output": ("--json",),
    "-j": ("--json",),
    "--file": ("--from",),
    "--dry": ("--dry-run",),
    "--preview": ("--dry-run",),
    "--check": ("--dry-run",),
}
"""What was probably meant by an option of other programs, or of another command: the first that the command has."""


def unknown(words: Sequence[str]) -> UsageError:
    """Return the error for words that name no command."""
    first, group = words[0], next((one for one in GROUPS if one.name == words[0]), None)
    if first.startswith("-"):
        return _no_option("orch", first, ("--help", "--version", "--color"))
    if group is None:
        return _no_command(first, list(dict.fromkeys(one.words.partition(" ")[0] for one in COMMANDS)))
    if words[1].startswith("-"):
        return _no_option(f"orch {first}", words[1], ("--help",))
    return _no_command(f"{first} {words[1]}", [one.words for one in COMMANDS if one.words.startswith(f"{first} ")])


def _no_command(word: str, known: Sequence[str]) -> UsageError:
    shown, hint = corrected(word, known)
    near = hint.removeprefix("did you mean `").removesuffix("`?")
    meant = f"did you mean `orch {near}`? " if near != hint else ""
    return UsageError(f"there is no command {shown}", f"{meant}`orch help` lists the commands")


def _no_option(of: str, word: str, known: Sequence[str]) -> UsageError:
    shown, hint = corrected(word, known)
    return UsageError(f"`{of}` has no option {shown}", hint or f"it takes none, see `{of} --help`")


def _too_many(name: str, takes: Sequence[str], word: str, named: Sequence[str]) -> UsageError:
    if name == "orch plan":
        return UsageError(f"{corrected(word, ())[0]} is one word too many", 'quote the problem: `orch plan "PROBLEM"`')
    most = f"takes only {' and '.join(takes)}" if takes else "takes no argument"
    what = f"{corrected(word, ())[0]} is too much, `{name}` {most}"
    if named and not takes:
        return UsageError(
            what, f"write {' or '.join(f'`{option} {word}`' for option in named)}, or see `{name} --help`"
        )
    if name == "orch hold":
        return UsageError(
            what, "it holds all that is new; to hold one task, write `- hold: yes` below its heading in plan.md"
        )
    return UsageError(what, f"see `{name} --help`")


def _shown(one: Parameter) -> str:
    return (one.word.metavar if one.word is not None else None) or one.name.upper()
