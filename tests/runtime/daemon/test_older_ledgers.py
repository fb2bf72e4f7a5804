"""A ledger of an earlier version can be opened, and means the same as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from supervisor.core.engine.evolve import evolve
from supervisor.core.view.status import status
from supervisor.domain.action import Action
from supervisor.domain.event import Event, Intended, Ticked
from supervisor.domain.world import World
from supervisor.shell.ledger.lines import decode, encode
from supervisor.shell.ledger.store import Ledger
from supervisor.wire.plain import dumped
from tests.runtime.daemon.older_ledgers import EVERY_KIND, LEDGERS


def test_the_ledger_of_a_demo_by_0_1_0_yields_the_same_status(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    shutil.copy(LEDGERS / "demo-0.1.0.jsonl", path)
    ledger = Ledger(path)
    opened = ledger.open()
    ledger.close()
    world = World()
    for event in opened.events:
        world = evolve(world, event)

    then = json.loads((LEDGERS / "demo-0.1.0.status.json").read_text(encoding="utf-8"))
    now = json.loads(dumped(status(world, opened.events[-1].at, "")))
    assert {name: now["plan"][name] for name in then["plan"]} == then["plan"]
    listed = [task.pop("changed_files") for task in then["tasks"]]
    assert [{name: task[name] for name in then["tasks"][0]} for task in now["tasks"]] == then["tasks"]
    # 0.1.0 listed the changes of the latest run only.
    assert all({*task["changed_files"]} >= {*files} for task, files in zip(now["tasks"], listed, strict=True))
    assert now["asks"] == then["asks"]


@pytest.mark.parametrize("line", EVERY_KIND, ids=lambda line: json.loads(line)["event"])
def test_every_kind_of_line_of_0_1_0_is_read_and_would_be_written_the_same(line: str) -> None:
    written = json.loads(line)
    again = json.loads(json.dumps(encode(decode(written), written["seq"])))
    assert _as_in(written, again) == written


def _as_in(written: Any, again: Any) -> Any:
    """Leave out the fields that the written line does not have: fields that came later, with a default."""
    if isinstance(written, dict) and isinstance(again, dict):
        return {name: _as_in(value, again.get(name)) for name, value in written.items()}
    if isinstance(written, list) and isinstance(again, list) and len(written) == len(again):
        return [_as_in(value, other) for value, other in zip(written, again, strict=True)]
    return again


def test_the_kept_lines_hold_every_kind_of_event_and_action_there_was() -> None:
    kept = [decode(json.loads(line)) for line in EVERY_KIND]
    kinds = {type(event.action) if isinstance(event, Intended) else type(event) for event in kept}
    assert kinds <= {*get_args(Event), *get_args(Action)}
    assert len(kinds) == len(EVERY_KIND) == 62
    assert Ticked not in kinds  # never recorded
