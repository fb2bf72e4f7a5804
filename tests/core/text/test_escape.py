"""Other people's texts stay data in Markdown, and read the same as before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from supervisor.core.text.escape import MAX_BLOCK, block, code, inline, without_colour
from tests.core.hostile import CONTROL, MARKDOWN, hostile


def seen(text: str) -> str:
    """The text as a reader sees it, without spaces."""
    return "".join(mark for mark in text if mark.isprintable() and mark not in " \ufffd" and ord(mark) >> 12 != 0xE0)


def leaves(page: str) -> list[Token]:
    return [leaf for token in MARKDOWN.parse(page) for leaf in token.children or ()]


@pytest.mark.promise("inert text")
@pytest.mark.parametrize("page", ["{}\n", "- x: {}\n", "# {}\n", "| a |\n|---|\n| {} |\n"])
@settings(max_examples=50, deadline=None)
@given(text=hostile)
def test_an_inline_text_reads_as_itself_in_a_line_a_heading_and_a_cell(page: str, text: str) -> None:
    found = leaves(page.format(inline(text, 1000)))
    ours = leaves(page.format(""))
    assert {leaf.type for leaf in found} <= {"text"}
    assert seen("".join(leaf.content for leaf in found)) == seen("".join(leaf.content for leaf in ours) + text)
    assert not CONTROL.search(inline(text, 1000))
    assert "\n" not in inline(text, 1000)


@pytest.mark.promise("inert text")
@settings(max_examples=80, deadline=None)
@given(text=hostile)
def test_a_block_is_one_fence_that_holds_the_text(text: str) -> None:
    (fence,) = MARKDOWN.parse(block(text) + "\n")
    lines = "\n".join(text.splitlines()).strip("\n").split("\n")
    assert fence.type == "fence"
    assert [seen(line) for line in fence.content[:-1].split("\n")] == [seen(line) for line in lines if any(lines)] or [
        "(nothing)"
    ]
    assert not CONTROL.search(block(text))


@settings(max_examples=80, deadline=None)
@given(text=hostile)
def test_a_code_span_is_one_span_that_holds_the_text(text: str) -> None:
    found = leaves(f"- x: {code(text)} y\n")
    spans = [leaf.content for leaf in found if leaf.type == "code_inline"]
    assert [seen(span) for span in spans] == [seen(text)] or [leaf.content for leaf in found] == ["x: (empty) y"]
    assert {leaf.type for leaf in found} <= {"text", "code_inline"}


@given(
    text=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1), indent=st.integers(0, 9)
)
def test_printable_text_is_kept_word_for_word_in_a_block(text: str, indent: int) -> None:
    (fence,) = MARKDOWN.parse(block(" " * indent + text))
    assert fence.content == " " * indent + text + "\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n b\t c ", "a b c"),
        ("my_file.py of __init__", "my_file.py of \\_\\_init\\_\\_"),
        ("1. one", "1\\. one"),
        ("- one", "\\- one"),
        ("<!-- a | b -->", "&lt;!-- a \\| b --\\>"),
        ("salt & pepper &amp; \\", "salt & pepper \\&amp; \\\\"),
        ("\x1b[2J\u202eevil", "�\\[2J�evil"),
        ("***********", "\\*\\*\\*\\*\\*\\*\\*\\*\\*…"),
        ("", ""),
    ],
)
def test_an_inline_text_is_one_escaped_line(text: str, shown: str) -> None:
    assert inline(text, 30 if "*" not in text else 10) == shown


def test_the_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    assert block("a ````` b").splitlines() == ["``````text", "a ````` b", "``````"]


def test_a_very_long_text_is_cut_in_its_middle_and_says_so() -> None:
    text = block("a" * MAX_BLOCK + "b" * MAX_BLOCK)
    assert f"aaa\n[... {MAX_BLOCK} characters omitted ...]\nbbb" in text
    assert len(text) < MAX_BLOCK + 100


def test_colour_is_taken_out_of_the_output_of_commands() -> None:
    assert without_colour("\x1b[1;31mred\x1b[0m\x1b[K and \x1b[2J") == "red and \x1b[2J"
