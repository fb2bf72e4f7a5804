"""Measure long ledgers and logs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from supervisor.core.engine.evolve import evolve
from supervisor.domain import event as ev
from supervisor.domain.world import World
from supervisor.shell.ledger.segments import pack, raw_lines
from supervisor.shell.ledger.store import Ledger
from tests.bench import repos
from tests.bench.rows import ORCH, Row, in_turns, loading, median, megabytes, spent, timed

EVENTS = 100_000
LOG_BYTES = 100_000_000
BLOCK = 1 << 20  # bytes that are searched at once
OF_A_TASK = 200  # events of each task in the long ledger, one after the other
LOGS = ("cli.main", "cli.look.logs")  # what `orch logs` loads
START = datetime(2026, 1, 1, tzinfo=UTC)


def ledger(folder: Path, rounds: int) -> Iterator[Row]:
    """The start of a supervisor with a ledger of 100,000 events, with checkpoints and packed segments."""
    for events in (EVENTS // 100, EVENTS // 10, EVENTS):
        path = folder / str(events) / "ledger.jsonl"
        fill(path, events)
        floor = [timed(lambda: [json.loads(line) for line in raw_lines(path)]) for _ in range(rounds)]  # noqa: B023
        took = [timed(lambda: opened(path)) for _ in range(rounds)]  # noqa: B023
        what = f"the world of a ledger of {events:,} events"
        yield Row(what, median(took), median(floor), "1.5", "the floor is `json.loads` of every line")


def fill_tasks(path: Path, size_of_all: int) -> int:
    """Write a ledger of so many bytes, in which one task works after the other; return how many do."""
    it, number, size, world = Ledger(path), 0, 0, World()
    it.open()
    while size < size_of_all:
        at = START + timedelta(seconds=number)
        events = [ev.LearningNoted(at, "backend", f"fact {one} " + "word " * 30) for one in range(OF_A_TASK)]
        lines = it.append(events, lambda _, task=f"T{number}": {"task": task})  # type: ignore[misc]
        size += sum(len(json.dumps(line)) for line in lines)
        number += 1
        if it.due:
            it.compact(world, at)
    it.close()
    pack(path)
    return number


def fill(path: Path, count: int) -> None:
    """Write a ledger of that many events as a supervisor does."""
    it = Ledger(path)
    world = it.open().world or World()
    for first in range(0, count, 100):
        at = START + timedelta(seconds=first)
        events: list[ev.Event] = []
        for number in range(first, first + 100, 4):
            turn = (f"turn-{number}", 1000, 100)
            events += [ev.UpRequested(at, ("backend",)), ev.TokensSpent(at, "backend", "thread", *turn)]
            events += [ev.RestartRequested(at, "backend"), ev.LearningNoted(at, "backend", f"fact {number}")]
        it.append(events, lambda _: {"task": "T1"})
        for event in events:
            world = evolve(world, event)
        if it.due:
            it.compact(world, at)
    it.close()


def opened(path: Path) -> World:
    """Open a ledger and fold its world, as a supervisor does at its start."""
    it = Ledger(path)
    opened = it.open()
    world = opened.world or World()
    for event in opened.events:
        world = evolve(world, event)
    it.close()
    return world


def logs(folder: Path, rounds: int) -> Iterator[Row]:
    """`orch logs --task T7` over 100 MB of logs of two children."""
    files = fill_logs(root := folder / "logs", LOG_BYTES)
    found = folder / "found"
    grep = ("sh", "-c", f'grep -h \'"task": "T7"\' {files[0]} {files[1]} | sort > {found}')
    words = (ORCH, "-C", root, "logs", "--task", "T7", "--json")
    floor, took = in_turns(rounds, lambda: timed(lambda: _run(grep)), lambda: timed(lambda: _run(words)))
    least, used = in_turns(rounds, partial(spent, *grep), partial(spent, *words))
    memory = megabytes(root, "logs", "--task", "T7")
    search = median([timed(lambda: _search(files, b'"T7"')) for _ in range(rounds)])
    note = (
        f"grep and sort; to load what every command needs takes {loading(rounds, LOGS[0]):.0f} ms, this one "
        f"{loading(rounds, *LOGS):.0f}, and to find the words in Python {search:.0f}; {memory:.0f} MB of memory"
    )
    yield Row("`orch logs --task T7` in 100 MB", took, floor, "0.5", note)
    yield Row("CPU time of `orch logs --task T7` in 100 MB", used, least, "0.5", "grep and sort")
    yield from _logs_of_a_ledger(folder / "long", rounds)


def _logs_of_a_ledger(root: Path, rounds: int) -> Iterator[Row]:
    """The same where the ledger has the bytes: closed segments are packed, and say which words they hold."""
    fill_logs(root, 0)
    tasks = fill_tasks(path := root / ".orchestrator" / "ledger.jsonl", LOG_BYTES)
    task = f"T{tasks // 2}"
    grep = ("sh", "-c", f'{{ zcat {path.parent}/ledger/*.gz; cat {path}; }} | grep \'"task":"{task}"\' | sort')
    words = (ORCH, "-C", root, "logs", "--task", task, "--json")
    least, used = in_turns(rounds, partial(spent, *grep), partial(spent, *words))
    note = (
        f"zcat, grep and sort; {tasks} tasks, {OF_A_TASK} lines each; to load it takes {loading(rounds, *LOGS):.0f} ms"
    )
    yield Row("CPU time of `orch logs --task` in a ledger of 100 MB", used, least, "0.5", note)


def _run(words: Sequence[str | Path]) -> None:
    subprocess.run(words, check=True, capture_output=True)


def fill_logs(folder: Path, size_of_all: int) -> list[Path]:
    """Make a workspace with so many bytes of logs of two children, in which each of 100 tasks has its lines."""
    (folder / "repo").mkdir(parents=True)
    repos.write_files(folder / "repo", 1, seed=1)
    repos.commit_all(folder / "repo")
    root = folder
    (root / "orchestrator.config.yaml").write_text("children:\n  repo: repo\n", encoding="utf-8")
    files = [root / ".orchestrator" / "logs" / f"{name}.jsonl" for name in ("one", "two")]
    files[0].parent.mkdir(parents=True)
    for number, file in enumerate(files):
        with file.open("w", encoding="utf-8") as stream:
            size = line = 0
            while size < size_of_all // 2:
                at = (START + timedelta(milliseconds=2 * line + number)).isoformat().replace("+00:00", "Z")
                fields = {"ts": at, "level": "info", "event": "item_completed", "child": "c", "task": f"T{line % 100}"}
                size += stream.write(json.dumps({**fields, "text": "word " * 30}) + "\n")
                line += 1
    return files


def _search(files: Sequence[Path], words: bytes) -> int:
    """Count these words in the files: the time that Python itself takes to find them."""
    found = 0
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                found += block.count(words)
    return found
