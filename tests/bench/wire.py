"""Measure work on the wire: a server that dies, an edit of plan.md, many tasks, a flood of deltas."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from markdown_it import MarkdownIt
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from supervisor.runtime.codex.registry import Registry
from supervisor.shell.git.tree import read_tree
from tests.bench import peers
from tests.bench.rows import Row, median, timed
from tests.e2e.lab import Lab, task
from tests.e2e.stdio import codex_binary
from tests.peers import codex_like

HERE = Path(__file__).parent
CHILDREN = 8
TASKS, SAVES = 200, 40  # of a plan that is saved by rename
BURST, BURST_GAP = 10, 0.003  # writes, and seconds between two of them
FORTY, THOUSANDS = 40, 2000
SAVED = {20: 40, 200: 40, 2000: 8}  # tasks of a plan, and how often it is saved
LONG_PLAN = 120.0  # seconds until a plan of 2,000 tasks is in force, at most
LOOK = 0.02  # seconds between two looks at a plan that is worked on
BOUND = 30.0  # seconds for anything here
LONG = 600_000  # milliseconds that the model may be silent


def recovery(folder: Path, rounds: int) -> Iterator[Row]:
    """From kill -9 of a server with a running turn until its successor has resumed the thread. Each round has a child
    of its own, because a server that dies again soon is not restarted at once."""
    names = [f"c{one}" for one in range(rounds)]
    with Lab(*names, idle_timeout_ms=LONG) as lab:
        lab.up()
        lab.plan("".join(task(f"T-{name}", name, "silence") for name in names))
        lab.until(lambda _: len(lab.ledger("turn_began")) >= rounds)
        took = []
        for name in names:
            child = next(one for one in lab.status()["children"] if one["name"] == name)
            before = len(lab.ledger("thread_opened"))
            began = time.perf_counter()
            os.kill(child["pid"], signal.SIGKILL)
            lab.until(lambda _: len(lab.ledger("thread_opened")) > before)  # noqa: B023
            took.append((time.perf_counter() - began) * 1000)
        threads = {line["child"]: line["thread"] for line in lab.ledger("thread_opened")}
        lab.orch("down")
        floor, gone = [], []
        for name in names:
            words = [sys.executable, HERE / "floor.py", "resume", codex_binary(), lab.repos[name], threads[name]]
            times = subprocess.run(words, env=lab.environ, check=True, capture_output=True).stdout.split()
            floor.append(float(times[0]))
            gone.append(float(times[1]))
    note = (
        f"a bare client: a killed codex is gone ({median(gone):.0f} ms), start, handshake, `thread/resume`; "
        "others, elsewhere: codex-autorunner 524 ms"
    )
    yield Row("kill -9 of a server to its thread resumed", median(took), median(floor), "1.2", note)


def steer(folder: Path, rounds: int) -> Iterator[Row]:
    """From a save of plan.md to `turn/steer` on the wire, in plans of 20 to 2,000 tasks, of which eight run."""
    names = [f"c{one}" for one in range(CHILDREN)]
    medians: dict[int, float] = {}
    with Lab(*names) as lab:
        lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder, manner="busy")
        lab.up()
        steers = Path(f"{lab.workspace.server_socket('c0')}.steers")

        def plan(number: int, tasks: int = TASKS) -> str:
            others = "".join(task(f"T{one}", names[one % CHILDREN], text=f"Do part {one}.") for one in range(1, tasks))
            return f"# Plan: Lab\n\n## Working Plan\n\n{task('T0', 'c0', text=f'Do it {number} times.')}\n{others}"

        def steered(text: str, save: Callable[[str], None]) -> float:
            seen = _lines(steers)
            began = time.monotonic()
            save(text)
            _until(lambda: _lines(steers) > seen)
            return (float(steers.read_text(encoding="utf-8").splitlines()[-1]) - began) * 1000

        def in_force(tasks: int) -> None:
            with lab.client() as client:  # to take in a plan of 2,000 tasks may take long where others work, too
                _until(lambda: _runs(_tasks(client), tasks), LONG_PLAN, LOOK)

        in_place = lambda text: lab.workspace.plan.write_text(text, encoding="utf-8")  # noqa: E731
        numbers = iter(range(1, 10_000))
        for tasks, saves in SAVED.items():
            lab.save(plan(0, tasks))
            in_force(tasks)
            parsed, took = [], []
            for _ in range(saves):
                text = plan(next(numbers), tasks)
                parsed.append(timed(lambda: MarkdownIt().parse(text)))  # noqa: B023
                took.append(steered(text, in_place))
            medians[tasks] = median(took)
            p95 = statistics.quantiles(took, n=20)[-1]
            what = f"plan.md of {tasks:,} tasks, saved in place, to `turn/steer` on the wire"
            note = f"p95 {p95:.0f} ms; the floor is one markdown-it parse of the file; 30 ms wait for more writes"
            yield Row(what, medians[tasks], median(parsed), "3" if tasks == max(SAVED) else "", note)
            if tasks != TASKS:
                continue
            took = [steered(plan(next(numbers)), lab.save) for _ in range(SAVES)]
            floor = [_event_alone(lab.folder / "alone", "by rename", plan(number)) for number in range(SAVES)]
            p95 = statistics.quantiles(took, n=20)[-1]
            note = f"p95 {p95:.0f} ms (120 wanted); the floor is watchdog's event alone"
            what = f"plan.md saved by rename to `turn/steer` on the wire, {TASKS} tasks"
            yield Row(what, median(took), median(floor), "p50 60 ms", note)
        few, more, _ = SAVED  # 20, 200 and 2,000
        what = f"plan.md saved to `turn/steer`, {more} tasks beside {few}"
        yield Row(what, medians[more], medians[few], "1.5", "p50 under 60 ms wanted")
        lab.save(plan(0))
        in_force(TASKS)
        revision = lab.status()["plan"]["revision"]
        seen = _lines(steers)
        for _ in range(BURST):
            in_place(plan(next(numbers)))
            time.sleep(BURST_GAP)
        _until(lambda: _lines(steers) > seen)
        time.sleep(1)  # gives the supervisor time to read further revisions
        grown = lab.status()["plan"]["revision"] - revision
        yield Row(f"revisions of a burst of {BURST} writes", grown, None, "1", "a count, no time")


def forty(folder: Path, rounds: int) -> Iterator[Row]:
    """A plan of 40 tasks."""
    yield _all_done(FORTY, rounds, "1.15")


def thousands(folder: Path, rounds: int) -> Iterator[Row]:
    """A plan of 2,000 tasks, once: it takes minutes, and so its figure varies little."""
    yield _all_done(THOUSANDS, 1, "1.2")


def _all_done(count: int, rounds: int, limit: str) -> Row:
    """From the save of a plan of so many tasks over 8 children, whose model answers at once, until all are done."""
    names = [f"c{one}" for one in range(CHILDREN)]
    bound = BOUND + 2.0 * count
    with Lab(*names) as lab:
        lab.up()
        lab.until(lambda _: lab.ledger("map_drawn"), BOUND)
        took, floor, spent = [], [], []
        supervisor = psutil.Process(lab.status()["supervisor"]["pid"])
        for number in range(rounds):
            tasks = [task(f"T{number}-{one}", names[one % CHILDREN], text="Do it.") for one in range(count)]
            ids = {f"T{number}-{one}" for one in range(count)}
            before = sum(supervisor.cpu_times()[:2])
            began = time.perf_counter()
            lab.plan("".join(tasks))
            with lab.client() as client:  # polls now and then: to follow each change would be work for the supervisor
                while not {one["id"] for one in _tasks(client) if one["state"] == "done"} >= ids:
                    assert time.perf_counter() - began < bound, "it took too long"
                    time.sleep(max(LOOK, LOOK * count / FORTY))
            took.append((time.perf_counter() - began) * 1000)
            spent.append((sum(supervisor.cpu_times()[:2]) - before) * 1000 / count)
            text = lab.delivered(f"T{number}-0")[0]
            sockets = {name: one.socket for name, one in Registry(lab.workspace.registry).alive().items()}
            todo = [(sockets[name], str(lab.repos[name]), [text] * (count // CHILDREN)) for name in names]
            words = [sys.executable, HERE / "floor.py", "turns"]
            done = subprocess.run(words, input=json.dumps(todo).encode(), check=True, capture_output=True)
            floor.append(float(done.stdout))
        looks = [timed(lambda: _looks(list(lab.repos.values()), 2 * count // CHILDREN)) for _ in range(rounds)]
    note = (
        f"the same turns by a bare client ({median(floor):.0f} ms), then git's looks at the work tree before and after "
        f"each task ({median(looks):.0f} ms); the supervisor used {median(spent):.1f} ms of CPU for a task"
    )
    what = f"{count:,} tasks over {CHILDREN} children, saved to all done"
    return Row(what, median(took), median(floor) + median(looks), limit, note)


def _looks(folders: Sequence[Path], count: int) -> None:
    """Read the work tree of each repo so many times, all repos in parallel."""
    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(lambda folder: [read_tree(folder) for _ in range(count)], folders))


def deltas(folder: Path, rounds: int) -> Iterator[Row]:
    """A turn of 20,000 deltas from a server that sends them although we opted out, and how long the supervisor answers
    nobody meanwhile."""
    with Lab("c0") as lab:
        program = lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder, manner="flood")
        lab.up()
        lab.until(lambda _: lab.ledger("map_drawn"))
        took, worst = [], 0.0
        for number in range(rounds):
            lab.plan(task(f"T{number}", "c0", text="Do it."))
            lab.task(f"T{number}", "done")
            started, ended = (lab.ledger(event)[-1]["ts"] for event in ("turn_began", "turn_ended"))
            took.append((datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() * 1000)
        for number in range(rounds, 2 * rounds):
            lab.plan(task(f"T{number}", "c0", text="Do it."))
            with lab.client() as client:
                while not any(one["id"] == f"T{number}" and one["state"] == "done" for one in _tasks(client)):
                    began = time.perf_counter()
                    client.call("ping")
                    worst = max(worst, (time.perf_counter() - began) * 1000)
        beside = {name: _client(name, program, rounds) for name in ("sdk", "autorunner")}
    note = f"nobody waits over {worst:.0f} ms for an answer meanwhile (20 wanted); Sentinel, elsewhere: 187 ms"
    yield Row("a turn of 20,000 deltas", median(took), None, "ahead", note, beside)


def _tasks(client: Any) -> list[dict[str, Any]]:
    """Read the tasks; the supervisor answers between two steps, which may be long while forty turns end."""
    found: list[dict[str, Any]] = client.call_long("status", BOUND)["tasks"]
    return found


def _client(name: str, program: str, rounds: int) -> float | str:
    try:
        python = peers.folder_of("clients") / "python"
        words = [str(python), str(HERE / "clients.py"), name, program]
        runs = [subprocess.run(words, check=True, capture_output=True, timeout=BOUND) for _ in range(rounds)]
        return median([float(one.stdout.split()[-1]) for one in runs])
    except (peers.Missing, subprocess.SubprocessError, ValueError) as error:
        return f"skipped: {type(error).__name__}"


def _event_alone(folder: Path, how: str, text: str) -> float:
    """Milliseconds from the same save of another file to watchdog's event."""
    folder.mkdir(exist_ok=True)
    (file := folder / "plan.md").write_text("", encoding="utf-8")
    seen: list[float] = []

    class NotificationReader(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in ("closed", "moved"):
                seen.append(time.monotonic())

    observer = Observer()
    observer.schedule(NotificationReader(), str(folder))
    observer.start()
    try:
        began = time.monotonic()
        if how == "in place":
            file.write_text(text, encoding="utf-8")
        else:
            (folder / "new").write_text(text, encoding="utf-8")
            seen.clear()
            (folder / "new").replace(file)
        _until(lambda: bool(seen))
        return (seen[0] - began) * 1000
    finally:
        observer.stop()
        observer.join()


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _runs(found: Sequence[dict[str, Any]], tasks: int) -> bool:
    """Whether a plan of so many tasks is in force, with a turn under way in each child."""
    return len(found) == tasks and sum(one["state"] == "running" for one in found) == CHILDREN


def _until(holds: Callable[[], bool], within: float = BOUND, look: float = 0.0005) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(look)
