"""The model, other windows and people misbehave."""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random

from supervisor.demo.model import ScriptedModel, Step
from supervisor.errors import SupervisorDown
from supervisor.runtime import calling
from tests.faults import peer
from tests.faults.means import Kind, kill, kill_supervisor, later, servers_of, start_orch
from tests.faults.world import SLOW, Stage


def model_killed(stage: Stage, luck: Random) -> None:
    """Cut all connections of the model. It is back at the same address a moment later."""
    old = stage.model
    old.close()
    time.sleep(luck.choice((0.0, 0.5)))
    port = int(old.base_url.rpartition(":")[2].partition("/")[0])
    stage.model = ScriptedModel(old.script, port=port, requests=old.requests)


def moody(*steps: Step, most: int = 3) -> Kind:
    def kind(stage: Stage, luck: Random) -> None:
        stage.mood.extend(luck.choice(steps) for _ in range(luck.randint(1, most)))

    return kind


def answers_given_wrongly(stage: Stage, luck: Random) -> None:
    """Answer an ask that does not exist, one that is settled, and one twice at the same time."""
    with suppress(SupervisorDown):
        status = calling.live(stage.workspace)
        assert stage.orch("answer", "A99999", "accept", check=False).returncode in (2, 3)
        for ask in status["asks"][:1]:
            both = [start_orch(stage, "answer", ask["id"], "accept") for _ in "ab"]
            codes = sorted(one.wait(SLOW) for one in both)
            assert codes != [0, 0], f"{ask['id']} was answered twice"
            late = stage.orch("answer", ask["id"], "decline", check=False).returncode
            assert late != 0 or codes[0] != 0, f"{ask['id']} was answered again"


def held_by_another_window(stage: Stage, luck: Random) -> None:
    """Let `codex resume` in another window have a thread of ours when our server comes back."""
    with suppress(SupervisorDown):
        threads = [one["thread"] for one in calling.live(stage.workspace)["children"] if one["thread"]]
        if threads:
            kill_supervisor(stage)
            for pid in servers_of(stage):
                kill(pid)
            peer.hold_thread(
                stage, luck.choice(threads), seconds=luck.choice((0.5, 3.0)), begin=lambda: later(0, stage.be_up)
            )


def strange_frames(stage: Stage, luck: Random) -> None:
    """Send the next supervisor invalid messages between those of a server."""
    intruder = peer.intrude(stage, luck)
    if intruder is not None:
        stage.undo.append(intruder.leave)
        kill_supervisor(stage)
        stage.be_up()
