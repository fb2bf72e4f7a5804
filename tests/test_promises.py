"""A promise without a test is not made."""

from __future__ import annotations

import ast
import re

from tests import CHECKOUT


def test_every_promise_names_tests_that_exist() -> None:
    text = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE) if row[0] != "promised"]
    assert len(rows) > 30
    assert [promise for promise, tests in rows if "::" not in tests] == []
    named = {tuple(one) for _, tests in rows for one in re.findall(r"([\w/]+\.py)::(\w+)", tests)}
    missing = [(file, test) for file, test in sorted(named) if test not in _tests_in(file)]
    assert missing == []


def _tests_in(file: str) -> set[str]:
    tree = ast.parse((CHECKOUT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
