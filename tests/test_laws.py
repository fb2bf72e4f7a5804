"""What holds for every test: it states an outcome, reaches the product by public names, and its module is no tome, and
is imported by no other. And what the product imports, it declares."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from supervisor.regex import regex
from tests import CHECKOUT

LONGEST = 400  # lines of a module
DATA = {"wire/samples.py"}  # modules that are data from end to end
OTHERS = {"_replace", "_asdict", "_exit", "_request_raw"}  # of the standard library, and of somebody else's package


@cache
def trees() -> dict[str, ast.Module]:
    tests = CHECKOUT / "tests"
    paths = (path for path in tests.rglob("*.py") if "repos" not in path.relative_to(tests).parts)
    return {str(path.relative_to(tests)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def test_every_test_states_an_outcome() -> None:
    functions = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    stating = {function.name for function in functions if _states(function)}
    silent = [
        f"{path}::{node.name}"
        for path, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not _states(node) and not _called(node) & stating
    ]
    assert silent == []


def test_what_tests_share_is_in_no_test_module() -> None:
    imported = {f"{path} imports {name}" for path, tree in trees().items() for name in _imported(tree)}
    assert {one for one in imported if one.rpartition(".")[2].startswith("test_")} == set()


def test_the_product_is_reached_by_public_names_only() -> None:
    reached = {f"{path}:{line} {name}" for path, tree in trees().items() for line, name in _private(tree)}
    assert reached == set()


def test_no_module_is_longer_than_can_be_taken_in() -> None:
    lengths = {path: _lines(CHECKOUT / "tests" / path) for path in trees() if path not in DATA}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_each_package_that_the_product_imports_is_a_dependency_of_it() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["codex"], *extras["watch"]]
    declared = {one.partition(">")[0] for one in wanted}
    providers = {name: {one.lower() for one in ones} for name, ones in packages_distributions().items()}
    begins = regex(r"^ *(?:from|import) (\w+)", re.MULTILINE)
    modules = (path for path in (CHECKOUT / "supervisor").rglob("*.py") if "sample" not in path.parts)
    imported = {name for path in modules for name in begins.findall(path.read_text(encoding="utf-8"))}
    found = {name: providers[name] for name in imported & providers.keys() - {"supervisor"}}
    assert {"msgspec", "git", "ruamel", "anyio"} <= found.keys()
    assert {name: ones for name, ones in found.items() if not ones & declared} == {}


def _states(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Assert | ast.Raise) or (isinstance(node, ast.Attribute) and node.attr == "raises")
        for node in ast.walk(function)
    )


def _called(function: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {
        one.id if isinstance(one, ast.Name) else one.attr for one in calls if isinstance(one, ast.Name | ast.Attribute)
    }


def _imported(tree: ast.Module) -> Iterator[str]:
    """The modules of the tests that a module may import: of `from a import b`, both a and a.b."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] == "tests":
                yield from (module, *(f"{module}.{one.name}" for one in names))
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.startswith("tests."))


def _private(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Attributes of others, imports and patches whose name begins with one underscore."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name) if _is_private(name):
                yield node.lineno, name
            case ast.ImportFrom(module=module, names=names) if module and module.startswith("supervisor"):
                yield from ((node.lineno, one.name) for one in names if _is_private(one.name))
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr"), args=[*arguments]):
                texts = [one.value for one in arguments if isinstance(one, ast.Constant)]
                yield from ((node.lineno, one) for one in texts if isinstance(one, str) and _is_private(one))


def _is_private(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("_") and not last.startswith("__") and last not in OTHERS


def _lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")
