"""plan.md is saved often, replaced by something else, or edited at the worst moment."""

from __future__ import annotations

import os
import signal
import time
from random import Random

from supervisor.demo.model import Run, Stream
from tests.faults.means import later, send_signal, servers_of
from tests.faults.world import Stage

ASKED_WITHIN = 3.0  # seconds to wait for an approval, if work is left that asks for one


def plan_saved_often(stage: Stage, luck: Random) -> None:
    """Save plan.md 200 times within about a second, in place and as a new file. The last content is the first."""
    text = stage.workspace.plan.read_text(encoding="utf-8")
    for number in range(200):
        changed = f"{text}\n<!-- {number} -->\n"
        if luck.random() < 0.5:
            stage.workspace.plan.write_text(changed, encoding="utf-8")
        else:
            stage.save(changed)
        time.sleep(0.004)
    stage.save(text)


def plan_replaced(stage: Stage, luck: Random) -> None:
    """Replace plan.md by something else for a while."""
    plan = stage.workspace.plan
    aside = plan.with_name("plan.aside")
    plan.rename(aside)
    match luck.choice(("folder", "link", "pipe", "empty", "unreadable", "missing", "no plan", "no text")):
        case "folder":
            plan.mkdir()
        case "link":
            plan.symlink_to("/etc/passwd")
        case "pipe":
            os.mkfifo(plan)
        case "empty":
            plan.touch()
        case "unreadable":
            plan.write_text("x", encoding="utf-8")
            plan.chmod(0)
        case "no plan":
            plan.write_text("### T1 - no\n- child: nobody\n", encoding="utf-8")
        case "no text":
            plan.write_bytes(luck.randbytes(2000))
    time.sleep(luck.choice((0.05, 0.5)))
    if plan.is_dir() and not plan.is_symlink():
        plan.rmdir()
    else:
        plan.unlink(missing_ok=True)
    aside.rename(plan)


def edited_while_a_server_hangs(stage: Stage, luck: Random) -> None:
    """Suspend a server and edit the plan, so that a request of ours to it is under way; take the edit back later."""
    if pids := servers_of(stage):
        pid = luck.choice(pids)
        send_signal(pid, signal.SIGSTOP)
        _edited_for(stage, luck.choice((0.3, 2.0)))
        later(luck.choice((0.5, 14.0)), lambda: send_signal(pid, signal.SIGCONT))


def edited_while_the_model_writes(stage: Stage, luck: Random) -> None:
    """Have the model write slowly, and edit the plan meanwhile, several times: each edit cuts off a message."""
    stage.mood.extend(Stream("word " * 300, 0.01) for _ in range(luck.randint(1, 3)))
    for _ in range(luck.randint(1, 3)):
        time.sleep(luck.uniform(0.1, 0.6))
        _edited_for(stage, luck.uniform(0.1, 0.5))


def _edited_for(stage: Stage, seconds: float) -> None:
    """Change what every child is told, and take it back after a while."""
    text = stage.workspace.plan.read_text(encoding="utf-8")
    stage.save(text.replace("## Objective\n", "## Objective\n\nMind the gap.\n", 1))
    time.sleep(seconds)
    stage.save(text)


def edited_during_an_approval(stage: Stage, luck: Random) -> None:
    """Edit the plan while a child waits for an approval: it hears of the edit only after the answer."""
    stage.mood.append(Run("echo allowed", escalate="Allow it?"))
    deadline = time.monotonic() + ASKED_WITHIN
    while time.monotonic() < deadline:
        if any(one["kind"] == "approval" for one in stage.reachable()["asks"]):
            break
        time.sleep(0.05)
    _edited_for(stage, luck.choice((0.1, 0.5)))
