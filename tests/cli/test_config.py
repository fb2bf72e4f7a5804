"""`orch config` shows each value that counts, and where it is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.main import run
from supervisor.runtime.config.origins import HIDDEN
from supervisor.runtime.config.schema import json_schema
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.docs.config import table

TEXT = """\
# mine
#
children:
  backend: ../backend
  mobile:
    path: ../mobile
    network: yes
    budget: 5M tokens, 8 h
limits:
  stall_minutes: 20
  retry_seconds: [1, 2.5]
rules:
  - accept: {command: git status}
    child: mobile
  - decline: {path: "docs/**"}
notify: {webhook: "https://example.com/s3cret", on: asks}
prices: {m-1: {input: 1, output: 2.5}}
runners: {lab: {connect: ssh lab --}}
"""


def test_the_schema_needs_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(tmp_path), "config", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(json_schema()))
    assert list(tmp_path.iterdir()) == []
    assert run(["-C", str(tmp_path), "config"]) == 1


@pytest.fixture
def values(workspace: WorkspacePaths, orch: Orch) -> dict[str, Any]:
    workspace.config.write_text(TEXT, encoding="utf-8")
    code, out, err = orch("config", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["workspace"], found["file"]) == (str(workspace.root), str(workspace.config))
    return {one["key"]: (one["value"], one["from"], one["line"]) for one in found["values"]}


def line(number: int) -> tuple[str, int]:
    return f"orchestrator.config.yaml:{number}", number


def test_each_value_comes_with_its_line_or_is_a_default(values: dict[str, Any], workspace: WorkspacePaths) -> None:
    repos = workspace.root.parent
    assert values["children.backend.path"] == (str(repos / "backend"), *line(4))
    assert values["children.backend.network"] == (False, "default", None)
    assert values["children.mobile.path"] == (str(repos / "mobile"), *line(6))
    assert values["children.mobile.network"] == (True, *line(7))
    assert values["children.mobile.budget"] == ("5M tokens, 8 h", *line(8))
    assert values["children.mobile.trusted_git"] == (None, "default", None)
    assert values["limits.stall_minutes"] == (20, *line(10))
    assert values["limits.retry_seconds"] == ([1, 2.5], *line(11))
    assert values["limits.verify_minutes"] == (20, "default", None)
    assert values["rules.1"] == ({"accept": {"command": "git status"}, "child": "mobile"}, *line(13))
    assert values["rules.2"] == ({"decline": {"path": "docs/**"}}, *line(15))
    assert values["notify.on"] == ("asks", *line(16))
    assert values["orchestrator.model"] == (None, "default", None)


def test_an_address_that_may_hold_a_secret_is_not_shown(values: dict[str, Any], orch: Orch) -> None:
    assert values["notify.webhook"] == (HIDDEN, *line(16))
    assert "s3cret" not in orch("config").out


def test_every_key_of_the_manual_is_shown(values: dict[str, Any]) -> None:
    documented = {row.split("`")[1] for row in table().splitlines()[2:]}
    shown = {key.replace(".mobile.", ".NAME.").replace(".lab.", ".NAME.").replace(".m-1.", ".NAME.") for key in values}
    assert {key for key in documented if not key.startswith("rules[]")} <= shown


def test_a_person_reads_aligned_rows(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.config.write_text(TEXT, encoding="utf-8")
    lines = [row.split(None, 2) for row in orch("config").out.splitlines()]
    assert lines[0] == ["KEY", "FROM", "VALUE"]
    assert ["limits.retry_seconds", "orchestrator.config.yaml:11", "[1, 2.5]"] in lines
    assert ["limits.ready_seconds", "default", "30"] in lines
    assert ["children.mobile.network", "orchestrator.config.yaml:7", "true"] in lines
    assert ["orchestrator.model", "default", "none"] in lines
    assert ["rules.1", "orchestrator.config.yaml:13", "accept: {command: git status}, child: mobile"] in lines


def test_the_environment_goes_first(workspace: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    with workspace.config.open("a", encoding="utf-8") as file:
        file.write("codex: {bin: /of/config}\n")
    found = {one["key"]: one for one in json.loads(orch("config", "--json").out)["values"]}
    assert (found["codex.bin"]["value"], found["codex.bin"]["from"]) == ("/of/config", "orchestrator.config.yaml:4")
    monkeypatch.setenv("ORCH_CODEX_BIN", "/of/environment")
    found = {one["key"]: one for one in json.loads(orch("config", "--json").out)["values"]}
    assert (found["codex.bin"]["value"], found["codex.bin"]["from"]) == ("/of/environment", "ORCH_CODEX_BIN")


def test_a_value_that_is_merged_in_has_the_line_where_it_stands(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.config.write_text(
        "children:\n  backend: &b\n    path: ../backend\n    network: true\n"
        "  mobile:\n    <<: *b\n    path: ../mobile\n",
        encoding="utf-8",
    )
    found = {one["key"]: one["from"] for one in json.loads(orch("config", "--json").out)["values"]}
    assert found["children.mobile.network"] == "orchestrator.config.yaml:4"
    assert found["children.mobile.path"] == "orchestrator.config.yaml:7"


def test_a_config_with_an_error_says_which(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.config.write_text("children: {a: ../a}\nlimits: {stall: 1}\n", encoding="utf-8")
    code, out, err = orch("config")
    assert (code, out) == (1, "")
    assert "the key `limits.stall` is not known: did you mean `stall_minutes`?" in err
