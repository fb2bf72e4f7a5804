"""`scripts/versions`: run the loop on each codex, and print the matrix and what changed in between."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.etree import ElementTree

from tests import CHECKOUT
from tests.versions.drift import Surface, changes, surface
from tests.versions.registries import available, install, number

LOOP = "tests.e2e.test_loop."
STEPS: Mapping[str, str] = {
    "up": f"{LOOP}test_up_brings_a_ready_server_of_the_tested_codex_to_every_child",
    "order": f"{LOOP}test_tasks_run_in_order_are_verified_and_reported",
    "redirect": f"{LOOP}test_an_edit_while_the_turn_runs_steers_it",
    "approval": f"{LOOP}test_an_approval_waits_for_the_human_and_the_turn_continues",
    "crash": f"{LOOP}test_a_killed_server_comes_back_and_the_task_continues",
    "adoption": f"{LOOP}test_a_killed_supervisor_leaves_the_turn_running_and_the_next_one_takes_it_over",
    "verify": f"{LOOP}test_a_failing_verify_starts_follow_ups_and_then_blocks",
    "tokens": f"{LOOP}test_a_turn_that_ends_while_no_supervisor_runs_is_counted",
    "tools": "tests.e2e.test_mcp.",
    "attach": "tests.e2e.test_attach.",
    "guard": "tests.e2e.test_guard.",
    "trust": "tests.e2e.test_trust.",
    "leftovers": "tests.e2e.test_leftovers.",
    "model": "tests.e2e.test_model.",
    "swap": "tests.e2e.test_swap.",
    "protocol": "tests.wire.",
}
"""The columns of the matrix, and the tests of each, by the beginning of their names."""

SHORT = ("up", "order", "redirect", "approval", "crash", "adoption", "verify", "tokens", "swap", "protocol")
"""What is run unless everything is asked for (`--all-tests`)."""

PAGE = CHECKOUT / "docs" / "versions.md"
PROCESSES = "2"
SECONDS = 1200.0  # for the tests of one version
HEAD = """\
# Versions of Codex

Written by `scripts/versions`: whether orch works with each final version of Codex from the oldest that it takes, and
what changed in Codex's protocol from one to the next. Codex is the real one; the model is scripted. Last run: {day}.

"""


class Outcome(NamedTuple):
    """What came of one version."""

    steps: dict[str, str]  # a step -> "ok", "failed", or "not run"
    failures: tuple[str, ...] = ()  # the tests that failed, each with its first line
    surface: Surface | None = None
    seconds: float = 0.0


def main(words: list[str]) -> int:
    """Returns 0 if all is well with each, 1 if a test failed, 2 if a version cannot be installed."""
    parser = argparse.ArgumentParser(prog="scripts/versions", description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="for example 0.163.0 (all that orch takes)")
    parser.add_argument("--all-tests", action="store_true", help=f"not only those of {', '.join(SHORT)}")
    parser.add_argument("--page", action="store_true", help="write docs/versions.md")
    given = parser.parse_args(words)
    steps = tuple(STEPS) if given.all_tests else SHORT
    registries = available()
    versions: list[str] = given.versions or list(registries)
    outcomes: dict[str, Outcome] = {}
    with TemporaryDirectory(prefix="orch-codex-") as folder:
        found = _installed(versions, Path(folder))
        for version in sorted(found, key=number):
            others = [other for other in found if other != version]
            other = max(others, key=lambda one: abs(versions.index(one) - versions.index(version)), default=None)
            print(f"codex {version}: testing ...", flush=True)
            outcomes[version] = _tried(found[version], found[other] if other else None, steps, Path(folder))
            for line in outcomes[version].failures:
                print(f"  failed: {line}", flush=True)
    text = "".join(f"{line}\n" for line in _page(outcomes, registries, steps))
    print(text)
    if given.page:
        PAGE.write_text(HEAD.format(day=date.today().isoformat()) + text, encoding="utf-8")
    if set(versions) - set(found):
        print(f"cannot be installed: {', '.join(sorted(set(versions) - set(found)))}")
        return 2
    return int(any(one.failures for one in outcomes.values()))


def _installed(versions: list[str], folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for version in versions:
        print(f"codex {version}: installing ...", flush=True)
        binary = install(version, folder / version)
        if binary is not None:
            found[version] = binary
    return found


def _tried(binary: Path, other: Path | None, steps: tuple[str, ...], folder: Path) -> Outcome:
    began = time.monotonic()
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    environ = {**os.environ, "ORCH_CODEX_BIN": str(binary), "ORCH_CODEX_OTHER": str(other or "")}
    tests = [word for step in steps for word in _arguments(STEPS[step])]
    command = [sys.executable, "-m", "pytest", "-n", PROCESSES, "--dist", "loadfile", f"--junitxml={results}", *tests]
    subprocess.run(command, cwd=CHECKOUT, env=environ, check=False, capture_output=True, timeout=SECONDS)
    outcome = _read(results, steps) if results.exists() else Outcome(dict.fromkeys(steps, "failed"), ("pytest itself",))
    return outcome._replace(surface=surface(binary), seconds=time.monotonic() - began)


def _arguments(name: str) -> Iterator[str]:
    """The arguments of pytest for the tests whose names begin like this."""
    if name == "tests.wire.":
        yield from ("tests/wire/test_contract.py", "tests/wire/test_unknown_words.py")
        return
    module, _, test = name.rpartition(".")
    path = f"{module.replace('.', '/')}.py"
    yield f"{path}::{test}" if test else path


def _read(results: Path, steps: tuple[str, ...]) -> Outcome:
    found = dict.fromkeys(steps, "not run")
    failures: list[str] = []
    for case in ElementTree.parse(results).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        step = next(one for one in steps if name.startswith(STEPS[one]))
        bad = [child for child in case if child.tag in ("failure", "error")]
        for child in bad:
            failures.append(f"{name}: {(child.get('message') or '').partition(chr(10))[0][:200]}")
        found[step] = "failed" if bad or found[step] == "failed" else "ok"
    return Outcome(found, tuple(failures))


def _page(
    outcomes: Mapping[str, Outcome], registries: Mapping[str, tuple[str, ...]], steps: tuple[str, ...]
) -> Iterator[str]:
    yield "## The loop"
    yield ""
    yield f"| codex | from | {' | '.join(steps)} | seconds |"
    yield f"|---|---|{'---|' * (len(steps) + 1)}"
    for version in sorted({*outcomes, *registries}, key=number, reverse=True):
        places = ", ".join(registries.get(version, ())) or "-"
        outcome = outcomes.get(version)
        cells = [outcome.steps[step] if outcome else "not run" for step in steps]
        seconds = f"{outcome.seconds:.0f}" if outcome else "-"
        yield f"| {version} | {places} | {' | '.join(cells)} | {seconds} |"
    failures = [f"- {version}: `{line}`" for version, outcome in outcomes.items() for line in outcome.failures]
    if failures:
        yield from ("", "What failed:", "", *failures)
    yield ""
    yield "*swap* is a living plan under which the version is replaced by another one and put back, and the other way"
    yield "round. *protocol* compares what orch sends and reads with that version's schema, and tries unknown words."
    yield ""
    yield "## What changed in the protocol"
    yield ""
    yield "Methods, notifications and requests are all of Codex's; fields are those that orch reads, as `Struct.field`."
    known = [(version, outcome.surface) for version, outcome in outcomes.items() if outcome.surface is not None]
    for (before, one), (after, other) in pairwise(known):
        lines = list(changes(one, other)) or ["nothing"]
        yield from ("", f"### {before} to {after}", "", *(f"- {line}" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
