"""A run to look at: real servers work on a plan of 30 tasks, some of which are done, run, are blocked or wait on a
person."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.e2e.lab import Lab, Status, report

CHILDREN = ("backend", "mobile", "firmware", "console")
GATE = "the first half is done"
LONG = 100.0  # seconds for this part of the plan, at most
QUIET = 3_600_000  # milliseconds that the model may be silent
SLOW = ("npm", "cargo")  # programs that are still at it when the picture is taken

TITLES: Mapping[str, tuple[str, str, str, str]] = {  # task: child, what it waits for, title, what its report says
    "T1": ("backend", "", "Answer 202 with a status URL", "POST /v1/devices answers 202 with a Location"),
    "T2": ("backend", "T1", "Keep the state of a registration", "registrations has a state column and an index"),
    "T3": ("mobile", "", "Give the API client a retry policy", "the client retries 5xx with jitter, three times"),
    "T4": ("mobile", "T1, T3", "Poll the status URL", "the app polls every 2 s, and stops after a minute"),
    "T5": ("firmware", "", "Store the pairing code over a reboot", "the code is in NVS, encrypted, for ten minutes"),
    "T6": ("firmware", "T1, T5", "Read the status URL from the answer", "the parser takes a relative Location, too"),
    "T7": ("console", "", "Show devices that are being registered", "the list has a row with a spinner for each"),
    "T8": ("console", "T2, T7", "Show how long a registration takes", "the column sorts, and is red from 60 s on"),
    "T9": ("backend", "T2", "Expire registrations that nobody finishes", "a job removes those older than a day"),
    "T10": ("mobile", "T4", "Say what is happening while the app waits", "three texts, in the order of the states"),
    "T11": ("firmware", "T6", "Back off when the status is not there yet", "1, 2, 4 and then 8 s, with 10 % of jitter"),
    "T12": ("console", "T8", "Link a device to its log", "each row links to the log, filtered by device"),
    "T13": ("backend", "T9", "Count timeouts by model and firmware version", ""),
    "T14": ("mobile", "T10", "Test the registration with a slow network", ""),
    "T15": ("firmware", "T11", "Run the pairing test on the two boards that have the older radio", ""),
    "T16": ("console", "T12", "Draw the timeouts of the last 24 hours", ""),
    "T17": ("backend", "T13", "Add the state to the OpenAPI document", ""),
    "T18": ("mobile", "T14", "Generate the client from the new OpenAPI document", ""),
    "T19": ("firmware", "T15", "Report the reason of a failed registration", ""),
    "T20": ("console", "T16", "Filter by reason", ""),
    "T21": ("backend", "T17, T19", "Store the reason, and answer with it", ""),
    "T22": ("mobile", "T18", "Translate the onboarding texts into the nine languages of the app", ""),
    "T23": ("firmware", "T19", "Cut the time until the first request by half a second", ""),
    "T24": ("console", "T20", "Export the list as CSV", ""),
    "T25": ("backend", "T21", "Remove the endpoint that answered 201", ""),
    "T26": ("mobile", "T22", "Remove the code for the answer 201", ""),
    "T27": ("firmware", "T25", "Remove the code for the answer 201", ""),
    "T28": ("console", "T24", "Write the page of the manual about onboarding", ""),
}  # fmt: skip
DOES: Mapping[str, tuple[str, ...]] = {
    "T13": ("escalate alembic upgrade head",),
    "T14": ("run npm test -- src/registration", "silence"),
    "T20": ("run npm run storybook -- --ci", "silence"),
    "T15": (report("No board with the older radio is attached to this machine", outcome="blocked"),),
    "T16": ("ask Which time zone do the hours of the chart have? | the one of the viewer | UTC",),
}  # fmt: skip
HUMAN = (
    "### H1 — Pair a device from the shelf\n- child: human\n- after: T1, T5\n\n1. Take a device that was never paired, "
    "and hold its button for 3 s.\n2. Open the app, and choose **Add a device**.\n3. Unplug the router for 20 s "
    "while the app waits.\n\n**Expect:** The app says that the device is being registered, and finds it within a "
    "minute.\n\n"
    "### H2 — Look at the texts with the people of support\n- child: human\n- after: T22\n\nGo through them.\n\n"
    "**Expect:** A list of changes, or none.\n\n"
)
CONTRACT = (
    "### C1 — Registration answer\n- between: backend, mobile, firmware\n\n`POST /v1/devices` answers 202 with "
    "`Location: /v1/devices/{id}/status`.\n\n"
)


@contextmanager
def running() -> Iterator[Lab]:
    """Have the run go on until nothing more happens without a person."""
    with Lab(*CHILDREN, idle_timeout_ms=QUIET) as lab:
        programs = lab.folder / "bin"
        programs.mkdir(exist_ok=True)
        for name in SLOW:
            program = programs / name
            program.write_text("#!/bin/sh\nexec tail -f /dev/null\n", encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        lab.environ["PATH"] = f"{programs}:{lab.environ['PATH']}"
        lab.up()
        lab.save(_plan("The device answers within 30 s"))
        lab.task("T5", "done", LONG)
        lab.save(_plan("The device answers within a minute"))
        for name in ("T9", "T10", "T12"):
            lab.task(name, "done", LONG)
        lab.until(lambda seen: {one["task"] for one in seen["asks"]} >= {"T13", "T16", "H1"}, LONG)
        lab.until(
            lambda seen: _of(seen, "T15", "state") == "blocked" and "npm" in (_of(seen, "T14", "doing") or ""), LONG
        )
        asks = {one["task"]: one["id"] for one in lab.status()["asks"]}
        lab.orch("answer", asks["T16"], "reply", "UTC")
        lab.orch("answer", asks["H1"], "accept", "It was found after 22 s.")
        lab.until(lambda seen: "npm" in (_of(seen, "T20", "doing") or ""), LONG)
        yield lab


def _of(seen: Status, task: str, field: str) -> Any:
    return next(one[field] for one in seen["tasks"] if one["id"] == task)


def _plan(success: str) -> str:
    tasks = "".join(_task(name, *row) for name, row in TITLES.items())
    return (
        "# Plan: Device onboarding times out\n\n## Objective\n\nA device is registered within a minute, also on a slow "
        f"network.\n\n## Success Criteria\n\n- {success}.\n\n## Contracts\n\n{CONTRACT}"
        f"## Working Plan\n\n{tasks}{HUMAN}"
    )


def _task(name: str, child: str, after: str, title: str, said: str) -> str:
    rows = [f"- child: {child}", *([f"- after: {after}"] if after else [])]
    rows += ["- contracts: C1"] if name in ("T1", "T4", "T6") else []
    rows += ["- verify: `test -f README.md`"] if said else []
    lines = [*DOES.get(name, ()), *([f"write notes/{name}.md {title}\\n", report(f"{said}.")] if said else [])]
    script = "\n".join(lines or ("silence",))
    return f"### {name} — {title}\n" + "\n".join(rows) + f"\n\n{title}, and test it.\n\n```model\n{script}\n```\n\n"
