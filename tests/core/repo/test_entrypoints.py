"""Entry points of a repo: those that its manifests declare, and files with the name and the look of one."""

from __future__ import annotations

import pytest

from supervisor.core.repo.entrypoints import entry_points
from supervisor.core.repo.manifests import kind_of, read_manifest
from supervisor.domain.repo.facts import EntryPoint


def found(files: dict[str, str]) -> list[EntryPoint]:
    """The entry points of a repo with these files."""
    contents = {name: text.encode() for name, text in files.items()}
    manifests = [read_manifest(name, content) for name, content in contents.items() if kind_of(name) is not None]
    return list(entry_points(frozenset(contents), manifests, contents))


def test_a_script_of_a_package_starts_where_its_function_is() -> None:
    pyproject = '[project.scripts]\nthing = "thing.cli:main"\ngone = "other.cli:main"\n'
    assert found({"pyproject.toml": pyproject, "src/thing/cli.py": "import x\n\n\ndef main():\n    pass\n"}) == [
        EntryPoint("thing", "src/thing/cli.py", 4, "script of pyproject.toml:2"),
        EntryPoint("gone", "pyproject.toml", 3, "script of pyproject.toml:3"),
    ]


def test_a_script_whose_function_is_not_seen_starts_at_its_file() -> None:
    pyproject = '[project.scripts]\nthing = "thing.cli:main"\n'
    assert found({"pyproject.toml": pyproject, "thing/cli.py": "from thing.run import main\n"}) == [
        EntryPoint("thing", "thing/cli.py", 0, "script of pyproject.toml:2")
    ]


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        (
            {"web/package.json": '{\n  "name": "w",\n  "bin": {"w": "./bin/w.js"}\n}', "web/bin/w.js": ""},
            EntryPoint("w", "web/bin/w.js", 0, "bin of web/package.json:3"),
        ),
        ({"Dockerfile": "FROM x\nCMD run\n"}, EntryPoint("run", "Dockerfile", 2, "cmd of the image")),
        (
            {"build.gradle": "application {\n  mainClass = 'a.Main'\n}\n"},
            EntryPoint("a.Main", "build.gradle", 2, "mainClass of build.gradle:2"),
        ),
        ({"thing/__main__.py": ""}, EntryPoint("python -m thing", "thing/__main__.py", 0, "runs as a module")),
        ({"app.py": "x = 1\napp = FastAPI()\n"}, EntryPoint("app.py", "app.py", 2, "makes an application")),
        ({"main.go": "package main\n\nfunc main() {\n"}, EntryPoint("main.go", "main.go", 3, "main")),
        ({"server.js": "const a = 1\napp.listen(80)\n"}, EntryPoint("server.js", "server.js", 2, "listens")),
    ],
)
def test_the_entry_points_of_a_repo_are_listed_with_the_reason(files: dict[str, str], entry: EntryPoint) -> None:
    assert found(files) == [entry]
