"""The JSON Schemas hold for what orch writes and reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.cli.scene import JsonDict, ask, child, orchestrator_json, status_json, task
from tests.docs.examples import CONFIGS
from tests.docs.schemas import SCHEMAS, log, status
from tests.runtime.daemon.older_ledgers import EVERY_KIND

MOMENT = "2026-11-23T10:00:00.000Z"
FULL = {
    **status_json(
        children=(child("backend", pid=7, task="T1", rss_bytes=1), child("mobile", "failed", problem="no login")),
        tasks=(
            task("T1", "running", after=["T2"], since=MOMENT, budget={"tokens": 1, "minutes": None}),
            task("T2", "done", verify=[{"command": "true", "exit_code": 0}], changed_files=["a.py"], minutes=1.5),
        ),
        asks=(ask("A1", kind="approval", choices=["accept", "decline"]),),
        orchestrator=orchestrator_json(doing="reads"),
        state="rejected",
        problems=[{"line": 1, "message": "m"}],
    ),
    "pauses": [{"provider": "openai", "since": None, "until": MOMENT, "why": "busy"}],
}


def diagnostics(schema: dict[str, Any], value: object) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [f"{one.json_path}: {one.message}" for one in Draft202012Validator(schema).iter_errors(value)]


@pytest.mark.parametrize("shown", [status_json(), FULL], ids=["empty", "full"])
def test_a_status_is_as_its_schema_says(shown: JsonDict) -> None:
    assert diagnostics(status(), shown) == []
    assert diagnostics(status(), {**shown, "later": 1}) == []
    assert diagnostics(status(), {name: shown[name] for name in shown if name != "asks"}) == [
        "$: 'asks' is a required property"
    ]


@pytest.mark.parametrize("line", EVERY_KIND, ids=lambda line: json.loads(line)["event"])
def test_a_line_of_the_ledger_is_as_its_schema_says(line: str) -> None:
    assert diagnostics(log(), json.loads(line)) == []


def test_a_line_that_is_none_is_noticed() -> None:
    assert diagnostics(log(), {"ts": MOMENT, "level": "info", "event": "said", "mood": {"is": "fine"}}) == []
    assert sorted(diagnostics(log(), {"level": "info", "event": 7})) == [
        "$.event: 7 is not of type 'string'",
        "$: 'ts' is a required property",
    ]


@pytest.mark.parametrize(("page", "example"), CONFIGS, ids=[page for page, _ in CONFIGS])
def test_a_config_in_the_documents_is_as_its_schema_says(page: str, example: str) -> None:
    schema = SCHEMAS["config"]()
    assert diagnostics(schema, YAML(typ="safe").load(example)) == []
    assert diagnostics(schema, {"children": {}}) != []
    assert diagnostics(schema, {"children": {"a": "../a"}, "childs": 1}) != []
