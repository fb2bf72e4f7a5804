"""The faults: one small function each, which does it to the stage and returns. `restore` undoes all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from supervisor.demo.model import Cut, Fail, Failed, Say, ScriptedModel, Silence, Step, Stream
from supervisor.errors import SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.daemon import ending
from tests.faults import peer
from tests.faults.means import (
    TIMERS,
    descendants,
    kill,
    kill_supervisor,
    later,
    send_signal,
    servers_of,
    start_orch,
)
from tests.faults.story import Story
from tests.faults.world import Stage

Kind = Callable[[Stage, Random], None]


class Skip(Exception):
    """Why a fault cannot be done here."""


# ── processes ────────────────────────────────────────────────────────────────────────────────────


def server_killed(stage: Stage, luck: Random) -> None:
    if pids := servers_of(stage):
        kill(luck.choice(pids))


def supervisor_killed(stage: Stage, luck: Random) -> None:
    kill_supervisor(stage)
    time.sleep(luck.choice((0.0, 0.0, 0.7)))
    stage.be_up()


def all_killed(stage: Stage, luck: Random) -> None:
    """Kill the supervisor and its servers, in either order."""
    pids = servers_of(stage)
    if luck.random() < 0.5:
        kill_supervisor(stage)
    for pid in pids:
        kill(pid)
    kill_supervisor(stage)
    stage.be_up()


def killed_while_it_starts(stage: Stage, luck: Random) -> None:
    """Kill the supervisor at some moment of its start."""
    kill_supervisor(stage)
    starting = start_orch(stage, "up")
    time.sleep(luck.uniform(0.1, 1.2))
    kill_supervisor(stage)
    starting.wait(60)
    stage.be_up()


def tool_killed(stage: Stage, luck: Random) -> None:
    """Kill a process that a server started."""
    tools = [one.pid for pid in servers_of(stage) for one in descendants(pid)]
    if tools:
        kill(luck.choice(tools))


def server_stopped(stage: Stage, luck: Random) -> None:
    """Suspend a server for a while. After a short time it continues, after a long time it is replaced."""
    if pids := servers_of(stage):
        pid = luck.choice(pids)
        send_signal(pid, signal.SIGSTOP)
        later(luck.choice((0.5, 0.5, 0.5, 14.0)), lambda: send_signal(pid, signal.SIGCONT))


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


def supervisor_stopped(stage: Stage, luck: Random) -> None:
    found = ending.supervisor_process(stage.workspace)
    if found is not None:
        os.kill(found.pid, signal.SIGSTOP)
        time.sleep(luck.choice((0.2, 1.5)))
        send_signal(found.pid, signal.SIGCONT)


def model_killed(stage: Stage, luck: Random) -> None:
    """Cut all connections of the model. It is back at the same address a moment later."""
    old = stage.model
    old.close()
    time.sleep(luck.choice((0.0, 0.5)))
    port = int(old.base_url.rpartition(":")[2].partition("/")[0])
    stage.model = ScriptedModel(old.script, port=port, requests=old.requests)


def socket_removed(stage: Stage, luck: Random) -> None:
    """Remove the socket of a server or of the supervisor."""
    sockets = sorted(stage.workspace.runtime_dir.glob("*.sock"))
    if sockets:
        gone = luck.choice(sockets)
        gone.unlink(missing_ok=True)
        if gone == stage.workspace.control_socket:  # nobody can reach it any more: a human stops it
            kill_supervisor(stage)
            stage.be_up()


def two_ups(stage: Stage, luck: Random) -> None:
    if luck.random() < 0.5:
        kill_supervisor(stage)
    for one in [start_orch(stage, "up") for _ in range(luck.randint(2, 4))]:
        one.wait(60)


def down_and_up(stage: Stage, luck: Random) -> None:
    """Run `orch up` while an `orch down` is under way."""
    going = start_orch(stage, "down", *(["--now"] if luck.random() < 0.3 else []))
    time.sleep(luck.uniform(0.0, 0.5))
    if luck.random() < 0.5:
        start_orch(stage, "up").wait(60)
    going.wait(60)
    stage.be_up()


# ── the model ────────────────────────────────────────────────────────────────────────────────────


def _moody(*steps: Step, most: int = 3) -> Kind:
    def kind(stage: Stage, luck: Random) -> None:
        stage.mood.extend(luck.choice(steps) for _ in range(luck.randint(1, most)))

    return kind


# ── the disk ─────────────────────────────────────────────────────────────────────────────────────


def disk_full(stage: Stage, luck: Random) -> None:
    """Fill the disk of the ledger and the logs."""
    state = _own_disk(stage)
    filler = state / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * luck.choice((1 << 16, 1000)))
    time.sleep(luck.choice((0.3, 1.5)))
    filler.unlink()


def disk_read_only(stage: Stage, luck: Random) -> None:
    """Make the disk read-only. Open files stay open, none can be opened, and no supervisor can start meanwhile."""
    state = stage.workspace.state
    if os.geteuid() != 0:
        raise Skip("only root can make a folder read-only for root")
    if subprocess.run(["mount", "--bind", str(state), str(state)], capture_output=True, check=False).returncode:
        raise Skip("no folder can be mounted here")
    try:
        words = ["mount", "-o", "remount,bind,ro", str(state)]
        made = subprocess.run(words, capture_output=True, text=True, check=False)
        if made.returncode:  # it may be busy
            raise Skip(f"the folder cannot be made read-only: {made.stderr.strip()[:200]}")
        if luck.random() < 0.5:
            kill_supervisor(stage)
            failed = stage.orch("up", check=False)
            assert (failed.returncode, "cannot be" in failed.stderr) == (1, True), failed.stderr
        time.sleep(luck.choice((0.3, 1.0)))
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
    stage.be_up()


def _own_disk(stage: Stage) -> Path:
    """Move the state to a disk of its own, of 24 MB."""
    state = stage.workspace.state
    if os.path.ismount(state):
        return state
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    kill_supervisor(stage)
    aside = state.with_name(".aside")
    state.rename(aside)
    state.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(state)], capture_output=True, check=False
    )
    if made.returncode:
        state.rmdir()
        aside.rename(state)
        stage.be_up()
        raise Skip("no small disk can be mounted here")
    subprocess.run(["cp", "-a", f"{aside}/.", str(state)], check=True)
    subprocess.run(["rm", "-rf", str(aside)], check=True)
    stage.be_up()
    return state


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def ledger_torn(stage: Stage, luck: Random) -> None:
    """Let the supervisor die in the middle of a line."""
    kill_supervisor(stage)
    ledger = stage.workspace.ledger
    if ledger.exists():
        line = b'{"seq":99999999,"ts":"2026-01-01T00:00:00Z","event":"hold_set","child":"\xc3\xa9"}'
        with ledger.open("ab") as file:
            file.write(line[: luck.randint(1, len(line))])
    stage.be_up()


def clock_jumped(stage: Stage, luck: Random) -> None:
    """Start a supervisor with the wall clock a day off."""
    library = next((one for folder in _FAKETIME for one in Path(folder).glob("**/libfaketime.so.1")), None)
    if library is None:
        raise Skip("libfaketime is not installed")
    kill_supervisor(stage)
    jump = {"FAKETIME": luck.choice(("-1d", "+1d")), "DONT_FAKE_MONOTONIC": "1"}  # the monotonic clock never jumps
    stage.orch("up", check=False, LD_PRELOAD=str(library), **jump)
    stage.be_up()


_FAKETIME = ("/usr/lib", str(Path(sys.prefix) / "lib"))


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


# ── the human ────────────────────────────────────────────────────────────────────────────────────


def answers_given_wrongly(stage: Stage, luck: Random) -> None:
    """Answer an ask that does not exist, one that is settled, and one twice at the same time."""
    with suppress(SupervisorDown):
        status = calling.live(stage.workspace)
        assert stage.orch("answer", "A99999", "accept", check=False).returncode in (2, 3)
        for ask in status["asks"][:1]:
            both = [start_orch(stage, "answer", ask["id"], "accept") for _ in "ab"]
            codes = sorted(one.wait(60) for one in both)
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
        _intruders.append(intruder)
        kill_supervisor(stage)
        stage.be_up()


KINDS: dict[str, Kind] = {
    "server-killed": server_killed,
    "supervisor-killed": supervisor_killed,
    "all-killed": all_killed,
    "killed-while-it-starts": killed_while_it_starts,
    "tool-killed": tool_killed,
    "server-stopped": server_stopped,
    "edited-while-a-server-hangs": edited_while_a_server_hangs,
    "edited-while-the-model-writes": edited_while_the_model_writes,
    "supervisor-stopped": supervisor_stopped,
    "model-killed": model_killed,
    "socket-removed": socket_removed,
    "two-ups": two_ups,
    "down-and-up": down_and_up,
    "model-refuses": _moody(Fail(401, '{"error": {"message": "no such key"}}'), Fail(500, "no"), Fail(400, "what?")),
    "model-is-limited": _moody(Fail(429, '{"error": {"message": "slow down"}}'), Failed("rate_limit_exceeded"), most=2),
    "model-cuts": _moody(Cut(), Failed("server_error"), Failed("context_length_exceeded")),
    "model-is-silent": _moody(Silence(), most=1),
    "model-talks-nonsense": _moody(
        Fail(200, "\x00 no events {"), Say(""), Say("\x1b]0;x\x07\x00 {"), Say('{"outcome": 7}'), Say("done!")
    ),
    "model-talks-without-end": _moody(Stream("word " * 20_000, 0.0), most=1),
    "disk-full": disk_full,
    "disk-read-only": disk_read_only,
    "ledger-torn": ledger_torn,
    "clock-jumped": clock_jumped,
    "plan-saved-often": plan_saved_often,
    "plan-replaced": plan_replaced,
    "answers-given-wrongly": answers_given_wrongly,
    "held-by-another-window": held_by_another_window,
    "strange-frames": strange_frames,
}


def restore(stage: Stage, story: Story) -> None:
    """Undo all faults. From now on everything has to settle."""
    stage.mood.clear()
    while _intruders:
        _intruders.pop().leave()
    for one in list(TIMERS):
        one.join()
        TIMERS.remove(one)
    found = ending.supervisor_process(stage.workspace)
    for pid in (*servers_of(stage), *([found.pid] if found else [])):
        send_signal(pid, signal.SIGCONT)


_intruders: list[peer.Intruder] = []
