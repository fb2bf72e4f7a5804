"""Each manifest of Python yields what it declares, with the lines."""

from __future__ import annotations

import pytest

from supervisor.core.repo.manifests import read_manifest
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Purpose, Script

SETUP_CFG = """\
[metadata]
name = old
version = 3.1
# a comment
[options]
python_requires = >=3.9
install_requires =
    six>=1
    attrs
[options.extras_require]
dev =
    pytest>=7
[options.entry_points]
console_scripts =
    old = old.cli:main
[flake8]
max-line-length = 100
"""

TOX_INI = """\
[tox]
envlist = py311, lint

[testenv]
commands =
    pytest -q
    coverage report

[testenv:lint]
commands = ruff check .
"""

NOXFILE_PY = """\
import nox

@nox.session(python=["3.12"])
def tests(session):
    session.run("pytest")

@session
async def lint(session):
    pass

def helper(session):
    pass
"""

REQUIREMENTS_DEV_TXT = """\
# tools
pytest==8.1 ; python_version > "3"
-r requirements.txt
git+https://host/x.git
black  # formatter
"""

POETRY_PYPROJECT_TOML = """\
[tool.poetry]
name = "poem"
version = "0.3"

[tool.poetry.dependencies]
python = "^3.11"
httpx = {version = "^0.27", extras = ["http2"]}

[tool.poetry.group.dev.dependencies]
pytest = "^8"

[tool.poetry.scripts]
poem = "poem.main:run"

[tool.hatch.envs.default.scripts]
test = "pytest -q"

[tool.hatch.envs.docs.scripts]
build = ["mkdocs build", "ls"]

[tool.ruff]
line-length = 100
"""

DYNAMIC_PYPROJECT_TOML = """\
[project]
name = "d"
dynamic = ["version"]
"""


@pytest.mark.parametrize(
    ("text", "manifest"),
    [
        (
            SETUP_CFG,
            Manifest(
                "setup.cfg",
                "setuptools",
                "old",
                "3.1",
                scripts=(Script("old", "old.cli:main", None, 15),),
                dependencies=(
                    Dependency("six", ">=1", False, 8),
                    Dependency("attrs", "", False, 9),
                    Dependency("pytest", ">=7", True, 12),
                ),
                facts=(Fact("python", ">=3.9", 6), Fact("tool", "flake8", 16)),
            ),
        ),
        (
            TOX_INI,
            Manifest(
                "tox.ini",
                "tox",
                scripts=(
                    Script("testenv", "pytest -q", Purpose.TEST, 6),
                    Script("lint", "ruff check .", Purpose.LINT, 10),
                ),
                facts=(Fact("environments", "py311, lint", 2),),
            ),
        ),
        (
            NOXFILE_PY,
            Manifest(
                "noxfile.py",
                "nox",
                scripts=(
                    Script("tests", "nox -s tests", Purpose.TEST, 4),
                    Script("lint", "nox -s lint", Purpose.LINT, 8),
                ),
            ),
        ),
        (
            REQUIREMENTS_DEV_TXT,
            Manifest(
                "requirements-dev.txt",
                "pip",
                dependencies=(Dependency("pytest", "==8.1", True, 2), Dependency("black", "", True, 5)),
            ),
        ),
        (
            POETRY_PYPROJECT_TOML,
            Manifest(
                "poetry/pyproject.toml",
                "pyproject",
                "poem",
                "0.3",
                scripts=(
                    Script("poem", "poem.main:run", None, 13),
                    Script("test", "pytest -q", Purpose.TEST, 16),
                    Script("docs:build", "mkdocs build && ls", Purpose.BUILD, 19),
                ),
                dependencies=(Dependency("httpx", "^0.27", False, 7), Dependency("pytest", "^8", True, 10)),
                facts=(Fact("python", "^3.11", 6), Fact("tool", "hatch", 0), Fact("tool", "ruff", 21)),
            ),
        ),
        (DYNAMIC_PYPROJECT_TOML, Manifest("dynamic/pyproject.toml", "pyproject", "d", "dynamic")),
    ],
    ids=lambda value: value.path if isinstance(value, Manifest) else "",
)
def test_a_manifest_gives_what_it_declares_and_where(text: str, manifest: Manifest) -> None:
    assert read_manifest(manifest.path, text.encode()) == manifest
