"""Parse a command line without typer if it is plainly right, with the same result, and leave the rest to typer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.cli.command.parameters import Argument, Option, parameters
from supervisor.cli.command.table import COMMANDS
from supervisor.cli.command.typer_app import loaded
from supervisor.cli.command.words import Wrong, WrongWords, found, read, spelled_out

LOADED = {one.words: (parameters(one.load()), loaded(one)) for one in COMMANDS}
VALUES = ("T1", "3", "0", "-1", "1.5", "2h", "debug", "loud", "accept", "a b", "", "-", "--", "x=y", "ü")


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A command, and words that are often right after it."""
    name = draw(st.sampled_from(sorted(LOADED)))
    words = [one.word for one in LOADED[name][0] if isinstance(one.word, Option)]
    options = [text for word in words for text in (word.name, word.short) if text is not None]
    value = st.sampled_from(VALUES)
    option = st.sampled_from([*options, "--nonsense", "-x"])
    part = st.one_of(value, option, st.builds("{}={}".format, option, value))
    return name, draw(st.lists(part, max_size=5))


@given(lines())
@settings(max_examples=600, deadline=None)
def test_what_is_read_without_typer_is_what_typer_reads(line: tuple[str, list[str]]) -> None:
    name, words = line
    takes, command = LOADED[name]
    values = read(takes, words)
    if isinstance(values, dict):
        with command.make_context(name, list(words)) as context:
            assert values == {one: _listed(value) for one, value in context.params.items()}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("up", {"children": [], "foreground": False, "restart": False, "as_json": False}),
        (
            "up backend --foreground mobile",
            {"children": ["backend", "mobile"], "foreground": True, "restart": False, "as_json": False},
        ),
        ("wait --timeout 1.5 --task=T1", {"task": "T1", "timeout": "1.5", "as_json": False}),
        (
            "answer A1 --for-session -- --accept",
            {"ask": "A1", "words": ["--accept"], "for_session": True, "as_json": False},
        ),
        (
            "init a=b --trust a --trust b",
            {"repos": ["a=b"], "trust": ["a", "b"], "exclude_tmp": False, "exclude_roots": False, "as_json": False},
        ),
        ("snapshot --tokens 20", {"child": None, "as_json": False, "tokens": 20}),
        ("plan check draft.md", {"file": Path("draft.md"), "as_json": False}),
        (
            "plan write --from -",
            {"problem": None, "file": Path("-"), "review": False, "yolo": False, "as_json": False},
        ),
    ],
)
def test_words_that_are_plainly_right_are_read(line: str, values: dict[str, object]) -> None:
    named = found(line.split())
    assert named is not None
    assert read(parameters(named[0].load()), named[1]) == values


@pytest.mark.parametrize("line", ["status --help", "status -h", "status --nonsense -h", "restart --help", "go a b -h"])
def test_help_is_asked_for_wherever_it_stands(line: str) -> None:
    named = found(line.split())
    assert named is not None
    assert not isinstance(read(parameters(named[0].load()), named[1]), dict)


@pytest.mark.parametrize(
    ("line", "kind", "word"),
    [
        ("status --jso", Wrong.NO_SUCH_OPTION, "--jso"),
        ("logs -fx", Wrong.NO_SUCH_OPTION, "-fx"),
        ("status --json=yes", Wrong.TAKES_NO_VALUE, "--json=yes"),
        ("status more", Wrong.TOO_MANY, "more"),
        ("restart", Wrong.MISSING, ""),
        ("wait --task", Wrong.NEEDS_VALUE, "--task"),
        ("wait --task --json", Wrong.NEEDS_VALUE, "--task"),
        ("wait --task -- T1", Wrong.NEEDS_VALUE, "--task"),
        ("snapshot --tokens 0", Wrong.BAD_VALUE, "0"),
        ("snapshot --tokens -1", Wrong.BAD_VALUE, "-1"),
        ("logs --level loud", Wrong.BAD_VALUE, "loud"),
    ],
)
def test_the_first_mistake_is_named(line: str, kind: Wrong, word: str) -> None:
    named = found(line.split())
    assert named is not None
    wrong = read(parameters(named[0].load()), named[1])
    assert isinstance(wrong, WrongWords)
    assert (wrong.kind, wrong.word) == (kind, word)


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("plan problem", "plan write problem"),
        ("plan --from x", "plan write --from x"),
        ("plan check", "plan check"),
        ("plan --help", "plan --help"),
        ("plan", "plan"),
        ("status", "status"),
        ("", ""),
    ],
)
def test_plan_with_other_words_asks_for_a_plan(line: str, means: str) -> None:
    assert spelled_out(line.split()) == means.split()


def test_every_word_of_a_command_has_its_help() -> None:
    for takes, _ in LOADED.values():
        words = [one.word for one in takes if one.word is not None]
        assert all(isinstance(word, Option | Argument) and word.help for word in words)
