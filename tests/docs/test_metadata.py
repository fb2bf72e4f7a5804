"""A wheel names where the project lives, and its README leads there: from a clone, and from an unpacked sdist."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import CHECKOUT
from tests.gitrepo import git

HOME = "https://forge.example/team/orch"
README = "# orch\n\n![loop](docs/loop.svg) [plan](docs/plan.md#fields) [site](https://host.example) [below](#use)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone without a remote, with what a build reads."""
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    for name in ("pyproject.toml", "LICENSE", "scripts/metadata.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def metadata(tree: Path) -> dict[str, Any]:
    words = [sys.executable, "-m", "hatchling", "metadata"]
    found = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=True, timeout=60).stdout
    read: dict[str, Any] = json.loads(found)
    return read


@pytest.mark.parametrize(
    "remote",
    [
        "git@forge.example:team/orch.git",
        "ssh://git@forge.example:2222/team/orch",
        "https://user:not-a-secret@forge.example/team/orch.git",
        "https://forge.example/team/orch/",
    ],
)
def test_a_wheel_leads_to_the_forge_of_the_clone_and_names_no_login(tree: Path, remote: str) -> None:
    git(tree, "remote", "add", "origin", remote)
    found = metadata(tree)
    assert found["urls"] == {
        "Homepage": HOME,
        "Documentation": f"{HOME}/blob/HEAD/docs",
        "Changelog": f"{HOME}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{HOME}/issues",
    }
    assert found["readme"]["text"] == (
        f"# orch\n\n![loop]({HOME}/raw/HEAD/docs/loop.svg) [plan]({HOME}/blob/HEAD/docs/plan.md#fields) "
        "[site](https://host.example) [below](#use)\n"
    )


@pytest.mark.parametrize("remote", ["", "/srv/git/orch.git", "../orch", "file:///srv/git/orch.git"])
def test_a_clone_of_no_forge_names_no_address(tree: Path, remote: str) -> None:
    if remote:
        git(tree, "remote", "add", "origin", remote)
    found = metadata(tree)
    assert (found.get("urls", {}), found["readme"]["text"]) == ({}, README)


def test_a_wheel_of_an_unpacked_sdist_says_what_the_sdist_says(tree: Path, tmp_path: Path) -> None:
    git(tree, "remote", "add", "origin", f"{HOME}.git")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", "dist"]
    subprocess.run(build, cwd=tree, capture_output=True, check=True, timeout=60)
    (archive,) = (tree / "dist").iterdir()
    shutil.unpack_archive(archive, tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert metadata(unpacked) == metadata(tree)
    assert metadata(unpacked)["urls"]["Homepage"] == HOME
