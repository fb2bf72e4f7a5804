"""The methods of the public API, as a table."""

from __future__ import annotations

import inspect

from supervisor.api import Workspace


def table() -> str:
    """Each public method with its parameters and the first sentence of its docstring."""
    rows = [
        f"| `{name}{_words(found)}` | {_first_sentence(found)} |"
        for name, found in vars(Workspace).items()
        if not name.startswith("_")
    ]
    return "\n".join(["| `Workspace(...)` | |", "|---|---|", *rows])


def _words(found: object) -> str:
    if isinstance(found, property):
        return ""
    assert inspect.isfunction(found)
    _, *taken = inspect.signature(found).parameters.values()
    return str(inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in taken]))


def _first_sentence(found: object) -> str:
    text = " ".join((inspect.getdoc(found) or "").split())
    return text.partition(". ")[0].removesuffix(".") + "."
