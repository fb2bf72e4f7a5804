"""What a person expects of any command line: JSON everywhere, a manual page, the option that was probably meant."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from supervisor.cli.command import manual
from supervisor.cli.command.parameters import Option, parameters
from supervisor.cli.command.table import COMMANDS
from supervisor.runtime.daemon import launch
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, child, status_json, task
from tests.cli.terminal import Terminal

_SCREENS = ("watch", "web")  # what they show, `orch status --json` has


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.words not in _SCREENS], ids=lambda one: one.words)
def test_every_command_has_a_json_form(command: Any) -> None:
    assert "--json" in [one.word.name for one in parameters(command.load()) if isinstance(one.word, Option)]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("hold",), {"held": True}),
        (("go",), {"task": None, "lifted": True, "released": None, "still": []}),
        (("go", "T1"), {"task": "T1", "lifted": True, "released": None, "still": []}),
        (("restart", "mobile"), {"restarts": "mobile"}),
        (("note", "the header", "is X"), {"noted": "the header is X"}),
        (("plan", "stop"), {"ended": []}),
        (
            ("answer", "A1", "accept"),
            {"ask": "A1", "decision": "accept", "for_session": False, "text": "H1 is done"},
        ),
        (("up",), {"children": [{"name": "backend", "state": "ready", "pid": 4, "codex": "0.171.0", "problem": None}]}),
        (("attach", "backend"), {"thread": "t", "socket": "/run/b.sock", "command": ...}),
    ],
)
def test_a_request_says_what_it_did_as_json(
    arguments: tuple[str, ...],
    printed: dict[str, object],
    orch: Orch,
    standin: Callable[..., Standin],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = child("backend", pid=4, codex="0.171.0", thread="t", socket="/run/b.sock")
    monkeypatch.setattr(launch, "begin", lambda workspace, up, mirrored=False: None)
    monkeypatch.setattr(launch, "reload", lambda workspace: False)
    standin(status_json(children=(one,), tasks=(task("T1", "blocked"),), asks=(ask("A1"),)))
    done = orch(*arguments, "--json")
    assert done.code == 0
    said = json.loads(done.out)
    assert {name: value if printed[name] is not ... else ... for name, value in said.items()} == printed


def test_what_a_shell_or_a_server_reads_has_a_json_form_too(orch: Orch) -> None:
    assert json.loads(orch("completion", "fish", "--json").out)["shell"] == "fish"
    words = json.loads(orch("completion", "bash", "--json", "--", "sta").out)
    assert [one["word"] for one in words] == ["status"]
    assert "orch" in json.loads(orch("mcp", "--config", "--json").out)["mcp_servers"]
    assert orch("mcp", "--json").code == 2
    assert orch("up", "--foreground", "--json").code == 2
    assert json.loads(orch("down", "--json").out) == {"was_up": False, "leftovers": []}


def test_help_as_json_says_what_each_command_takes(orch: Orch) -> None:
    every = {one["command"]: one for one in json.loads(orch("help", "--json").out)}
    assert len(every) == len(COMMANDS)
    (told,) = json.loads(orch("help", "plan", "check", "--json").out)
    assert (told["command"], [one["value"] for one in told["arguments"]]) == ("plan check", ["FILE"])
    tail = next(one for one in every["logs"]["options"] if "--tail" in one["names"])
    assert (tail["names"], tail["value"]) == (["--tail", "-n"], "N")


def test_the_manual_page_has_every_command_and_man_reads_it(orch: Orch) -> None:
    done = orch("help", "--man")
    assert done.out == manual.page()
    for command in COMMANDS:
        assert f".SS orch {command.words.removesuffix(' write')}".replace("-", "\\-") in done.out
    assert not re.search(r"^['.](?!TH|SH|SS|PP|TP|B|BR|nf|fi|RS|RE)", done.out, re.MULTILINE)
    reader = shutil.which("man")
    if reader is not None:
        shown = subprocess.run(
            [reader, "--warnings", "-l", "-"], input=done.out, capture_output=True, text=True, timeout=60, check=True
        )
        assert shown.stderr == ""
        assert "--since WHEN" in re.sub(".\b", "", shown.stdout)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("logs", "--timeout", "5m"), "`orch logs` has no option `--timeout`: did you mean `--since`?"),
        (("wait", "--since", "5m"), "`orch wait` has no option `--since`: did you mean `--timeout`?"),
        (("logs", "--watch"), "`orch logs` has no option `--watch`: did you mean `--follow`?"),
        (("status", "--follow"), "`orch status` has no option `--follow`: did you mean `--watch`?"),
        (("down", "--force"), "`orch down` has no option `--force`: did you mean `--now`?"),
        (("logs", "--folow"), "`orch logs` has no option `--folow`: did you mean `--follow`?"),
        (("hold", "--timeout", "5m"), "`orch hold` has no option `--timeout`: use `--json`"),
    ],
)
def test_a_refused_option_names_what_was_probably_meant(arguments: tuple[str, ...], hint: str, orch: Orch) -> None:
    assert orch(*arguments) == (2, "", f"orch: {hint}\n")


def test_an_editor_finds_the_schema_that_the_config_names(orch: Orch, workspace: WorkspacePaths) -> None:
    workspace.config.unlink()
    assert orch("init", "backend=../backend").code == 0
    text = workspace.config.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    file = workspace.root / named[1]
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(YAML(typ="safe", pure=True).load(text))
    assert json.loads(orch("config", "--schema").out) == schema
    file.write_text("{}", encoding="utf-8")
    assert orch("config").code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == schema


def test_a_folder_with_a_dollar_sign_is_added_as_it_is(orch: Orch, workspace: WorkspacePaths, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "backend", tmp_path / "$PRICE")
    assert orch("add", f"price={tmp_path}/$PRICE").code == 0
    assert "../$$PRICE" in workspace.config.read_text(encoding="utf-8")
    values = {one["key"]: one["value"] for one in json.loads(orch("config", "--json").out)["values"]}
    assert values["children.price.path"] == str(tmp_path / "$PRICE")


def test_progress_is_redrawn_in_place_with_bars_where_the_share_is_known(tmp_path: Path) -> None:
    program = (
        "from supervisor.cli.display.progress import Progress\n"
        "one = Progress()\n"
        "one.show({'api': 'starting', '[web]': '0 of 9 files'}, {'[web]': 0.0})\n"
        "one.show({'api': 'ready (pid 4)', '[web]': '9 of 9 files \\x1b[2J'}, {'[web]': 1.0})\n"
        "one.end(); print('after')\n"
    )
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(CHECKOUT)}
    environ.pop("NO_COLOR", None)
    with Terminal([sys.executable, "-c", program], cwd=tmp_path, environ=environ) as terminal:
        shown = terminal.until("after").splitlines()
    assert [line.split() for line in shown] == [
        ["api", "ready", "(pid", "4)"],
        ["[web]", "━" * 24, "9", "of", "9", "files"],
        ["after"],
    ]
