"""Play stories in several processes at once. Most of a story is waiting, so there may be more of them than cores."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from tests import CHECKOUT
from tests.faults.result import Outcome, Result, outcome_of
from tests.faults.story import stage_of

ENDS_WITHIN = 120.0  # seconds for a worker that was interrupted to take everything down

Tell = Callable[[Outcome, Result], None]


def run(
    seed: int,
    stories: int,
    only: Sequence[str] | None = None,
    minutes: float | None = None,
    *,
    jobs: int = 1,
    keep: bool = False,
    tell: Tell = lambda outcome, result: None,
) -> Result:
    """Play the stories with these numbers, for at most so many minutes, on `jobs` stages at once.

    `tell` is called after each, from this thread. Interrupted, it returns what came of the stories so far.
    """
    crew = _Crew(only, time.monotonic() + minutes * 60 if minutes else None, keep=keep)
    for _, group in groupby(range(seed, seed + stories), key=stage_of):
        crew.stages.put(list(group))
    result, began = Result(), time.monotonic()
    threads = [threading.Thread(target=crew.work, name=f"job {number}", daemon=True) for number in range(jobs)]
    for thread in threads:
        thread.start()
    working = jobs
    while working:
        try:
            outcome = crew.outcomes.get()
            if outcome is None:
                working -= 1
                continue
            result.add(outcome)
            result.seconds = time.monotonic() - began
            tell(outcome, result)
            if keep and outcome.broken:
                crew.stop()
        except KeyboardInterrupt:
            print("ending the stories that are being played ...", file=sys.stderr, flush=True)
            crew.interrupt()
    result.seconds = time.monotonic() - began
    return result


class _Crew:
    """Some threads, each of which has one worker process at a time, which plays the stories of one stage."""

    def __init__(self, only: Sequence[str] | None, until: float | None, *, keep: bool) -> None:
        self.stages: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()  # None: a thread has ended
        self._only = only or ()
        self._until = until
        self._keep = keep
        self._over = threading.Event()
        self._guard = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    def work(self) -> None:
        """Play stages until none is left, or it is over."""
        try:
            while not self._over.is_set() and (seconds := self._seconds_left()) != 0:
                try:
                    numbers = self.stages.get_nowait()
                except queue.Empty:
                    return
                self._play(numbers, seconds)
        finally:
            self.outcomes.put(None)

    def _play(self, numbers: list[int], seconds: float | None) -> None:
        words = [f"--seed={numbers[0]}", f"--stories={len(numbers)}", *(f"--only={one}" for one in self._only)]
        words += [f"--minutes={seconds / 60}"] if seconds else []
        words += ["--keep"] if self._keep else []
        with self._guard:
            if self._over.is_set():
                return
            # In a session of its own: Ctrl-C reaches us alone, and we interrupt each worker once.
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults", "--worker", *words],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._running.add(process)
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.outcomes.put(outcome_of(line))
        code = process.wait()
        with self._guard:
            self._running.discard(process)
        if code and not self._over.is_set():
            said = f"the worker of the stories from {numbers[0]} exited with {code}"
            self.outcomes.put(Outcome(numbers[0], played=False, broken=[("worker", said)]))

    def _seconds_left(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def stop(self) -> None:
        """Begin no further stage."""
        self._over.set()

    def interrupt(self) -> None:
        """End all workers in order; if asked again, or if they take too long, at once."""
        with self._guard:
            again = self._over.is_set()
            self._over.set()
            running = list(self._running)
        for process in running:
            process.send_signal(signal.SIGKILL if again else signal.SIGINT)
        if not again:
            timer = threading.Timer(ENDS_WITHIN, self.interrupt)
            timer.daemon = True
            timer.start()
