"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import re

import pytest

import supervisor
from supervisor.regex import regex
from tests import CHECKOUT

KIND = type(regex(""))


def test_a_pattern_is_what_re_makes_of_it() -> None:
    lazy, eager = regex(r"(?P<key>\w+)=(\d+)", re.IGNORECASE), re.compile(r"(?P<key>\w+)=(\d+)", re.IGNORECASE)

    for _ in range(2):  # the second look finds what the first one kept
        found = lazy.search("say A=12")
        assert found is not None
        assert (found["key"], found[2], found.span()) == ("A", "12", (4, 8))
        assert (lazy.pattern, lazy.flags, lazy.groups) == (eager.pattern, eager.flags, eager.groups)
        assert lazy.sub("-", "a=1 b=2") == eager.sub("-", "a=1 b=2") == "- -"


def test_an_invalid_pattern_raises_at_its_first_use() -> None:
    with pytest.raises(re.error, match="unterminated"):
        regex("(").match("")


def test_every_pattern_of_the_package_is_valid() -> None:
    for module in pkgutil.walk_packages(supervisor.__path__, "supervisor."):
        importlib.import_module(module.name)
    patterns = [one for one in gc.get_objects() if type(one) is KIND]

    assert len(patterns) > 600
    assert [one.pattern for one in patterns if one.groups < 0] == [], "it is compiled to count its groups"


def test_no_module_compiles_its_patterns_as_it_is_loaded() -> None:
    """Loading takes a third less without it, and every command and every start pays for it."""
    compiling = {
        str(path.relative_to(CHECKOUT))
        for path in sorted((CHECKOUT / "supervisor").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "compile" and ast.unparse(node.value) == "re"
    }

    assert compiling == {"supervisor/regex.py"}
