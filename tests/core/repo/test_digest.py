"""The digest keeps its budget, begins with the most useful facts, and treats other people's texts as data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.repo.digest import digest
from supervisor.core.repo.facts import SECTIONS
from supervisor.domain.repo.facts import (
    Code,
    Docs,
    Document,
    DocumentedCommand,
    DocumentHeading,
    DocumentKind,
    EntryPoint,
    Language,
    Moment,
    Purpose,
    RepoRule,
)
from supervisor.domain.repo.git import Commit, GitState, Head, History, Paths, Remote
from supervisor.domain.repo.snapshot import Snapshot
from tests.core.hostile import CONTROL, MARKDOWN, hostile

AT = datetime(2026, 11, 23, tzinfo=UTC)


def snapshot_of(text: str, count: int = 1) -> Snapshot:
    """A snapshot in which every text that a stranger may write is `text`."""
    return Snapshot(
        child="backend",
        path="/repos/backend",
        key="k",
        git=GitState(
            key="k",
            branch=text,
            head=Head("1234567890abcdef", text, text, AT),
            unstaged=Paths(count, (text,) * min(count, 5)),
            remotes=(Remote("origin", text),),
        ),
        history=History(commits=count, recent=(Commit("1234567890abcdef", text, text, AT, 1, (text,), 1, 2),) * count),
        docs=Docs(
            documents=(Document("README.md", DocumentKind.README, text, (DocumentHeading(text, 1, 1),)),) * count,
            commands=(DocumentedCommand(text, Purpose.TEST, "README.md", 3),),
            rules=(RepoRule(text, Moment.COMMIT, text, 4),) * count,
        ),
        code=Code(languages=(Language("Python", 3, 1200),), entry_points=(EntryPoint(text, text, 7, "main"),) * count),
        cut=(text,),
    )


def test_the_digest_has_what_a_planner_needs_with_its_places() -> None:
    assert (
        digest(snapshot_of("make test"), 1000)
        == """\
# backend

`/repos/backend`

## What it is

- make test (`README.md`)
- languages: Python 100% (3 files, 1.2 kB)

## Current state

- branch `make test` at `1234567890` 2026-11-23 “make test”
- 1 changed: `make test`
- remote `origin` `make test`

## Commands

- test: `make test` (`README.md:3`)

## Before a commit or release

- commit: make test (`make test:4`)

## Code

- starts in `make test:7` (main)

## History

- `1234567890` 2026-11-23 make test: “make test” (1 file, +1 -2)

## Documents

- readme `README.md`: make test

## Incomplete

- make test
"""
    )


def test_the_digest_says_what_it_leaves_out() -> None:
    text = digest(snapshot_of("make test", 40), 220)
    assert text.endswith(("of “Documents”.\n", "of “Incomplete”.\n"))
    assert "\nOmitted for lack of room: " in text
    assert "- test: `make test`" in text  # a command before the fortieth commit


@pytest.mark.parametrize(("tokens", "text"), [(-1, ""), (0, ""), (1, ""), (8, "# backend\n\n`/repos/backend`\n")])
def test_a_budget_without_room_leaves_the_name_or_nothing(tokens: int, text: str) -> None:
    assert digest(snapshot_of("x", 3), tokens) == text


def test_a_secret_is_cut_out() -> None:
    text = digest(snapshot_of("https://ada:pa55word@host/x ghp_" + "a" * 36), 2000)
    assert "pa55word" not in text
    assert "ghp_" not in text


def test_a_repo_of_which_nothing_is_known_has_a_digest() -> None:
    empty = Snapshot("a", "/a", "k", GitState("k", "main", None, empty=True), History(), Docs(), Code())
    assert digest(empty, 500) == "# a\n\n`/a`\n\n## Current state\n\n- no commit yet\n- the work tree is clean\n"


@settings(max_examples=200, deadline=None)
@given(text=hostile, count=st.integers(1, 4), tokens=st.integers(0, 2000))
def test_the_budget_is_kept_and_the_structure_stays_whatever_the_repo_says(text: str, count: int, tokens: int) -> None:
    made = digest(replace(snapshot_of(text, count), child="backend"), tokens)
    assert len(made) <= 4 * tokens
    assert not CONTROL.search(made)
    tokens_of = MARKDOWN.parse(made)
    headings = [tokens_of[at + 1].content for at, token in enumerate(tokens_of) if token.type == "heading_open"]
    assert headings == [] or headings[0] == "backend"
    assert [name for name in SECTIONS if name in headings] == headings[1:]
    kinds = {token.type for token in tokens_of}
    assert not kinds & {"html_block", "fence", "code_block", "table_open", "blockquote_open", "ordered_list_open", "hr"}
    inner = {child.type for token in tokens_of for child in token.children or ()}
    assert inner <= {"text", "code_inline", "text_special", "softbreak"}
