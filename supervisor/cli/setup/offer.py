"""Offer the git repos nearby, when `orch init` was given none."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.cli.setup.pairs import Pair, config_path
from supervisor.errors import UsageError
from supervisor.runtime.config.names import names_for
from supervisor.runtime.workspace import CONFIG_NAME
from supervisor.shell.git.nearby import nearby

SHOWN = 60  # repos that are offered at most; who has more names them


def chosen(root: Path, folder: Path, options: Sequence[str], *, as_json: bool) -> list[Pair]:
    """Have the person choose from the repos near `root`, on a terminal.

    Without one, prints what was found, and raises UsageError with the command that takes it all; `folder` and `options`
    are how `orch init` was called. Raises UsageError, too, if there is no repo or none is chosen.
    """
    found, more = _found(root)
    command = _command(root, folder, options, found)
    if as_json:
        output.emit_json({"found": [{"name": name, "path": path} for name, path in found], "command": command})
    if not found:
        raise UsageError(*_nothing_near(root))
    if not as_json:
        _show(found, more)
    if as_json or not output.interactive():
        raise UsageError("no repo is named", f"to take all of these, run `{command}`")
    return _ask(found)


def _found(root: Path) -> tuple[list[Pair], int]:
    """Return the nearest repos with the names that they would get, and how many more there are. Leaves out
    workspaces, and folders whose names cannot be printed: the command could not name them."""
    folders = [path for path in nearby(root) if str(path).isprintable() and not (path / CONFIG_NAME).is_file()]
    shown = folders[:SHOWN]
    pairs = [(name, config_path(root, path)) for name, path in zip(names_for(shown), shown, strict=True)]
    return pairs, len(folders) - len(shown)


def _command(root: Path, folder: Path, options: Sequence[str], found: Sequence[Pair]) -> str:
    where = () if root == Path.cwd() else ("-C", str(folder))
    pairs = [f"{name}={path}" for name, path in found] or ["NAME=PATH"]
    return shlex.join(["orch", *where, "init", *options, *pairs])


def _nothing_near(root: Path) -> tuple[str, str]:
    inside = next((one for one in (root, *root.parents) if (one / ".git").exists()), None)
    if inside is not None:
        beside = shlex.quote(str(inside.parent / "workspace"))
        return (
            f"{root} lies in the repo {inside}, and there is no other git repo nearby",
            f"make the workspace beside it: `mkdir {beside} && orch -C {beside} init`",
        )
    return (
        f"no repo is named, and there is no git repo in {root} or beside it",
        "name each repo, for example `orch init ../backend ../mobile`",
    )


def _show(found: Sequence[Pair], more: int) -> None:
    output.say("git repos nearby:")
    wide = max(len(name) for name, _ in found)
    for number, (name, path) in enumerate(found, start=1):
        output.say(f"  {number:>2}  {name:<{wide}}  {one_line(path)}")
    if more:
        output.say(f"and {more} more, which are farther away")


def _ask(found: Sequence[Pair]) -> list[Pair]:
    """Ask until the answer can be read. Raises UsageError for an empty one."""
    while True:
        with on_interrupt(lambda: "nothing was written"):
            print("which take part? (`1 3`, `1-3`, names, or `all`) ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
        if not line.strip():
            if not line:  # Ctrl-D: the terminal is still in the line of the question
                print(file=sys.stderr)
            _none()
        wanted, wrong = _read(line, [name for name, _ in found])
        if not wrong:
            return [found[at] for at in wanted]
        output.say(f"there is no `{one_line(wrong, 40)}` in the list: an empty line ends this")


def _none() -> NoReturn:
    raise UsageError("no repo is chosen, and nothing was written", "run `orch init` again, or name each repo")


def _read(line: str, names: Sequence[str]) -> tuple[list[int], str]:
    """Return the places in the list that an answer names, in the order of the list; or the first wrong word."""
    wanted: set[int] = set()
    for word in re.sub(r"\s*-\s*(?=\d)", "-", line).replace(",", " ").split():
        numbers = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", word)
        if word in names:
            wanted.add(names.index(word))
        elif word.casefold() == "all":
            wanted.update(range(len(names)))
        elif numbers and 1 <= int(numbers[1]) <= int(numbers[2] or numbers[1]) <= len(names):
            wanted.update(range(int(numbers[1]) - 1, int(numbers[2] or numbers[1])))
        else:
            return [], word
    return sorted(wanted), ""
