"""A child is added to a config, or removed from it, and nothing else in the text changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from supervisor.runtime.config.edit import ConfigNotEditable, NewChild, line_of_rule, with_child, without_child
from supervisor.runtime.config.starter import starter

WEB = NewChild("web", "../web")


def children(text: str) -> dict[str, object]:
    found: dict[str, object] = YAML(typ="safe", pure=True).load(text)["children"]
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("children:\n  a: ../a\n", "children:\n  a: ../a\n  web: ../web\n"),
        ("children:\n  a: ../a", "children:\n  a: ../a\n  web: ../web\n"),
        ("children:\r\n  a: ../a\r\n", "children:\r\n  a: ../a\r\n  web: ../web\r\n"),
        ("\ufeffchildren:\n  a: ../a\n", "\ufeffchildren:\n  a: ../a\n  web: ../web\n"),
        (
            "# top\nchildren: # those\n    a: ../a # the API\n    # b: ../b\n\n# limits\nlimits: {stall_minutes: 2}\n",
            "# top\nchildren: # those\n    a: ../a # the API\n    # b: ../b\n    web: ../web\n\n# limits\n"
            "limits: {stall_minutes: 2}\n",
        ),
        (
            "children:\n  a:\n     path: ../a\n     # network: true\nlimits: {}\n",
            "children:\n  a:\n     path: ../a\n     # network: true\n  web:\n     path: ../web\nlimits: {}\n",
        ),
        ("children: {a: ../a}\n", "children: {a: ../a, web: ../web}\n"),
        ("children: {\n  a: ../a, # one\n}\n", "children: {\n  a: ../a, web: ../web, # one\n}\n"),
        ('{"children": {"a": "../a"}}', '{"children": {"a": "../a", web: ../web}}'),
        ("children:\n  a: {path: ../a}\n...\n", "children:\n  a: {path: ../a}\n  web: ../web\n...\n"),
        (
            "children:\n  a:\n    path: >-\n      ../a\n\n\n",
            "children:\n  a:\n    path: >-\n      ../a\n  web:\n    path: ../web\n\n\n",
        ),
    ],
)
def test_a_child_goes_below_the_others_in_their_form(before: str, after: str) -> None:
    assert with_child(before, WEB) == after


def test_what_was_decided_about_trust_is_written() -> None:
    trusted = NewChild("web", "../web", trusted=True, trusted_git=False)
    assert with_child("children:\n  a: ../a\n", trusted) == (
        "children:\n  a: ../a\n  web:\n    path: ../web\n    trusted: true\n    trusted_git: no\n"
    )
    assert with_child("children: {a: ../a}\n", trusted) == (
        "children: {a: ../a, web: {path: ../web, trusted: true, trusted_git: no}}\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("children:\n  a: ../a\n  web: ../web\n", "children:\n  a: ../a\n"),
        ("children:\n  web: ../web\n  a: ../a", "children:\n  a: ../a"),
        ("children:\n  a: ../a\n  web: ../web", "children:\n  a: ../a\n"),
        (
            "children:\n  web: # the page\n    path: ../web # here\n    # its model\n    model: m\n\n"
            "  # the API\n  a: ../a\n",
            "children:\n\n  # the API\n  a: ../a\n",
        ),
        (
            "children:\n  a: ../a\n  # the page\n  web:\n    path: ../web\n    # network: true\n\n# limits\n"
            "limits: {}\n",
            "children:\n  a: ../a\n  # the page\n    # network: true\n\n# limits\nlimits: {}\n",
        ),
        ("children: {a: ../a, web: ../web}\n", "children: {a: ../a}\n"),
        ("children: {web: {path: ../web}, a: ../a}\n", "children: {a: ../a}\n"),
        (
            "children:\n  a: ../a\n  web:\n    path: >-\n      ../web\n\nlimits: {}\n",
            "children:\n  a: ../a\n\nlimits: {}\n",
        ),
    ],
)
def test_a_child_is_cut_out_and_the_comments_below_it_stay(before: str, after: str) -> None:
    assert without_child(before, "web") == after


@pytest.mark.parametrize(
    "text",
    [
        "children: &c\n  a: &a {path: ../a}\n  web: *a\nx: 1\n",
        "base: &b {web: ../web}\nchildren:\n  <<: *b\n  a: ../a\n",
        "children: []\n",
        "children:\n",
        "[1]",
        "a: [",
    ],
)
def test_what_cannot_be_edited_with_certainty_is_refused(text: str) -> None:
    try:
        edited = without_child(text, "web")
    except ConfigNotEditable:
        return
    assert list(children(edited)) == ["a"]


def test_a_child_that_others_refer_to_is_not_cut_out() -> None:
    with pytest.raises(ConfigNotEditable):
        without_child("children:\n  web: &w {path: ../web}\n  a: *w\n", "web")
    with pytest.raises(ConfigNotEditable):
        with_child("children:\n  b: &w {path: ../web}\n  a: *w\n  web: ../other\n", WEB)


def test_the_line_of_a_rule_is_found() -> None:
    text = "children: {a: ../a}\nrules:\n  - accept: {command: x}\n  - decline: {command: y}\n"
    assert [line_of_rule(text, number) for number in (1, 2, 3)] == [3, 4, 1]
    assert line_of_rule("children: {a: ../a}\n", 1) == 1


NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
PATHS = st.one_of(st.from_regex(r"\A(\.\./|/)[a-z]{1,8}\Z"), st.text(min_size=1, max_size=20))


@given(st.lists(st.tuples(NAMES, PATHS), min_size=2, max_size=5, unique_by=lambda one: one[0]), st.data())
def test_what_was_added_and_removed_again_leaves_no_trace(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    *kept, (name, path) = rows
    new = NewChild(name, path, data.draw(st.booleans()), data.draw(st.sampled_from((None, True, False))))
    text = starter(kept)
    try:
        added = with_child(text, new)
    except ConfigNotEditable:
        assert not path.isprintable()  # YAML has characters of its own for the end of a line
        return
    assert list(children(added)) == [*(one for one, _ in kept), name]
    assert without_child(added, name) == text
