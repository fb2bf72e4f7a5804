"""What may stand in a command line of orch, for completion in a shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from supervisor.cli.command import everywhere
from supervisor.cli.command.parameters import Argument, Option, Parameter, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS
from supervisor.cli.command.words import found, spelled_out
from supervisor.cli.display import color
from supervisor.domain.status import Status
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.last_status import last_known
from supervisor.wire.glance import glance

STORIES = ("lamp", "checkout")  # of `orch demo`; to import them takes a second


class Candidate(NamedTuple):
    """A word that may stand there, and what it means."""

    word: str
    help: str = ""


EVERYWHERE = (
    Candidate("-C", "Name the workspace, or a folder in it."),
    Candidate("--color", "When to colour."),
    Candidate("--help", "Show the help, and exit."),
)


def candidates(words: Sequence[str]) -> Iterator[Candidate]:
    """Yield what the last of these words, which follow `orch`, may be. Nothing: a file, or a text of one's own.

    Raises UsageError for words that no command line begins with.
    """
    *before, last = words
    yield from (one for one in _all(before, last) if one.word.startswith(last))


def _all(before: Sequence[str], last: str) -> Iterable[Candidate]:
    if before and before[-1] == "--color":
        return map(Candidate, color.WHEN)
    if before and before[-1] == "-C":
        return ()
    given = everywhere.take(before)
    if not given.words:
        return (*_first_words(), *(EVERYWHERE if last.startswith("-") else ()))
    return _after(given.words, last, given.folder)


def _first_words() -> Iterator[Candidate]:
    groups = {group.name: group.help for group in GROUPS}
    for command in COMMANDS:
        first = command.words.partition(" ")[0]
        if first == command.words:
            yield Candidate(first, command.help)
        elif first in groups:
            yield Candidate(first, groups.pop(first))


def _after(words: Sequence[str], last: str, folder: Path) -> Iterable[Candidate]:
    """Return what may follow these words of a command."""
    if words[0] == "help":
        return _first_words() if len(words) == 1 else _inner(words[1:])
    group = next((one for one in GROUPS if [one.name] == list(words)), None)
    named = found(spelled_out([*words, last] if group is not None and group.default else words))
    if named is None or (group is not None and not last.startswith("-")):
        return _inner(words)
    command, rest = named
    takes = parameters(command.load())
    return _of_command(takes, rest[:-1] if group is not None and group.default else rest, last, folder)


def _inner(words: Sequence[str]) -> Iterator[Candidate]:
    """Yield the commands of the group that these words name, if they do."""
    for group in GROUPS:
        if [group.name] == list(words):
            inner = (one for one in COMMANDS if one.words.startswith(f"{group.name} "))
            yield from (Candidate(one.name, one.help) for one in inner if one.name != group.default)


def _of_command(takes: Sequence[Parameter], rest: Sequence[str], last: str, folder: Path) -> Iterable[Candidate]:
    options = {name: one for one in takes if isinstance(one.word, Option) for name in (one.word.name, one.word.short)}
    places, waiting, plain = 0, None, False
    for word in rest:
        if waiting is not None:
            waiting = None
        elif plain or not word.startswith("-"):
            places += 1
        elif word == "--":
            plain = True
        elif (option := options.get(word)) is not None and option.type is not bool:
            waiting = option
    if waiting is not None:
        return _values(waiting, folder)
    if last.startswith("-") and not plain:
        typed = set(rest)
        own = (
            Candidate(one.word.name, one.word.help)
            for one in takes
            if isinstance(one.word, Option) and (one.many or one.word.name not in typed)
        )
        return (*own, *EVERYWHERE)
    arguments = [one for one in takes if isinstance(one.word, Argument)]
    if places < len(arguments):
        return _values(arguments[places], folder)
    return _values(arguments[-1], folder) if arguments and arguments[-1].many else ()


def _values(one: Parameter, folder: Path) -> Iterable[Candidate]:
    """Return the values that an option or an argument may have, as far as they can be listed."""
    assert one.word is not None, "a parameter that is typed has a word"
    if issubclass(one.type, Enum):
        return [Candidate(str(choice.value)) for choice in one.type]
    if isinstance(one.word, Option):
        match one.word.name:
            case "--child":
                return _children(folder)
            case "--task":
                return _tasks(folder)
            case "--story":
                return map(Candidate, STORIES)
        return ()
    match one.word.metavar:
        case "CHILD" | "NAME":
            return _children(folder)
        case "TASK":
            return _tasks(folder)
        case "CHILD or TASK":
            return [*_children(folder), *_tasks(folder)]
        case "ID":
            return [Candidate(ask.id, ask.text or "") for status in _status(folder) for ask in status.asks]
        case "accept|decline|reply TEXT":
            return map(Candidate, ("accept", "decline", "reply"))
    return ()


def _children(folder: Path) -> list[Candidate]:
    return [Candidate(child.name, f"child, {child.state}") for status in _status(folder) for child in status.children]


def _tasks(folder: Path) -> list[Candidate]:
    tasks = [task for status in _status(folder) for task in status.tasks]
    return [Candidate(task.id, f"{task.title or ''} ({task.state.replace('_', ' ')})") for task in tasks]


def _status(folder: Path) -> Iterator[Status]:
    """Yield the status of the workspace, or the last known one; nothing outside of a workspace."""
    with suppress(OrchError):
        workspace = everywhere.located(folder)
        try:
            found = calling.live(workspace)
        except SupervisorDown:
            found = last_known(workspace)
        yield glance(found)
