"""The text of a string is read as it is, whatever it says, in every language."""

from __future__ import annotations

from string import ascii_letters, digits

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.core.map.mention.mentions import mentions
from supervisor.domain.link import Kind
from supervisor.wire.source.grammar import languages
from supervisor.wire.source.literal import bare
from supervisor.wire.source.read import literals

STRINGS = {
    "python": 'f("{}")',
    "javascript": 'f("{}")',
    "typescript": "f('{}')",
    "tsx": "f(`{}`)",
    "go": 'package a\nfunc b() { f("{}") }',
    "rust": 'fn b() { f(r#"{}"#); }',
    "java": 'class A { void b() { f("{}"); } }',
    "kotlin": 'fun b() { f("{}") }',
    "swift": 'f("{}")',
    "c": 'void b() { f("{}"); }',
    "cpp": 'void b() { f(u8"{}"); }',
    "csharp": 'class A { void B() { F(@"{}"); } }',
    "ruby": "f('{}')",
    "php": "<?php f('{}');",
    "dart": "void b() { f('{}'); }",
    "elixir": 'f("{}")',
    "scala": 'object A { f("""{}""") }',
    "lua": 'f("{}")',
    "bash": 'f "{}"',
    "hcl": 'a { b = "{}" }',
    "yaml": 'a: "{}"',
    "json": '["{}"]',
}
TEXTS = st.one_of(
    st.text(ascii_letters, min_size=1, max_size=3),
    st.uuids().map(str),
    st.text(ascii_letters + digits + "_-./: ", min_size=1, max_size=40).filter(lambda text: text.strip("_-./: ") != ""),
)
DIGITS_FIRST = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"


def test_every_grammar_has_a_string() -> None:
    assert STRINGS.keys() == languages()


@pytest.mark.parametrize("language", STRINGS)
@settings(max_examples=40)
@example(text="a")
@example(text="id")
@example(text="GET")
@example(text=DIGITS_FIRST)
@given(text=TEXTS)
def test_a_string_is_read_as_it_is(language: str, text: str) -> None:
    before, _, behind = STRINGS[language].partition("{}")
    found = {(literal.text, literal.line) for literal in literals(language, f"\n\n{before}{text}{behind}\n".encode())}
    assert (text, 3 + before.count("\n")) in found


@pytest.mark.parametrize("quote", ['"', "'", "`", '"""', "'''"])
@given(text=st.text(ascii_letters + "'\"`$ ", max_size=6).filter(lambda text: text.strip("'\"`") == text))
def test_only_the_quotes_at_the_ends_are_removed(quote: str, text: str) -> None:
    assert bare(quote + text + quote) == text


@pytest.mark.parametrize("uuid", [DIGITS_FIRST, DIGITS_FIRST.upper(), "ae400001-b5a3-f393-e0a9-e50e24dcca9e"])
def test_a_uuid_counts_whatever_it_begins_with(uuid: str) -> None:
    found = mentions(literals("c", f'static const char *SERVICE = "{uuid}";'.encode()), "c")
    assert [(mention.kind, mention.shown) for mention in found] == [(Kind.WORD, uuid)]
