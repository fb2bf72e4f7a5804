"""Diagnostics of plan.md: each names its line and suggests the nearest right word."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from supervisor.domain.plan import Problem, Rejection
from supervisor.late import Late

if TYPE_CHECKING:
    import difflib
else:
    difflib = Late("difflib")  # 1 ms on the way of each start: only wrong words need it

MAX_PROBLEMS = 20
"""Problems that are listed one by one; one more says how many follow."""


class Diagnostic(Struct, frozen=True):
    """Something wrong in plan.md. The nearest right word is looked up by `problem`, because that is slow."""

    line: int  # from 1
    message: str
    word: str = ""  # the wrong word, if it has to be one of `choices`
    choices: Collection[str] = ()

    def problem(self) -> Problem:
        """Return the problem with a hint: the nearest right word or, if none is near, all of them."""
        if not self.choices:
            return Problem(self.line, self.message)
        right = nearest(self.word, self.choices)
        hint = f"did you mean {quoted(right)}?" if right else f"use {any_of(self.choices)}"
        return Problem(self.line, f"{self.message}: {hint}")


def rejection(diagnostics: Iterable[Diagnostic]) -> Rejection:
    """Collect diagnostics in a rejection, ordered by line. Of more than `MAX_PROBLEMS`, the rest is only counted."""
    return Rejection(problems_of(diagnostics))


def problems_of(diagnostics: Iterable[Diagnostic], noun: str = "problem") -> tuple[Problem, ...]:
    """Return diagnostics as problems, ordered by line. Of more than `MAX_PROBLEMS`, the rest is counted."""
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.line)
    problems = [diagnostic.problem() for diagnostic in ordered[:MAX_PROBLEMS]]
    if more := ordered[MAX_PROBLEMS:]:
        problems.append(Problem(more[0].line, f"{len(more)} more {noun}{'s' * (len(more) > 1)} from here on"))
    return tuple(problems)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` was most likely meant to be, or None. Ignores case."""
    folded = {choice.casefold(): choice for choice in list(choices)[:_MOST_COMPARED]}
    near = difflib.get_close_matches(word[:_LONGEST_QUOTED].casefold(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def any_of(choices: Collection[str]) -> str:
    """Return the choices as a phrase: `a`; `a` or `b`; one of `a`, `b`, `c`."""
    shown = [quoted(choice) for choice in list(choices)[:_MOST_SHOWN]]
    if len(choices) > len(shown):
        shown.append("...")
    return " or ".join(shown) if len(shown) < 3 else "one of " + ", ".join(shown)


def quoted(word: str) -> str:
    """Return `word` in backticks, shortened, and safe to print on a terminal."""
    short = word if len(word) <= _LONGEST_QUOTED else word[: _LONGEST_QUOTED - 3] + "..."
    return "`" + "".join(mark if mark.isprintable() else "\ufffd" for mark in short) + "`"


# Bounds on what one message costs and shows, whatever the file contains.
_MOST_COMPARED = 500
_MOST_SHOWN = 12
_LONGEST_QUOTED = 60
