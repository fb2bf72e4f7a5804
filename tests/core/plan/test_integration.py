"""`## Integration` names commands and the tasks that a failure reopens; what could be misread is refused."""

from __future__ import annotations

import pytest

from supervisor.core.plan.diff import describe, diff
from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Integration, Plan, Rejection

HEAD = """# Plan: Two
## Working Plan
### T1 — One
- child: api

Do it.

### T2 — Two
- child: web
- after: T1

Do it.

### H1 — Look
- child: human

Look. **Expect:** fine.

"""
FIRST = HEAD.count("\n") + 3  # the line of the first item


def read(section: str) -> Plan | Rejection:
    return parse(f"{HEAD}## Integration\n\n{section}\n\n## Notes\n\n- `not this`\n", ("api", "web"))


def problems(section: str) -> list[tuple[int, str]]:
    found = read(section)
    assert isinstance(found, Rejection), found
    return [(one.line - FIRST, one.message) for one in found.problems]


def accepted(section: str) -> tuple[Integration, ...]:
    found = read(section)
    assert isinstance(found, Plan), found
    return found.integration


def test_commands_and_what_they_reopen_are_read() -> None:
    found = accepted(
        "Both sides, on loopback:\n\n- `make pair`\n  - reopens: T1, T2\n- ``echo `date` ``\n\n"
        "1. `x`\n   * **reopens:** T2"
    )
    assert [(one.command, one.reopens, one.line - FIRST) for one in found] == [
        ("make pair", ("T1", "T2"), 2),
        ("echo `date`", (), 4),
        ("x", ("T2",), 6),
    ]


@pytest.mark.parametrize("section", ["", "<!-- - `make pair` -->", "<!--\n- `make pair`\n  - reopens: T9\n-->"])
def test_a_section_without_text_runs_nothing(section: str) -> None:
    assert accepted(section) == ()


@pytest.mark.parametrize(
    ("section", "line", "words"),
    [
        ("Run make pair.", 0, "names no command"),
        ("- make pair", 0, "is not one command"),
        ("- `make` and `pair`", 0, "is not one command"),
        ("- `make pair` reopens T1", 0, "between backticks, and what it reopens in one below it"),
        ("- `make pair` (slow)", 0, "is not one command"),
        ("- `make pair", 0, "is not one command"),
        ("-", 0, "is not one command"),
        ("`make pair`", 0, "is no item of a list"),
        ("```sh\nmake pair\n```", 0, "in a code block"),
        ("- `x`\n\n```sh\nmake pair\n```", 2, "in a code block"),
        ("Text.\n\n    make pair", 2, "indented block"),
        ("- `make pair`\n- reopens: T1", 1, "indent it by two spaces"),
        ("- reopens: T1", 0, "belongs to a command"),
        ("- `make pair`\n  - reopens: T7", 1, "unknown task `T7` in `reopens`"),
        ("- `make pair`\n  - reopens: H1", 1, "H1 is for a human"),
        ("- `make pair`\n  - reopens:", 1, "`reopens` has no value"),
        ("- `make pair`\n  - reopens: T1\n  - reopens: T2", 2, "is here twice"),
        ("- `make pair`\n  - opens: T1", 1, "says nothing about the command above"),
        ("- `make pair`\n  - `other`", 1, "says nothing about the command above"),
        ("- `make pair`\n  reopens: T1", 1, "write all of it on one line"),
        ("- `make pair`\n- `make pair`", 1, "is here twice, first on line"),
        ("### Pair\n\n- `make pair`", 0, "a heading has no place"),
    ],
)
def test_what_could_be_misread_is_refused_with_its_line(section: str, line: int, words: str) -> None:
    found = problems(section)
    assert found[0][0] == line, found
    assert words in found[0][1]


def test_a_change_of_the_commands_is_a_change_of_the_plan_and_of_no_brief() -> None:
    old, new = read("- `x`"), read("- `x`\n  - reopens: T1")
    assert isinstance(old, Plan)
    assert isinstance(new, Plan)
    changes = diff(old, new)
    assert (changes.integration, changes.changed, describe(changes)) == (True, (), "integration changed")
