"""The code of a repo, read from names, sizes and a few contents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.repo.code import followed, read_code, wanted
from supervisor.core.repo.files import RepoFile, is_test, language_of, left_out
from supervisor.domain.repo.facts import (
    Code,
    Dependency,
    EntryPoint,
    Folder,
    Framework,
    Language,
    LeftOut,
    Manifest,
    Script,
    Suite,
    SuiteFolder,
)

PYPROJECT = b'[project]\nname = "thing"\ndependencies = []\n\n[project.scripts]\nthing = "thing.start:run"\n'
FILES = {
    "pyproject.toml": PYPROJECT,
    "requirements-dev.txt": b"pytest==8\n",
    "src/thing/start.py": b"import sys\n\n\ndef run():\n    pass\n",
    "src/thing/__main__.py": b"from thing.start import run\nrun()\n",
    "tests/test_start.py": b"def test(): ...\n",
    "web/node_modules/x/index.js": b"x" * 50,
    "poetry.lock": b"y" * 20,
}
REPO = [RepoFile(name, len(content)) for name, content in FILES.items()]


def contents_of(files: list[RepoFile]) -> dict[str, bytes]:
    contents = {name: FILES[name] for name, _ in wanted(files)}
    return contents | {name: FILES[name] for name, _ in followed(files, contents)}


def test_what_is_read_are_manifests_then_beginnings_then_what_the_scripts_start() -> None:
    assert list(contents_of(REPO)) == [
        "pyproject.toml",
        "requirements-dev.txt",
        "src/thing/__main__.py",
        "src/thing/start.py",
    ]


def test_a_repo_gives_its_languages_manifests_beginnings_and_tests() -> None:
    assert read_code(REPO, contents_of(REPO)) == Code(
        languages=(Language("Python", 3, 83),),
        left_out=(LeftOut("vendored", 1, 50), LeftOut("lock files", 1, 20)),
        folders=(Folder(".", 3, 118), Folder("src", 2, 67), Folder("tests", 1, 16), Folder("web", 1, 50)),
        manifests=(
            Manifest("pyproject.toml", "pyproject", "thing", "", (Script("thing", "thing.start:run", None, 6),)),
            Manifest("requirements-dev.txt", "pip", dependencies=(Dependency("pytest", "==8", True, 1),)),
        ),
        entry_points=(
            EntryPoint("thing", "src/thing/start.py", 4, "script of pyproject.toml:6"),
            EntryPoint("python -m thing", "src/thing/__main__.py", 0, "runs as a module"),
        ),
        tests=Suite(1, (SuiteFolder("tests", 1),), (Framework("pytest", "requirements-dev.txt", 1),)),
    )


def test_files_that_could_not_be_read_are_reported() -> None:
    assert read_code(REPO, {}).cut == ("2 manifests were not read",)


@pytest.mark.parametrize(
    ("name", "line", "content"),
    [
        ("main.go", 3, b"package main\n\nfunc main() {\n"),
        ("src/main.rs", 1, b"fn main() {}\n"),
        ("app.py", 2, b"from fastapi import FastAPI\napp = FastAPI()\n"),
        ("server.js", 2, b"const app = express();\napp.listen(80);\n"),
        ("main/main.c", 1, b"void app_main(void)\n{\n"),
        ("app/src/main/java/x/ShopApplication.java", 2, b"x\n  public static void main(String[] args) {\n"),
        ("lib/main.dart", 1, b"void main() {\n"),
    ],
)
def test_a_main_is_found_at_its_line(name: str, line: int, content: bytes) -> None:
    found = read_code([RepoFile(name, len(content))], {name: content}).entry_points
    assert [(one.path, one.line) for one in found] == [(name, line)]


@pytest.mark.parametrize(
    ("name", "language", "reason", "test"),
    [
        ("a/b.py", "Python", None, False),
        ("tests/test_b.py", "Python", None, True),
        ("b_test.go", "Go", None, True),
        ("x.spec.ts", "TypeScript", None, True),
        ("tests/data/big.py", "Python", None, False),
        ("src/test/java/ATest.java", "Java", None, True),
        ("latest/contest.py", "Python", None, False),
        ("vendor/a.go", "Go", "vendored", False),
        ("dist/a.js", "JavaScript", "built", False),
        ("a.min.js", "JavaScript", "generated", False),
        ("api_pb2.py", "Python", "generated", False),
        ("Cargo.lock", None, "lock files", False),
        ("README.md", None, None, False),
        ("Dockerfile.dev", "Dockerfile", None, False),
    ],
)
def test_a_file_name_shows_language_origin_and_whether_it_is_a_test(
    name: str, language: str | None, reason: str | None, test: bool
) -> None:
    assert (language_of(name), left_out(name), is_test(name)) == (language, reason, test)


_names = st.lists(
    st.sampled_from(
        ["src", "tests", "package.json", "main.py", "Makefile", ".github", "workflows", "a.yml", "", "\\xff", "é"]
    ),
    min_size=1,
    max_size=4,
).map("/".join)


@settings(max_examples=100, deadline=None)
@given(files=st.dictionaries(_names, st.binary(max_size=40), max_size=8))
def test_whatever_the_files_are_called_and_hold_nothing_raises(files: dict[str, bytes]) -> None:
    repo = [RepoFile(name, len(content)) for name, content in files.items()]
    contents = {name: files[name][:limit] for name, limit in wanted(repo)}
    contents |= {name: files[name][:limit] for name, limit in followed(repo, contents)}
    code = read_code(repo, contents)

    assert {one.path for one in code.manifests} | {one.path for one in code.pipelines} <= files.keys()
