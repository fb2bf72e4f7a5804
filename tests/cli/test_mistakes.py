"""Every mistake in a command line gets one sentence of ours: what is wrong, where, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from supervisor.cli.command.parameters import Argument, Option, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch

LIST = "`orch help` lists the commands"
RAW = re.compile(
    r"Error:|Usage:|Input should|Invalid value|unexpected extra|Missing argument|No such|requires an argument|"
    r"does not take|validation error|pydantic|msgspec|click|typer|Traceback|Expected `|unable to parse|Value error"
)


def mistakes() -> Iterator[str]:
    """Yield a command line for every mistake that can be made with each option and argument of each command."""
    for command in COMMANDS:
        name = command.words.removesuffix(" write")
        takes = [one for one in parameters(command.load()) if one.word is not None]
        needed = " ".join("a=b" for one in takes if one.required)
        yield f"{name} {needed} --nonsense"
        yield f"{name} {needed} -Q"
        if needed:
            yield name
        places = [one for one in takes if isinstance(one.word, Argument)]
        if not any(one.many for one in places):
            yield f"{name} {' '.join('a' for _ in places)} b-too-many"
        for one in takes:
            if not isinstance(one.word, Option):
                continue
            yield f"{name} {needed} {one.word.name}s"
            if one.type is bool:
                yield f"{name} {needed} {one.word.name}=yes"
                continue
            yield f"{name} {needed} {one.word.name}"
            yield f"{name} {needed} {one.word.name} --help"
            if one.type not in (str,) and one.type.__name__ != "Path":
                yield f"{name} {needed} {one.word.name} nonsense"
                yield f"{name} {needed} {one.word.name}="
                yield f"{name} {needed} {one.word.name} -1"


@pytest.mark.parametrize("line", [*dict.fromkeys(mistakes()), *(f"{one.name} --nonsense" for one in GROUPS)])
def test_a_mistake_is_a_sentence_with_its_place_and_the_next_step(line: str, orch: Orch) -> None:
    code, out, err = orch(*line.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"orch: .+: .+\n", err), err
    assert not RAW.search(err), err
    assert f"orch {' '.join(line.split()[:1])}" in err or "orch help" in err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "there is no command `nonsense`: `orch help` lists the commands"),
        ("statsu", "there is no command `statsu`: did you mean `orch status`? `orch help` lists the commands"),
        ("-x", "`orch` has no option `-x`: use one of `--help`, `--version`, `--color`"),
        ("--versoin", "`orch` has no option `--versoin`: did you mean `--version`?"),
        ("hold --x", "`orch hold` has no option `--x`: use `--json`"),
        ("status --jsn", "`orch status` has no option `--jsn`: did you mean `--json`?"),
        ("status more", "`more` is too much, `orch status` takes no argument: see `orch status --help`"),
        (
            "wait T1",
            "`T1` is too much, `orch wait` takes no argument: write `--task T1`, or see `orch wait --help`",
        ),
        (
            "logs T1",
            "`T1` is too much, `orch logs` takes no argument: write `--child T1` or `--task T1`, "
            "or see `orch logs --help`",
        ),
        (
            "hold T1",
            "`T1` is too much, `orch hold` takes no argument: it holds all that is new; to hold one task, write "
            "`- hold: yes` below its heading in plan.md",
        ),
        ("plan fix it", '`it` is one word too many: quote the problem: `orch plan "PROBLEM"`'),
        ("plan diff 1 2 3", "`3` is too much, `orch plan diff` takes only A and B: see `orch plan diff --help`"),
        ("restart", "`orch restart` needs CHILD: for example `orch restart backend`"),
        ("wait --task", "`--task` of `orch wait` needs a value: write `--task ID`"),
        ("down --now=1", "`--now` of `orch down` takes no value: write `--now` alone, or leave it out"),
        ("snapshot --tokens 0", "`0` is no value for `--tokens` of `orch snapshot`: write a whole number, 1 or more"),
        ("logs --tail -5", "`-5` is no value for `--tail` of `orch logs`: write a whole number, 0 or more"),
        ("map --limit -5", "`-5` is no value for `--limit` of `orch map`: write a whole number, 1 or more"),
        ("map 0", "`0` is no value for `INTERFACE` of `orch map`: write a whole number, 1 or more"),
        ("map x", "`x` is no value for `INTERFACE` of `orch map`: write a whole number, 1 or more"),
        ("web --port 65536", "`65536` is no value for `--port` of `orch web`: write a whole number, 0 to 65535"),
        ("wait --timeout -5", "`-5` is no duration for --timeout: write 90 (seconds), 90s, 5m, 2h or 1d"),
        ("logs --since -5", "`-5` is not a time: write 90s, 10m, 2h, 1d or 2026-11-23T10:00:00Z"),
        ("logs --level warn", "`warn` is no value for `--level` of `orch logs`: did you mean `warning`?"),
        ("\x1b[2Jxyz", "there is no command `\ufffd[2Jxyz`: " + LIST),
    ],
)
def test_the_sentences(line: str, says: str, orch: Orch) -> None:
    code, out, err = orch(*line.split())
    assert (code, out) == (2, "")
    assert err == f"orch: {says}\n"


@pytest.mark.parametrize("words", [("note", "-5 degrees"), ("plan", "-5"), ("answer", "A1", "- no, never")])
def test_words_that_begin_like_an_option_come_after_two_dashes(words: tuple[str, ...], orch: Orch) -> None:
    code, out, err = orch(*words)
    assert (code, out) == (2, "")
    what = f"`{words[-1]}` of `orch {words[0]}` begins like an option"
    assert err == f"orch: {what}: write `--` before it: `orch {words[0]} -- ...`\n"


def test_every_number_in_a_command_line_has_bounds_that_hold(orch: Orch) -> None:
    words = {
        (one.words, parameter.word) for one in COMMANDS for parameter in parameters(one.load()) if parameter.type is int
    }
    assert {command for command, _ in words} >= {"logs", "map", "snapshot", "web"}
    assert [(command, word) for command, word in words if word is None or word.least is None] == []


def test_help_wins_over_a_mistake_after_it(orch: Orch, workspace: WorkspacePaths) -> None:
    assert orch("status", "--help", "--nonsense").code == 0
    assert orch("skill", "--help").code == 0
