"""A lab: real repos, the real `codex app-server`, a scripted model on loopback, and orch, run as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any

from supervisor.cli.setup.init import init
from supervisor.cli.steer.down import down
from supervisor.demo.model import Say, ScriptedModel, codex_home, directive_script
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.daemon import ending
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.control_client import ControlClient, StatusAt
from supervisor.shell.ledger.segments import raw_lines
from tests import CHECKOUT
from tests.sockets import HOMES
from tests.warm import run_cold, run_warm

# Codex refuses homes under the temporary folder, and its sandbox lets children write there.
LOOK = 0.5  # seconds between two looks at a world that does not change
SETTLED = 10.0  # seconds for what an earlier test left to be over
SLOW = 60.0  # seconds for anything that runs a real server: a bound, never the expected time
Status = dict[str, Any]


def task(name: str, child: str, *lines: str, fields: tuple[str, ...] = (), text: str = "") -> str:
    """A task of plan.md. `lines` script the model (see `supervisor/demo/directive.py`)."""
    rows = "".join(f"- {field}\n" for field in fields)
    block = "```model\n" + "\n".join(lines) + "\n```\n" if lines else ""
    said = text if text or block else "Do it."
    return f"### {name} — Do {name}\n- child: {child}\n{rows}\n{said}\n\n{block}\n"


def report(summary: str, *, outcome: str = "done", **fields: Any) -> str:
    """The script line that ends a turn with a report."""
    return "report " + json.dumps({"outcome": outcome, "summary": summary, **fields})


class Lab:
    """One workspace with its children, in a folder of its own. Stops everything that it started."""

    def __init__(self, *children: str, script: Any = directive_script, idle_timeout_ms: int = 20_000) -> None:
        HOMES.mkdir(parents=True, exist_ok=True)
        self.folder = Path(mkdtemp(prefix="lab-", dir=HOMES)).resolve()
        self.model = ScriptedModel(script)
        self.home = self.folder / "home"
        codex_home(self.home, self.model.base_url, stream_idle_timeout_ms=idle_timeout_ms)
        self.workspace = WorkspacePaths(self.folder / "workspace")
        self.workspace.root.mkdir()
        (self.folder / "bin").mkdir()
        # Each server runs it twice as it starts, and where it is a shell script it starts 15 processes each time.
        (self.folder / "bin" / "lsb_release").symlink_to(shutil.which("true") or "/bin/true")
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "ORCH_READY"))},
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),  # codex starts login shells, which must read no profile
            "CODEX_HOME": str(self.home),
            "ORCH_DEMO_KEY": "not-a-secret",
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "NO_COLOR": "1",
        }
        (self.folder / "gitconfig").write_text(
            "[user]\nname = Lab\nemail = lab@example.invalid\n[maintenance]\nauto = false\n", encoding="utf-8"
        )
        self.revision = 0  # of plan.md when the lab was made or reset
        self._config = ""  # the text of the config at the first reset
        self._past = 0  # lines in the ledger at that time
        self.repos = {name: self.repo(name) for name in children}
        if children:
            init(self.workspace.root, [f"{name}=../{name}" for name in children])  # as `orch init` does

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.workspace.config.exists():
                supervisor = ending.supervisor_process(self.workspace)
                down(self.workspace, now=True)  # as `orch down` does
                assert supervisor is None or not process.alive(supervisor), "orch down left the supervisor behind"
            left = process.marked(self.workspace.mark())
            for one in left:
                os.kill(one.pid, 9)
            assert left == [], "orch down left processes behind"
        finally:
            self.model.close()
            shutil.rmtree(self.workspace.runtime_dir, ignore_errors=True)
            if kind is None:
                shutil.rmtree(self.folder, ignore_errors=True)

    def reset(self) -> None:
        """Reset the lab for another test: up, with the config of the first reset, no task, no ask, no change in a repo.

        Only the names of tasks cannot be used again, because they would be the same tasks.
        """
        self.model.reset(directive_script)
        try:
            text = self.workspace.config.read_text(encoding="utf-8")
            self._config = self._config or text
            if changed := text != self._config:
                self.workspace.config.write_text(self._config, encoding="utf-8")
            if changed or ending.supervisor_process(self.workspace) is None:
                self.up()
            self._settle()
        except (AssertionError, OrchError):  # an earlier test failed half-way
            down(self.workspace, now=True)
            shutil.rmtree(self.workspace.state)
            self._past = 0
            self.up()
            self._settle()
        for repo in self.repos.values():
            for words in (["reset", "-q", "--hard"], ["clean", "-fdqx"]):
                subprocess.run(["git", *words], cwd=repo, check=True, env=self.environ)
        self.revision = self.status()["plan"]["revision"]
        self._past = sum(1 for _ in raw_lines(self.workspace.ledger))

    def _settle(self) -> None:
        before = self.status()["plan"]["revision"] or 0
        if self.status()["plan"]["state"] == "held":
            self.orch("go", check=False)
        self.plan("", objective=f"Nothing, after {self.workspace.ledger.stat().st_size} bytes.")
        self.until(
            lambda seen: (
                (seen["plan"]["revision"] or 0) > before
                and seen["plan"]["state"] == "in_force"
                and all(one["state"] == "retired" for one in seen["tasks"])
                and all(one["state"] == "ready" and one["task"] is None for one in seen["children"])
                and not seen["asks"]
            ),
            SETTLED,
        )

    # ── actions of a person ──────────────────────────────────────────────────────────────────────

    def repo(self, name: str, files: dict[str, str] | None = None) -> Path:
        """Make a git repo with one commit."""
        path = self.folder / name
        path.mkdir()
        for file, text in (files or {"README.md": f"# {name}\n"}).items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_text(text, encoding="utf-8")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", f"Start {name}"]):
            subprocess.run(["git", *words], cwd=path, check=True, env=self.environ)
        return path

    def orch(
        self, *words: str, check: bool = True, timeout: float = 60, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `orch` in the workspace; where that is gone, beside it. With another PYTHONPATH, it is another orch."""
        run = run_cold if "PYTHONPATH" in environ else run_warm
        done = run(
            words,
            cwd=self.workspace.root if self.workspace.root.exists() else self.folder,
            env={**self.environ, "PYTHONPATH": str(CHECKOUT), **environ},
            timeout=timeout,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"orch {' '.join(words)} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def cold(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `orch` as a person's shell does, for whoever measures it: loading it takes most of the time."""
        return self.orch(*words, PYTHONPATH=str(CHECKOUT))

    def up(self) -> Status:
        """Run `orch up` and return the status."""
        self.orch("up")
        return self.status()

    def plan(self, tasks: str, *, head: str = "", contracts: str = "", objective: str = "Make it work.") -> None:
        """Save a plan.md with these tasks, as an editor does: a new file, renamed over the old one."""
        text = (
            f"# Plan: Lab\n{head}\n## Objective\n\n{objective}\n\n## Contracts\n\n{contracts}\n\n"
            f"## Working Plan\n\n{tasks}\n"
        )
        self.save(text)

    def set_limits(self, **limits: Any) -> None:
        """Add limits to the config (before `up`)."""
        with self.workspace.config.open("a", encoding="utf-8") as file:
            file.write("limits: " + json.dumps(limits) + "\n")

    def set_budget(self, **budgets: Any) -> None:
        """Add the budgets of plan and tasks to the config (before `up`)."""
        with self.workspace.config.open("a", encoding="utf-8") as file:
            file.write("budget: " + json.dumps(budgets) + "\n")

    def says(self, line: str) -> Say:
        """The step for a script line such as `report(...)`."""
        return Say(line.removeprefix("report "))

    def save(self, text: str) -> None:
        new = self.workspace.root / ".plan.md.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self.workspace.plan)

    def accept_approvals(self, count: int) -> None:
        """Accept so many approvals, one after the other, as they are asked for."""
        for _ in range(count):
            seen = self.until(lambda seen: [one for one in seen["asks"] if one["kind"] == "approval"])
            (ask,) = [one["id"] for one in seen["asks"] if one["kind"] == "approval"]
            self.orch("answer", ask, "accept")
            self.until(lambda seen, done=ask: done not in [one["id"] for one in seen["asks"]])

    # ── observations ─────────────────────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """The output of `orch status --json`, from a supervisor that may answer slowly. Raises SupervisorDown."""
        with self.client() as client:
            return dict(client.watch(-1, 0).status)

    @contextmanager
    def client(self) -> Iterator[ControlClient]:
        with ControlClient(self.workspace.control_socket) as client:
            yield client

    def until(self, what: Callable[[Status], Any], timeout: float = SLOW) -> Status:
        """Wait for the first status for which `what` holds. Fails after `timeout` seconds.

        Checks at every change of the world, and now and then, because files follow the world a little later.
        """
        deadline = time.monotonic() + timeout
        version, status = -1, {}
        with self.client() as client:
            while (left := deadline - time.monotonic()) > 0:
                version, status = self._watch(client, version, min(left, LOOK))
                if what(status):
                    return status
        raise AssertionError(
            f"not within {timeout:g} s; the last status:\n{json.dumps(status, indent=1)}\n{self.tail()}"
        )

    def task(self, task: str, state: str, timeout: float = SLOW) -> dict[str, Any]:
        """Wait until a task is in this state, and return it."""
        found = self.until(
            lambda seen: any(one["id"] == task and one["state"] == state for one in seen["tasks"]), timeout
        )
        return next(one for one in found["tasks"] if one["id"] == task)

    def ask(self, timeout: float = SLOW) -> dict[str, Any]:
        """Wait for an open ask, and return the first one."""
        ask: dict[str, Any] = self.until(lambda seen: seen["asks"], timeout)["asks"][0]
        return ask

    def next_ask(self) -> str:
        """The name of the next ask."""
        actions = [json.loads(line).get("action", {}) for line in raw_lines(self.workspace.ledger)]
        return f"A{1 + sum(one.get('action') == 'raise_ask' for one in actions)}"

    def child(self, name: str, state: str, timeout: float = SLOW) -> dict[str, Any]:
        found = self.until(
            lambda seen: any(one["name"] == name and one["state"] == state for one in seen["children"]), timeout
        )
        return next(one for one in found["children"] if one["name"] == name)

    def ledger(self, *events: str) -> list[dict[str, Any]]:
        """The ledger's lines (of these events), oldest first."""
        lines = [json.loads(line) for line in raw_lines(self.workspace.ledger)][self._past :]
        return [line for line in lines if not events or line["event"] in events]

    def acts(self, action: str) -> list[dict[str, Any]]:
        """The intents of this action, oldest first."""
        return [line["action"] for line in self.ledger("intended") if line["action"]["action"] == action]

    def delivered(self, task: str) -> list[str]:
        """The texts of our messages for this task that reached the model, each once per thread."""
        seen: dict[tuple[str, str], None] = {}
        for request in self.model.requests:
            for text in request.user_texts():
                if task in text:
                    seen[(request.thread_id, text)] = None
        return [text for _, text in seen]

    def runs(self, words: str) -> str:
        """Wait until runs.md has these words, and return it."""
        self.until(lambda _: words in self.workspace.runs.read_text(encoding="utf-8"))
        return self.workspace.runs.read_text(encoding="utf-8")

    def tail(self) -> str:
        if not self.workspace.ledger.exists():
            return "(no ledger)"
        return "".join(self.workspace.ledger.read_text(encoding="utf-8").splitlines(keepends=True)[-15:])

    def _watch(self, client: ControlClient, version: int, left: float) -> StatusAt:
        try:
            return client.watch(version, left)
        except SupervisorDown as error:
            raise AssertionError(f"the supervisor went away: {error}\n{self.tail()}") from error
