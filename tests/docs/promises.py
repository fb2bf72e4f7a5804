"""What orch promises, and which tests check each promise.

A test names the promises that it checks: `@pytest.mark.promise("no orphan", ...)`. The sentences are in
`promises.toml`, once each.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent
SENTENCES = Path(__file__).with_name("promises.toml")


def promises() -> dict[str, dict[str, str]]:
    """Section -> key -> sentence, in the order of the page."""
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))


def table() -> str:
    """Every section with its table of promises, as Markdown."""
    held = held_by()
    parts = []
    for section, sentences in promises().items():
        rows = [
            f"| {text} | {'<br>'.join(f'`{one}`' for one in held.get(key, ()))} |" for key, text in sentences.items()
        ]
        parts.append("\n".join([f"## {section}", "", "| promise | tests |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def held_by() -> dict[str, list[str]]:
    """The tests (`core/test_x.py::test_y`) that name each key, sorted. Includes keys without a sentence."""
    held: dict[str, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "mark.promise(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                for key in _keys(node):
                    held.setdefault(key, []).append(f"{file.relative_to(TESTS).as_posix()}::{node.name}")
    return held


def _keys(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
            yield from (str(ast.literal_eval(key)) for key in mark.args)
