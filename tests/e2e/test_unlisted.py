"""What a server was told when it was killed, and shows in no list of turns, is not told again."""

from __future__ import annotations

import json
import os
import select
import signal

import pytest

from supervisor.runtime.daemon import ending
from tests.e2e.lab import SLOW, Lab, report, task


@pytest.mark.promise("delivered once")
def test_a_steer_that_only_the_record_of_the_thread_holds_is_not_told_twice(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T1", "backend", "wait held", report("old")))
    lab.model.gate("held").wait_reached(SLOW)
    lab.until(lambda _: lab.ledger("turn_began"))
    turn = lab.ledger("turn_began")[0]
    server, supervisor = lab.child("backend", "ready")["pid"], ending.supervisor_process(lab.workspace)
    assert supervisor is not None
    os.kill(server, signal.SIGSTOP)  # it takes no steer any more
    lab.plan(task("T1", "backend", report("new")))
    lab.until(lambda _: lab.acts("steer_turn"))
    (steer,) = lab.acts("steer_turn")
    os.kill(supervisor.pid, signal.SIGSTOP)
    watched = os.pidfd_open(server)
    os.kill(server, signal.SIGKILL)
    assert select.select([watched], [], [], SLOW)[0], "it exits, though nobody reaps it before the supervisor goes on"
    os.close(watched)
    (record,) = lab.home.glob(f"sessions/**/*{turn['thread']}.jsonl")
    last = json.loads(record.read_bytes().splitlines()[-1])
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": steer["text"]}]}
    line = {**last, "ordinal": last["ordinal"] + 1, "type": "response_item", "payload": item}
    with record.open("a", encoding="utf-8") as file:  # as a server leaves it that dies before it writes the event
        file.write(json.dumps(line) + "\n")
    os.kill(supervisor.pid, signal.SIGCONT)
    lab.model.gate("held").open()
    assert lab.task("T1", "done")["summary"] == "new"
    told = [request.user_texts().count(steer["text"].strip()) for request in lab.model.requests]
    assert max(told) == 1
    assert len(lab.acts("steer_turn")) == 1
