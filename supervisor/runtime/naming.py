"""Check names that a person typed, and suggest the nearest right one."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.errors import UsageError
from supervisor.runtime.workspace import WorkspacePaths


def checked(word: str, known: Sequence[str], noun: str) -> str:
    """Return `word` if it is one of `known`. Raises UsageError with the nearest right one if not."""
    if word in known:
        return word
    wrong, hint = corrected(word, known)
    raise UsageError(f"there is no {noun} {wrong}", hint or f"there is no {noun} yet")


def corrected(word: str, known: Sequence[str]) -> tuple[str, str]:
    """Return a wrong word as it is shown, and the nearest right one, or all of them, in a hint; "" if there is none."""
    from supervisor.core.plan.diagnostics import any_of, nearest, quoted  # import late (15 ms): only mistakes need it

    near = nearest(word, known)
    return quoted(word), f"did you mean {quoted(near)}?" if near else f"use {any_of(known)}" if known else ""


def children_of(workspace: WorkspacePaths, *, others: bool = False) -> tuple[str, ...]:
    """Return the names of the children in the config, whether their repos exist or not.

    Raises ConfigError for a config that cannot be read. `others`: and who else has records of their own, who are all
    that is known if the config cannot be read.
    """
    from supervisor.runtime.config.load import (
        everybody,
        named,
    )  # import late (60 ms): only a name that was typed needs it

    return everybody(workspace) if others else tuple(child.name for child in named(workspace))
