"""Measure the screens: how soon each is there, how soon it shows a change, what it costs at rest, how it scrolls."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from tests import CHECKOUT
from tests.bench.rows import Row, median
from tests.browser import Browser
from tests.cli.terminal import Terminal
from tests.cli.web.served import Served
from tests.e2e.lab import Lab, task
from tests.peers import codex_like

CHILDREN, TASKS = 32, 200
LONG = 2_000  # tasks of the plan that is scrolled
CHANGES = 6  # in a round
PAGES = 12  # keys in a round
MOST_PAGES = 50  # keys in all: the table has 52 pages, and draws one that it drew before in half the time
REST = 30.0  # seconds at which a page at rest is looked at
LOOK = 0.5  # seconds between two looks at a plan that is not in force yet
STILL = 0.3  # seconds without output after which a screen is drawn
WAITS = 240.0  # seconds for a large plan to be in force, at most
PAGE_DOWN = "\x1b[6~"
BARE = ("-c", "from textual.app import App\nfrom textual.widgets import Label\n" + """
class Bare(App):
    def compose(self):
        yield Label("It is up.")
Bare().run(mouse=False)
""")  # fmt: skip
TABLE = ("-c", "import sys\nfrom textual.app import App\nfrom textual.widgets import DataTable\n" + """
class Table(App):
    def compose(self):
        yield DataTable(cursor_type="row")
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("TASK", "STATE", "CHILD", "TIME", "TOKENS", "NOW")
        for at in range(int(sys.argv[1])):
            table.add_row(f"T{at}", "waiting", "c0", "", "", f"Do part {at} of it, as the plan has it")
        table.focus()
Table().run(mouse=False)
""")  # fmt: skip


def screens(folder: Path, rounds: int) -> Iterator[Row]:
    """Of 32 children, all of which work, and 200 tasks; the servers are stand-ins."""
    with Lab(*(f"c{number}" for number in range(CHILDREN))) as lab:
        lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder, manner="busy")
        lab.up()
        lab.save(plan(0))
        _until(lab, lambda tasks: sum(one["state"] == "running" for one in tasks) == CHILDREN)
        numbers = iter(range(1, 10_000))
        with Browser(folder / "profile") as browser, _served(lab) as web:
            browser.size(1280, 900)
            browser.open(web.link)
            browser.until("document.querySelectorAll('a.row').length >= 200", WAITS)
            yield from _first_paint(browser, web, rounds)
            yield _in_the_page(lab, browser, numbers, rounds)
            yield _at_rest(web)
        yield from _watch_starts(lab, rounds)
        yield _in_watch(lab, numbers, rounds)


def scrolling(folder: Path, rounds: int) -> Iterator[Row]:
    """Page down in 2,000 tasks of one real child, whose plan is held, beside Textual's own table."""
    with Lab("c0") as lab:
        lab.up()
        lab.plan("".join(task(f"T{at}", "c0") for at in range(LONG)), head="- hold: yes\n")
        _until(lab, lambda tasks: len(tasks) == LONG)
        took: dict[str, list[float]] = {"own": [], "table": []}
        with _watch(lab) as own, _terminal(lab, *TABLE, str(LONG)) as table:
            own.printed(b"of 2000", WAITS)
            table.printed(b"T20 ", WAITS)
            for _ in range(min(rounds * PAGES, MOST_PAGES)):
                for name, one in (("own", own), ("table", table)):
                    took[name].append(_drawn(one, PAGE_DOWN))
    note = f"p95 {_p95(took['own']):.0f} ms (50 wanted), of the table {_p95(took['table']):.0f}; Textual's DataTable"
    yield Row(f"page down in `orch watch`, {LONG:,} tasks", median(took["own"]), median(took["table"]), "50 ms", note)


def plan(number: int) -> str:
    """Return the same plan with another title, which both screens show."""
    tasks = "".join(
        task(f"T{at}", f"c{at % CHILDREN}", text=f"Do part {at} of it, as the contract has it.") for at in range(TASKS)
    )
    return f"# Plan: Title {number}.\n\n## Working Plan\n\n{tasks}"


def _until(lab: Lab, holds: Callable[[list[dict[str, Any]]], bool]) -> None:
    """Wait until something holds for the tasks, and the repos are surveyed. A busy supervisor may answer late."""
    deadline = time.monotonic() + WAITS
    with lab.client() as client:
        while not (holds(client.call_long("status", WAITS)["tasks"]) and lab.ledger("map_drawn")):
            assert time.monotonic() < deadline, "the plan is not in force"
            time.sleep(LOOK)


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _served(lab: Lab) -> Iterator[Served]:
    web = Served(lab.workspace)
    try:
        yield web
    finally:
        web.close()


def _first_paint(browser: Browser, web: Served, rounds: int) -> Iterator[Row]:
    """The floor is a bare server with the same page and style sheet, compressed beforehand."""
    sizes = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    browser.open(web.url)
    browser.until("document.readyState === 'complete'")
    kilobytes = browser.js(f"{sizes}.reduce((all, one) => all + one.encodedBodySize, 0)") / 1024
    fetched = {
        path: browser.js(
            f"fetch('{path}').then((one) => one.text()).then(async (text) => [...new Uint8Array(await new Response("
            "new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer())])"
        )
        for path in ("/",)
    }
    with _fixed({path: bytes(body) for path, body in fetched.items()}) as bare:
        took, floor = list[float](), list[float]()
        for _ in range(rounds):
            floor.append(_painted(browser, bare))
            took.append(_painted(browser, web.url))
    browser.open(web.url)
    note = f"a bare server with the same bytes; {CHILDREN} children, {TASKS} tasks"
    yield Row("`orch web`, first paint in Chromium", median(took), median(floor), "150 ms", note)
    yield Row("`orch web`, gzipped, with script and style", kilobytes, None, "60 KB", "kilobytes, no time")


def _painted(browser: Browser, url: str) -> float:
    browser.open("about:blank")
    browser.open(url)
    found = browser.until("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    return float(found)


@contextmanager
def _fixed(bodies: dict[str, bytes]) -> Iterator[str]:
    """Serve these compressed bodies, and return the address."""

    class Fixed(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = bodies.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/css" if self.path.endswith("css") else "text/html; charset=utf-8")
            self.send_header("cache-control", "no-store")
            if body:
                self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Fixed) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, name="bare server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def _in_the_page(lab: Lab, browser: Browser, numbers: Iterator[int], rounds: int) -> Row:
    """From the ledger's line of a change until the frame in which the page has it."""

    def seen(words: str) -> float:
        frame = f"requestAnimationFrame(() => document.title.includes({words!r}) ? done(Date.now()) : look(done))"
        return float(browser.js(f"{{ const look = (done) => {frame}; new Promise(look) }}"))

    took = _changes(lab, numbers, rounds, seen)
    return Row("a change on the page after its ledger line", median(took), None, "p95 200 ms", f"p95 {_p95(took):.0f}")


def _at_rest(web: Served) -> Row:
    server = psutil.Process(web.process.pid)
    time.sleep(2)  # what was under way is over
    before = sum(server.cpu_times()[:2])
    time.sleep(REST)
    spent = (sum(server.cpu_times()[:2]) - before) / REST * 1000
    note = f"of CPU a second, in steps of {10 / REST:.2f}; {server.memory_info().rss / 2**20:.0f} MB"
    return Row("`orch web` at rest with a page open", spent, None, "1 ms", note)


# ── the live screen ──────────────────────────────────────────────────────────────────────────────────


def _watch(lab: Lab) -> Terminal:
    return _terminal(lab, "-m", "supervisor.cli.main", "watch")


def _terminal(lab: Lab, *words: str) -> Terminal:
    plain = {key: value for key, value in lab.environ.items() if key != "NO_COLOR"}
    environ = {**plain, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", "PATH": os.environ["PATH"]}
    return Terminal([sys.executable, *words], cwd=lab.workspace.root, environ=environ)


def _watch_starts(lab: Lab, rounds: int) -> Iterator[Row]:
    def up(open_one: Callable[[], Terminal], words: bytes) -> float:
        began = time.time()
        with open_one() as one:
            return (one.printed(words, WAITS) - began) * 1000

    took, floor = list[float](), list[float]()
    for _ in range(rounds + 1):
        floor.append(up(partial(_terminal, lab, *BARE), b"It is up."))
        took.append(up(partial(_watch, lab), b"running"))
    note = "an app of Textual's with one label"
    yield Row("`orch watch` until its tasks are seen", median(took[1:]), median(floor[1:]), "1.3", note)


def _in_watch(lab: Lab, numbers: Iterator[int], rounds: int) -> Row:
    with _watch(lab) as terminal:
        terminal.printed(b"running", WAITS)
        took = _changes(lab, numbers, rounds, lambda words: terminal.printed(words.encode(), WAITS) * 1000)
    return Row("a change in `orch watch` after its line", median(took), None, "p95 200 ms", f"p95 {_p95(took):.0f}")


def _changes(lab: Lab, numbers: Iterator[int], rounds: int, seen: Callable[[str], float]) -> list[float]:
    """Change the plan's title, again and again, and return the milliseconds from its ledger line to when it is seen."""
    took = []
    for _ in range(rounds * CHANGES):
        number = next(numbers)
        lab.save(plan(number))
        shown = seen(f"Title {number}.")
        (line,) = [line for line in lab.ledger("plan_accepted") if line["plan"]["title"] == f"Title {number}."]
        took.append(shown - datetime.fromisoformat(line["ts"]).timestamp() * 1000)
    return took


def _drawn(terminal: Terminal, key: str) -> float:
    """Press a key that changes the screen, and return the milliseconds until the last byte of it was read."""
    began = time.time()
    terminal.type(key)
    return (terminal.last_output(STILL) - began) * 1000


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]
