"""A command runs in a folder, and needs something that the repo has or lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.places import check, contents_of, inside, moved
from supervisor.domain.repo.facts import Manifest, Purpose, Script

NAMES = (
    *("Makefile", "package.json", "web/package.json", "sub/pom.xml", "req.txt", "run.py", "bin/x", "c/CMakeLists.txt"),
    *("docker-compose.yml", "app.go"),
)
REPO = contents_of(
    NAMES,
    [
        Manifest("package.json", "npm", "@me/thing", scripts=(Script("build", "x", Purpose.BUILD, 1),)),
        Manifest("web/package.json", "npm", note="cannot be read"),
    ],
)


@pytest.mark.parametrize(
    ("command", "has"),
    [
        ("make test", True),
        ("cd web && make test", False),
        ("cd c && make", None),
        ("make -C elsewhere", None),
        ("npm run build", True),
        ("npm run gone", False),
        ("yarn gone", None),
        ("npm ci", True),
        ("npm t", False),
        ("npm run x --workspace a", None),
        ("cd sub && npm ci", False),
        ("cd web && npm run any", None),
        ("cd sub && mvn install", True),
        ("mvn install", False),
        ("cd sub && cd .. && make", True),
        ("cd .. && make", None),
        ("cd made && make", None),
        ("sudo A=b make", True),
        ("A=b", None),
        ("./bin/x", True),
        ("./bin/y", False),
        ("../x", None),
        ("/usr/bin/x", None),
        ("./vendor/bin/phpunit", False),
        ("python run.py", True),
        ("python -m x", None),
        ("dart run run.dart", False),
        ("pip install -r req.txt", True),
        ("pip install -r gone.txt", False),
        ("pip install thing", False),
        ("pip install other", None),
        ("docker compose up", True),
        ("docker run -p 80:80 me/thing:1", True),
        ("docker run postgres", False),
        ("go test ./...", None),
        ("cargo test", False),
        ("python -m pip install thing", False),
        ("node -r ts-node/register gone.ts", False),
        ("go run -exec ./x gone.go", False),
        ("buf lint", False),
        ("pytest", None),
    ],
)
def test_a_command_is_checked_against_the_files(command: str, has: bool | None) -> None:
    assert check(command, REPO) is has


@pytest.mark.parametrize(
    ("lines", "ran"),
    [
        (["cd web", "npm ci", "cd ..", "make"], ["cd web && npm ci", "make"]),
        (["git clone https://x.org/thing.git", "cd thing", "make"], ["git clone https://x.org/thing.git", "make"]),
        (["git clone https://x.org/thing other", "cd other && make"], ["git clone https://x.org/thing other", "make"]),
        (["git clone 'https://x.org/thing.git'", "cd thing/cmd/", "make"],
         ["git clone 'https://x.org/thing.git'", "cd cmd && make"]),
        (["cd /usr/ports/thing", "make"], []),
        (["mkdir new", "cd new", "make"], ["mkdir new"]),
        (["cd $DIR && make", "cd ~/x", "make"], []),
        (["cd a/b && make", "ls"], ["cd a/b && make", "ls"]),
        (["cd 'a'; make"], ["cd a && make"]),
    ],
)  # fmt: skip
def test_the_folder_of_a_script_is_followed(lines: list[str], ran: list[str]) -> None:
    assert [text for text, _ in moved((line, at) for at, line in enumerate(lines))] == ran


def test_a_folder_outside_is_unknown() -> None:
    assert (inside("./a//b/"), inside(""), inside("../a"), inside("/a"), inside("${{ x }}")) == (
        "a/b",
        "",
        None,
        None,
        None,
    )


@given(text=st.text(max_size=120))
def test_any_text_may_be_checked_and_followed(text: str) -> None:
    assert check(text, REPO) in (True, False, None)
    assert all(line == 1 for _, line in moved([(text, 1), (f"cd {text}", 1), ("make", 1)]))
