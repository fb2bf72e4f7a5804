"""What is wrong in plan.md, told with the nearest right word."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from msgspec import Struct

from supervisor.domain.plan import Problem, Rejection

MAX_PROBLEMS = 20
"""Problems told one by one; one more says how many are left."""


class Diagnostic(Struct, frozen=True):
    """A problem on `line` (from 1); the nearest of `choices` to `word` is looked up only when the problem is told."""

    line: int
    message: str
    word: str = ""
    choices: Collection[str] = ()

    def problem(self) -> Problem:
        """The problem in words, with the nearest right word or, when none is near, the right words."""
        if not self.choices:
            return Problem(self.line, self.message)
        right = nearest(self.word, self.choices)
        hint = f"did you mean {quoted(right)}?" if right else f"use {any_of(self.choices)}"
        return Problem(self.line, f"{self.message}: {hint}")


def rejection(diagnostics: Iterable[Diagnostic]) -> Rejection:
    """All flaws in order of line; of many, the first and how many more there are."""
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.line)
    problems = [diagnostic.problem() for diagnostic in ordered[:MAX_PROBLEMS]]
    if more := ordered[MAX_PROBLEMS:]:
        problems.append(Problem(more[0].line, f"{len(more)} more problem{'s' * (len(more) > 1)} from here on"))
    return Rejection(tuple(problems))


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that `word` was most likely meant to be, or None; case does not matter."""
    folded = {choice.casefold(): choice for choice in list(choices)[:_MOST_COMPARED]}
    near = difflib.get_close_matches(word[:_LONGEST_QUOTED].casefold(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def any_of(choices: Collection[str]) -> str:
    """The choices as a phrase: `a`; `a` or `b`; one of `a`, `b`, `c`."""
    shown = [quoted(choice) for choice in list(choices)[:_MOST_SHOWN]]
    if len(choices) > len(shown):
        shown.append("...")
    return " or ".join(shown) if len(shown) < 3 else "one of " + ", ".join(shown)


def quoted(word: str) -> str:
    """`word` in backticks, cut short, and safe to print on a terminal."""
    short = word if len(word) <= _LONGEST_QUOTED else word[: _LONGEST_QUOTED - 3] + "..."
    return "`" + "".join(mark if mark.isprintable() else "\ufffd" for mark in short) + "`"


# Bounds on what one message costs and shows, whatever the file holds.
_MOST_COMPARED = 500
_MOST_SHOWN = 12
_LONGEST_QUOTED = 60
