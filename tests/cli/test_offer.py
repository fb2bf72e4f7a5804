"""`orch init` without NAME=PATH: it offers the repos nearby, and names repos after their folders."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from supervisor.cli.main import run
from supervisor.cli.setup import offer
from supervisor.runtime.config import load as config
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.terminal import Terminal
from tests.gitrepo import empty_repo, git, new_repo


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with two repos beside it."""
    new_repo(tmp_path / "server")
    empty_repo(tmp_path / "my cli")
    (tmp_path / "ws").mkdir()
    monkeypatch.chdir(tmp_path / "ws")
    return tmp_path / "ws"


def children(ws: Path) -> list[tuple[str, str]]:
    return [(child.name, child.path) for child in config.load(WorkspacePaths(ws)).children]


def test_off_a_terminal_it_prints_what_it_found_and_the_command_and_writes_nothing(
    ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init"]) == 2
    command = "orch init 'my-cli=../my cli' server=../server"
    assert capsys.readouterr() == (
        "",
        "git repos nearby:\n   1  my-cli  ../my cli\n   2  server  ../server\n"
        f"orch: no repo is named: to take all of these, run `{command}`\n",
    )
    assert list(ws.iterdir()) == []
    assert run(shlex.split(command)[1:]) == 0
    assert children(ws) == [("my-cli", str(ws.parent / "my cli")), ("server", str(ws.parent / "server"))]


def test_the_command_repeats_the_folder_and_the_options(
    ws: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ws.parent)
    assert run(["init", "-C", "ws", "--trust", "server", "--exclude-tmp", "--json"]) == 2
    out, err = capsys.readouterr()
    command = "orch -C ws init --trust server --exclude-tmp 'my-cli=../my cli' server=../server"
    assert json.loads(out) == {
        "found": [{"name": "my-cli", "path": "../my cli"}, {"name": "server", "path": "../server"}],
        "command": command,
    }
    assert err == f"orch: no repo is named: to take all of these, run `{command}`\n"
    assert run(shlex.split(command)[1:]) == 0


def test_the_repos_in_the_folder_and_beside_it_are_found_but_not_what_belongs_to_others(
    ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for below in ("inner", "group/deep", "node_modules/x", ".hidden/x", "one/two/three/four/far"):
        empty_repo(ws / below)
    empty_repo(ws.parent / "server" / "vendored")  # in another repo
    empty_repo(ws.parent / "team" / "api")
    empty_repo(ws.parent / "other-ws")
    (ws.parent / "other-ws" / "orchestrator.config.yaml").write_text("", encoding="utf-8")
    (ws.parent / "link").symlink_to(ws.parent / "server")
    (ws.parent / "no-repo" / ".git").mkdir(parents=True)
    empty_repo(ws.parent / "\x1b[31mred\nline")
    git(ws.parent / "server", "worktree", "add", "-q", "-b", "w", str(ws.parent / "a-worktree"))
    assert run(["init", "--json"]) == 2
    found = [one["path"] for one in json.loads(capsys.readouterr().out)["found"]]
    assert found == ["inner", "../my cli", "../server", "group/deep", "../team/api"]


def test_of_a_bare_repo_with_work_trees_one_is_offered(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(ws, "clone", "-q", "--bare", str(ws.parent / "server"), str(ws / "app.git"))
    shutil.rmtree(ws.parent / "server")
    for name in ("feature", "main"):
        git(ws / "app.git", "worktree", "add", "-q", "-b", f"new-{name}", str(ws / name))
    assert run(["init", "--json"]) == 2
    found = [one["path"] for one in json.loads(capsys.readouterr().out)["found"]]
    assert found == ["main", "../my cli"]


def test_a_submodule_is_not_offered(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    super_repo = ws.parent / "server"
    (super_repo / "docs").mkdir()
    (super_repo / ".git" / "modules").mkdir()
    where = super_repo / ".git" / "modules" / "lib"
    git(super_repo, "init", "-q", "--separate-git-dir", str(where), str(super_repo / "lib"))
    assert run(["-C", str(super_repo / "docs"), "init"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"orch: {super_repo / 'docs'} lies in the repo {super_repo}, and there is no other git repo")
    assert f"orch -C {ws.parent}/workspace init" in err


def test_of_very_many_repos_the_nearest_are_offered(
    ws: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offer, "SHOWN", 1)
    assert run(["init"]) == 2
    assert capsys.readouterr().err == (
        "git repos nearby:\n   1  my-cli  ../my cli\nand 1 more, which are farther away\n"
        "orch: no repo is named: to take all of these, run `orch init 'my-cli=../my cli'`\n"
    )


def test_no_repo_at_all_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert run(["-C", str(tmp_path / "a" / "b"), "init"]) == 2
    assert capsys.readouterr().err == (
        f"orch: no repo is named, and there is no git repo in {tmp_path / 'a' / 'b'} or beside it: "
        "name each repo, for example `orch init ../backend ../mobile`\n"
    )


def test_in_a_workspace_nothing_is_offered(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ws / "plan.md").write_text("mine", encoding="utf-8")
    assert run(["init"]) == 2
    assert capsys.readouterr().err.startswith(f"orch: {ws / 'plan.md'} exists already: ")


def in_terminal(ws: Path) -> Terminal:
    return Terminal(
        [sys.executable, "-m", "supervisor.cli.main", "init"],
        cwd=ws,
        environ={**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"},
    )


@pytest.mark.parametrize(
    ("answer", "names"),
    [("2", ["server"]), ("2 my-cli", ["my-cli", "server"]), ("1-2", ["my-cli", "server"]), ("All", None), ("2,", None)],
)
def test_on_a_terminal_the_person_chooses(ws: Path, answer: str, names: list[str] | None) -> None:
    with in_terminal(ws) as terminal:
        terminal.until("which take part?")
        terminal.type(f"{answer}\n")
        assert terminal.end() == 0
    expected = names or (["my-cli", "server"] if answer == "All" else ["server"])
    assert [name for name, _ in children(ws)] == expected


def test_a_wrong_answer_is_asked_again_and_none_writes_nothing(ws: Path) -> None:
    with in_terminal(ws) as terminal:
        terminal.until("which take part?")
        terminal.type("1 3\n")
        terminal.until("there is no `3` in the list: an empty line ends this")
        terminal.type("\n")
        assert terminal.end() == 2
        assert "no repo is chosen, and nothing was written" in terminal.screen
    assert list(ws.iterdir()) == []


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 2)])
def test_ctrl_c_and_ctrl_d_write_nothing_and_say_so_on_a_line_of_its_own(ws: Path, key: str, code: int) -> None:
    with in_terminal(ws) as terminal:
        terminal.until("which take part?")
        terminal.type(key)
        assert terminal.end() == code
        [line] = [line.strip() for line in terminal.screen.splitlines() if "nothing was written" in line]
        assert line.startswith("orch: ")
    assert list(ws.iterdir()) == []


# ── names after folders ──────────────────────────────────────────────────────────────────────────


def test_a_path_alone_is_named_after_its_folder(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "../server", "../my cli/"]) == 0
    assert "  server  ../server\n  my-cli  ../my cli\n" in capsys.readouterr().out
    assert [name for name, _ in children(ws)] == ["server", "my-cli"]


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["a/server", "b/server"], ["a-server", "b-server"]),
        (["x/a/server", "y/a/server"], ["a-server", "a-server-2"]),
        (["API", "api"], None),
        (["human", "Orchestrator"], ["human-repo", "Orchestrator-repo"]),
        (["-_.x", "été", "日本", "web.git", "a=b"], ["x", "ete", "repo", "web", "a-b"]),
        (["n" * 60, f"{'n' * 60}2"], None),
        (["a.b", "a b"], None),
    ],
)
def test_names_are_valid_and_distinct_whatever_the_folders_are_called(
    ws: Path, folders: list[str], names: list[str] | None
) -> None:
    for folder in folders:
        empty_repo(ws / "r" / folder)
    assert run(["init", *(f"./r/{folder}" for folder in folders)]) == 0
    found = [name for name, _ in children(ws)]
    assert found == (names or found)
    assert len({name.casefold() for name in found}) == len(folders)


def test_a_name_that_is_given_counts(ws: Path) -> None:
    empty_repo(ws / "r" / "server")
    assert run(["init", "./r/server", "server=../server"]) == 0
    assert [name for name, _ in children(ws)] == ["r-server", "server"]


def test_a_folder_in_a_repo_stands_for_the_repo_and_a_link_for_itself(ws: Path) -> None:
    (ws.parent / "server" / "src").mkdir()
    (ws.parent / "tool").symlink_to(ws.parent / "my cli")
    assert run(["init", "../server/src", "../tool"]) == 0
    assert children(ws) == [("server", str(ws.parent / "server")), ("tool", str(ws.parent / "my cli"))]


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("server", "/ws/server does not exist: did you mean `../server`?"),
        ("nowhere", "/ws/nowhere does not exist: name each repo, for example "),
        ("..", " is not in a git repository: "),
        ("../file", "/file is not a folder: "),
    ],
)
def test_a_path_that_is_no_repo_writes_nothing(
    word: str, complaint: str, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ws.parent / "file").touch()
    assert run(["init", word]) == 2
    assert complaint in capsys.readouterr().err
    assert list(ws.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "clone"),
    [
        ("https://host/group/repo.git", "../repo"),
        ("https://host/repo/", "../repo"),
        ("ssh://git@host:22/a.b", "../a.b"),
        ("git@host:group/repo.git", "../repo"),
        ("host:repo.git", "../repo"),
        ("file:///srv/repo.git", "../repo"),
        ("https://", "../repo"),
    ],
)
@pytest.mark.parametrize("name", ["", "x="])
def test_an_address_is_to_be_cloned_first(
    address: str, clone: str, name: str, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", name + address]) == 2
    assert capsys.readouterr().err == (
        f"orch: `{address}` is the address of a repo, and a child is a clone on this machine: "
        f"run `git clone {address} {clone}`, then name {clone}\n"
    )
    assert list(ws.iterdir()) == []


def test_a_folder_that_is_named_like_an_address_is_one(ws: Path) -> None:
    empty_repo(ws / "host:repo.git")
    assert run(["init", "x=host:repo.git"]) == 0
    assert [name for name, _ in children(ws)] == ["x"]
