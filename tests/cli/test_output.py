"""Output for people never controls the terminal, and its columns line up."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.cli.display.blocks import Cell, Grid, Line, clean, one_line, width
from supervisor.cli.display.output import paint, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never closed", "0;never closed"),
        ("\x1bPdevice\x1b\\x", "x"),
        ("\x9b2Jx", "x"),
        ("\x1b[2", "2"),
        ("a\rb\x08c\x00d\x7f", "abcd"),
        ("one\r\ntwo", "one\ntwo"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("\x1bcreset", "reset"),
        (5, "5"),
    ],
)
def test_control_characters_are_removed(text: object, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.promise("inert text")
@given(st.text(alphabet=st.sampled_from("\x1b\x9b\x9d[]0;1mHPX^_\\\x07\x9c ab\n\r\x08\u202e")))
def test_no_text_can_control_the_terminal(text: str) -> None:
    assert set(clean(text)) <= set("[]0;1mHPX^_\\ ab\n")


def test_a_line_that_is_cut_says_so() -> None:
    assert one_line("a  b\n\n c", 4) == "a b…"
    assert one_line("a b\n") == "a b"


def test_a_table_lines_up_even_with_wide_characters() -> None:
    grid = Grid(("NAME", "WHAT"), ((Cell("端末"), Cell("x")), (Cell("a"), Cell("")), (Cell("e\u0301"), Cell("y"))))
    assert plain([Line((Cell("a:"), Cell(" b\nc")), 2), grid]) == (
        "  a: b c\nNAME  WHAT\n端末  x\na     -\ne\u0301     y"
    )
    assert width("端末") == 4


def test_columns_without_anything_in_them_are_left_out() -> None:
    grid = Grid(("A", "B", "C"), ((Cell("1"), Cell(""), Cell("3")),))
    assert grid.filled() == Grid(("A", "C"), ((Cell("1"), Cell("3")),))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert paint("x", "red", Terminal()) == "x"
    monkeypatch.delenv("NO_COLOR")
    assert paint("x", "red", Terminal()) == "\x1b[31mx\x1b[0m"
    assert paint("x", "", Terminal()) == "x"
    assert paint("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert paint("x", "red", Terminal()) == "x"
