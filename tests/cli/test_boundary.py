"""`orch init` refuses a workspace in which a child's commands could write what is not theirs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from supervisor.cli.main import run
from supervisor.runtime.boundary import codex_config, territories
from tests.gitrepo import commit, empty_repo, git, new_repo


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Codex home that names no folder, and no other temporary folder than /tmp."""
    home = tmp_path / "codex-home"
    home.mkdir()
    monkeypatch.setenv("CODEX_HOME", str(home))
    monkeypatch.delenv("TMPDIR", raising=False)
    return home


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "app")


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    (tmp_path / "ws").mkdir()
    return tmp_path / "ws"


@pytest.fixture
def slash_tmp() -> Iterator[Path]:
    with TemporaryDirectory(dir="/tmp", prefix="orch-t-") as folder:
        yield Path(folder)


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    """What `orch init` says when it refuses; it must have written nothing."""
    before = sorted(folder.iterdir())
    assert run(["-C", str(folder), "init", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, sorted(folder.iterdir())) == ("", before)
    return err


@pytest.mark.promise("nested children")
def test_a_child_in_another_one_is_refused_with_both_paths(
    app: Path, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = empty_repo(app / "lib")
    for pairs in ([f"app={app}", f"lib={inner}"], [f"lib={inner}", f"app={app}"]):
        assert refused(capsys, ws, *pairs) == (
            f"orch: the child `lib` ({inner}) lies in the child `app` ({app}), whose commands may write its files: "
            "leave one of the two out of orchestrator.config.yaml, or let `app` only read: `sandbox: read-only`\n"
        )


@pytest.mark.promise("nested children")
def test_links_hide_no_nesting(app: Path, ws: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty_repo(app / "lib")
    (tmp_path / "elsewhere").symlink_to(app)
    assert "lies in the child `app`" in refused(capsys, ws, f"app={app}", f"lib={tmp_path}/elsewhere/lib")


@pytest.mark.promise("nested children")
def test_a_submodule_and_its_superproject_are_refused_and_two_work_trees_are_not(
    app: Path, ws: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lib = new_repo(tmp_path / "lib")
    git(app, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib), "lib")
    commit(app)
    assert "lies in the child `app`" in refused(capsys, ws, f"app={app}", f"lib={app}/lib")
    git(app, "worktree", "add", "-q", str(tmp_path / "app-2"))
    assert run(["-C", str(ws), "init", f"app={app}", f"again={tmp_path}/app-2"]) == 0


@pytest.mark.promise("workspace out of reach")
def test_a_workspace_in_a_child_is_refused_and_one_around_its_children_is_not(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "ws").mkdir()
    assert refused(capsys, app / "ws", f"app={app}") == (
        f"orch: the workspace ({app}/ws) lies in the child `app` ({app}), whose commands may write plan.md, the config "
        "and the ledger: keep the workspace outside of it, or let `app` only read: `sandbox: read-only`\n"
    )
    assert run(["-C", str(tmp_path), "init", f"app={app}"]) == 0


@pytest.mark.promise("workspace out of reach")
def test_a_workspace_in_slash_tmp_is_refused_unless_commands_may_not_write_there(
    app: Path, tmp_path: Path, slash_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(slash_tmp)
    for folder in (slash_tmp, tmp_path / "link"):
        assert refused(capsys, folder, f"app={app}") == (
            f"orch: the workspace ({slash_tmp}) lies in /tmp, where the commands of `app` may write plan.md, "
            "the config and the ledger: move it, or run `orch init --exclude-tmp ...`\n"
        )
    assert run(["-C", str(slash_tmp), "init", "--exclude-tmp", f"app={app}"]) == 0
    assert "\nsandbox:" in (slash_tmp / "orchestrator.config.yaml").read_text(encoding="utf-8")


@pytest.mark.promise("workspace out of reach")
def test_a_workspace_in_tmpdir_is_refused(
    app: Path, ws: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(ws.parent / "ws"))
    assert f"lies in $TMPDIR ({ws}), where the commands of `app`" in refused(capsys, ws, f"app={app}")


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize(
    ("variable", "what"),
    [("XDG_RUNTIME_DIR", "the folder of the sockets"), ("XDG_STATE_HOME", "what orch keeps for you")],
)
def test_what_orch_keeps_beside_the_workspace_is_out_of_reach_too(
    variable: str,
    what: str,
    app: Path,
    ws: Path,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (app / "inside").mkdir()
    (tmp_path / "link").symlink_to(app / "inside")
    monkeypatch.setenv(variable, str(tmp_path / "link"))
    said = refused(capsys, ws, f"app={app}")
    assert said.startswith(f"orch: {what} ({app}/inside/orch")
    assert said.endswith(
        f") lies in the child `app` ({app}), whose commands may write it: "
        f"set {variable} to another folder, or let `app` only read: `sandbox: read-only`\n"
    )
    text = f'[sandbox_workspace_write]\nwritable_roots = ["{app}/inside"]\n'
    (home / "config.toml").write_text(text, encoding="utf-8")
    other = new_repo(tmp_path / "other")
    said = refused(capsys, ws, f"other={other}")
    assert f"lies in {app}/inside, where the commands of `other` may write it: set {variable} to another folder" in said
    assert run(["-C", str(ws), "init", "--exclude-roots", f"other={other}"]) == 0


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize("named", ["{there}", "../{name}", "{there}/../link", "~/{name}"])
def test_a_workspace_in_a_folder_that_the_codex_config_names_is_refused(
    named: str, app: Path, ws: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (ws.parent / "link").symlink_to(ws)
    monkeypatch.setenv("HOME", str(ws.parent))
    root = named.format(there=ws, name=ws.name)
    text = f'[sandbox_workspace_write]\nwritable_roots = ["/nowhere", "{root}"]\n'
    (home / "config.toml").write_text(text, encoding="utf-8")
    said = refused(capsys, ws, f"app={app}")
    assert said.endswith(
        f"move it, take that folder out of `writable_roots` in {home}/config.toml, "
        "or run `orch init --exclude-roots ...`\n"
    )
    assert said.startswith(f"orch: the workspace ({ws}) lies in ")
    assert run(["-C", str(ws), "init", "--exclude-roots", f"app={app}"]) == 0
    assert "\n  exclude_roots: yes " in (ws / "orchestrator.config.yaml").read_text(encoding="utf-8")


@pytest.mark.promise("workspace out of reach")
def test_what_a_repos_own_codex_config_names_counts_once_the_repo_is_trusted(
    app: Path, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / ".codex").mkdir()
    text = f'[sandbox_workspace_write]\n"writable\\u005froots" = ["{ws}"]\n'
    (app / ".codex" / "config.toml").write_text(text, encoding="utf-8")
    assert "out of `writable_roots` in" in refused(capsys, ws, f"app={app}", "--trust", "app")
    assert run(["-C", str(ws), "init", f"app={app}"]) == 0


@pytest.mark.promise("workspace out of reach")
def test_what_an_administrator_names_stays_writable_and_refused(
    app: Path, ws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    managed = tmp_path / "managed_config.toml"
    managed.write_text(f'[sandbox_workspace_write]\nwritable_roots = ["{ws}"]\n', encoding="utf-8")
    monkeypatch.setattr(codex_config, "MANAGED", managed)
    monkeypatch.setattr(territories, "MANAGED", managed)
    said = refused(capsys, ws, "--exclude-roots", f"app={app}")
    assert said.endswith(f"move it, or take that folder out of `writable_roots` in {managed}\n")


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize(
    "part",
    [
        *("plan.md", "runs.md", ".orchestrator", ".orchestrator/logs", ".orchestrator/logs/app.stderr.log"),
        *(".orchestrator/outputs", ".orchestrator/status.json", ".orchestrator/run"),
    ],
)
def test_a_part_of_the_workspace_that_is_a_link_into_a_child_is_refused(
    part: str, app: Path, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (link := ws / part).parent.mkdir(exist_ok=True, parents=True)
    link.symlink_to(app / "state")
    assert f"{part} of the workspace ({app}/state) lies in the child `app`" in refused(capsys, ws, f"app={app}")


@pytest.mark.promise("workspace out of reach")
def test_a_part_of_the_workspace_that_is_a_link_out_of_reach_is_fine(app: Path, ws: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (ws / ".orchestrator").mkdir()
    (ws / ".orchestrator" / "logs").symlink_to(tmp_path / "disk")
    assert run(["-C", str(ws), "init", f"app={app}"]) == 0
    assert (ws / "orchestrator.config.yaml").is_file()


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize(
    "part",
    [
        *("plan.md", "runs.md", ".orchestrator/ledger.jsonl", ".orchestrator/supervisor.lock"),
        *(".orchestrator/children.json", ".orchestrator/logs/app.stderr.log"),
    ],
)
def test_a_file_of_ours_with_a_second_name_is_refused(
    part: str, app: Path, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := ws / part).parent.mkdir(exist_ok=True, parents=True)
    file.touch()
    (app / "notes.md").hardlink_to(file)
    assert refused(capsys, ws, f"app={app}") == (
        f"orch: {file} has a second name (a hard link), under which commands may be able to write it: make it a file "
        f"of its own: `cp -p {part} new && mv new {part}`\n"
    )
    (app / "notes.md").unlink()
    if part == "plan.md":
        assert run(["-C", str(ws), "init", f"app={app}"]) == 1
        assert "plan.md exists already" in capsys.readouterr().err
    else:
        if file.parent.name == ".orchestrator":
            (file.parent / "kept").hardlink_to(file)  # as a repair does
        assert run(["-C", str(ws), "init", f"app={app}"]) == 0


@pytest.mark.promise("another user plants nothing")
def test_a_workspace_that_everybody_may_write_is_told(app: Path, ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ws.chmod(0o1777)
    assert run(["-C", str(ws), "init", f"app={app}"]) == 0
    assert capsys.readouterr().err == (
        f"orch: every user of this machine may write {ws}, and so steer the supervisor: run `chmod o-w {ws}`\n"
    )


@pytest.mark.promise("another user plants nothing")
def test_what_init_writes_is_for_nobody_else_to_write_or_to_read(
    app: Path, ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0)
    try:
        assert run(["-C", str(ws), "init", f"app={app}"]) == 0
    finally:
        os.umask(before)
    assert capsys.readouterr().err == ""
    closed = {path.relative_to(ws).as_posix() for path in ws.rglob("*") if not path.stat().st_mode & stat.S_IWOTH}
    state = {".orchestrator", ".orchestrator/config.schema.json"}
    assert closed == {".codex", ".codex/config.toml", "orchestrator.config.yaml", "plan.md", *state}
    for name in ("orchestrator.config.yaml", "plan.md", ".codex/config.toml", ".orchestrator"):
        assert stat.S_IMODE((ws / name).stat().st_mode) & 0o077 == 0, name


@pytest.mark.promise("another user plants nothing")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file that belongs to somebody else")
@pytest.mark.parametrize("word", ["doctor", "up", "status", "config", "logs", "hold"])
def test_no_command_takes_the_config_of_another_user(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (config := tmp_path / "orchestrator.config.yaml").write_text(f"codex: {{bin: {tmp_path}/run}}\n", encoding="utf-8")
    (tmp_path / "run").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    (tmp_path / "run").chmod(0o755)
    os.chown(config, 65534, 65534)
    (ours := tmp_path / "ours").mkdir()
    monkeypatch.setenv("ORCH_WORKSPACE", str(ours))
    for words in ([word], ["-C", str(ours), word]):
        assert run(words) == 1
        assert capsys.readouterr().err.startswith(f"orch: {config} belongs to nobody, and could have orch run programs")
    assert not (tmp_path / "ran").exists()
