"""`orch demo`: three sample repos, the real `codex app-server`, a scripted model on loopback, and one plan for all."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from supervisor.demo import kept
from supervisor.demo.model import KEY_ENV, ScriptedModel, codex_home
from supervisor.demo.narrator import STOPS, Narrator, Out
from supervisor.demo.stories import STORIES
from supervisor.demo.story import Story
from supervisor.domain.status import Status
from supervisor.errors import OrchError, UsageError
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.version import Codex, Versions
from supervisor.runtime.config import load as config
from supervisor.runtime.config.starter import starter
from supervisor.runtime.daemon import launch
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import ControlClient
from supervisor.wire.status import read_status

HOMES = Path.home() / ".cache" / "orch-demo"
SUITE_WITHIN = 60.0  # seconds for one repo's tests; they take 0.2
READY_WITHIN = 60.0  # seconds for three servers to be ready; they take about 1
DONE_WITHIN = 180.0  # seconds for the three tasks; they take about 12
_GREEN = ".green"  # a file in the folder of a demo that went well; the next demo may remove the folder
LOG_POLL = 0.2  # seconds between two reads of the logs while the status does not change


def run_demo(keep: Path | None, story: str, out: Out) -> int:
    """Play the whole job of a story and print what happens. Returns 0 if all tasks are done and all tests green, or 1.

    With `keep`, a folder that is missing or empty, the repos and servers stay there for the person to use. Otherwise no
    process stays, and the files stay until the next green demo. Raises OrchError if it cannot be played, and
    KeyboardInterrupt on Ctrl-C; then nothing is left running.
    """
    chosen = STORIES.get(story)
    if chosen is None:
        raise UsageError(f"there is no story `{story}`", f"the stories are {' and '.join(STORIES)}")
    codex = asyncio.run(Versions().check(locate(None)))
    with _interrupts() as interrupts:
        demo = _Demo(_folder(keep), chosen, keep is not None, out, interrupts)
        played = green = False
        try:
            green = demo.play(codex)
            played = True
        except BrokenPipeError:  # nobody reads our output any more
            interrupts.received = True
            raise
        finally:
            interrupts.block()  # what follows takes bounded time and must run to its end
            demo.tear_down(stay=played and keep is not None, remove=keep is None and not green and interrupts.received)
    if keep is None and green:
        _remove_earlier(demo.folder)
        out("(the next demo removes them). To keep it running and edit plan.md live: orch demo --keep ~/orch-demo")
    return 0 if green else 1


class _Demo:
    """One demo: a folder with the repos, the workspace and a home for codex."""

    def __init__(self, folder: Path, story: Story, stays: bool, out: Out, interrupts: _Interrupts) -> None:
        self.folder = folder
        self._story = story
        self._children = tuple(story.sample.history)
        self._stays = stays
        self._out = out
        self._interrupts = interrupts
        self._workspace = WorkspacePaths(folder / "workspace")
        self._narrator = Narrator(out, self._workspace.logs)
        self._model: ScriptedModel | None = None

    def play(self, codex: Codex) -> bool:
        """Play the story. Returns whether all tasks are done and all tests green."""
        out, narrator = self._out, self._narrator
        out(f"orch demo: one change in three repos, led by one plan.md\n\n{self._story.problem}")
        made = self._story.sample.create(self.folder)
        self._suites(made)
        out("")
        url = self._prepare()
        narrator.say("codex", f"{codex.version}, the real one: {codex.path}")
        narrator.say("model", f"a script in place of OpenAI, at {url}: no account, no network")
        environ = self._environ()
        if self._stays:
            kept.write_scripts(self.folder, self._workspace, environ)
        with self._interrupts.deferred(), _environment(environ):
            launch.ensure_supervisor(self._workspace)
        with ControlClient(self._workspace.control_socket) as client:
            narrator.say("orch", "the supervisor is up and starts one app-server per repo")
            client.call("up", children=list(self._children))
            status = self._follow(client, _started, READY_WITHIN)
            if all(child.state == "ready" for child in status.children):
                narrator.say("plan.md", "saved, as you would in your editor; from now on nobody touches anything")
                _save(self._workspace.plan, self._story.plan)
                status = self._follow(client, _settled, DONE_WITHIN)
        return self._judge(status, made)

    def tear_down(self, *, stay: bool, remove: bool) -> None:
        """Stop what runs, unless it is to `stay`, and `remove` the folder.

        Raises OrchError that names what survives.
        """
        if stay:
            self._print_next_steps()
            return
        try:
            kept.bring_down(self._workspace)
        finally:
            if self._model is not None:
                self._model.close()
            kept.stop_model(self.folder)
            if remove:
                shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # our output may be closed
            self._out("\nEverything is down, and no process is left.")
            if not remove:
                self._out(f"All files are in {self.folder}")

    def _prepare(self) -> str:
        """Start the model, and make a home for codex that knows only it, and the workspace. Returns the model's URL."""
        with self._interrupts.deferred():
            if self._stays:
                url = kept.start_model(self.folder, self._story.sample.story)
            else:
                self._model = ScriptedModel(self._story.script())
                url = self._model.base_url
        codex_home(self.folder / "codex-home", url)
        root = self._workspace.root
        root.mkdir()
        config.check_new(root, [(name, f"../{name}") for name in self._children])
        self._workspace.config.write_text(starter((name, f"../{name}") for name in self._children), encoding="utf-8")
        return url

    def _environ(self) -> dict[str, str]:
        """The variables that the supervisor, and through it each server, needs in its environment."""
        environ = {"CODEX_HOME": str(self.folder / "codex-home"), KEY_ENV: "not-a-secret"}
        for name in ("NO_PROXY", "no_proxy"):  # the model is on this machine and not behind a proxy
            environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))
        if "ORCH_CODEX_BIN" in os.environ:
            environ["ORCH_CODEX_BIN"] = os.environ["ORCH_CODEX_BIN"]
        return environ

    def _follow(self, client: ControlClient, over: Callable[[Status], bool], within: float) -> Status:
        """Print what happens until it is `over` or `within` seconds have passed. Returns the last status."""
        deadline = time.monotonic() + within
        version = -1
        while True:
            version, answer = client.watch(version, LOG_POLL)
            status = read_status(answer)
            self._narrator.read_logs()
            self._narrator.show(status)
            if over(status) or time.monotonic() > deadline:
                return status

    def _suites(self, made: dict[str, Path]) -> bool:
        """Run the tests of all repos and print the results. Returns whether all are green."""
        results = {name: _suite(path) for name, path in made.items()}
        for name, (_, words) in results.items():
            self._out(f"  {name:<8}  {words}")
        return all(green for green, _ in results.values())

    def _judge(self, status: Status, made: dict[str, Path]) -> bool:
        """Print how it went. Returns whether all tasks are done and all tests green."""
        out = self._out
        done = bool(status.tasks) and all(task.state == "done" for task in status.tasks)
        out("\nThe same tests, run once more by the demo itself:")
        green = self._suites(made)
        if done and green:
            out("\nAll three are done. Nothing is committed: the changes are in the work trees, for you to review.")
            for words in (("diff", "--stat"), ("land", "--dry-run")):
                out(f"\n$ orch {' '.join(words)}")
                out(kept.answer_of(self._workspace, *words).rstrip())
            out("")
        else:
            out("\nThe demo did not succeed:")
            for child in status.children:
                if child.state != "ready":
                    out(f"  {child.name} is {child.state}: {child.problem or 'no reason given'}")
            for task in status.tasks:
                if task.state != "done":
                    out(f"  {task.id} is {task.state}: {task.why or 'no reason given'}")
            if not green:
                out("  some tests are red")
        out(f"  the plan          {self._workspace.plan}")
        out(f"  the results       {self._workspace.runs}")
        for row in _table(self._workspace.runs, len(self._children)):
            out(f"    {row}")
        out(f"  structured logs   {self._workspace.logs}")
        return done and green

    def _print_next_steps(self) -> None:
        folder, plan = shlex.quote(str(self.folder)), shlex.quote(str(self._workspace.plan))
        edit = self._story.edit
        for line in (
            f"\nEverything still runs. Change the plan: write `{edit.new}` in place of `{edit.old}` and save.",
            "Each repo of that contract then receives the change, and follows.",
            f"  sed -i.old 's/{edit.old}/{edit.new}/' {plan}",
            f"  {folder}/orch status --watch",
            f"  {folder}/orch logs --since 1m",
            f"  git -C {folder}/{edit.shows} diff",
            "Stop servers, supervisor and the scripted model:",
            f"  {folder}/stop",
        ):
            self._out(line)


class _Interrupts:
    """Raises KeyboardInterrupt on Ctrl-C, SIGTERM and a closed terminal, unless they are blocked or deferred."""

    def __init__(self) -> None:
        self.received = False
        self._blocked = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        again, self.received = self.received, True
        if not self._blocked and not again:
            raise KeyboardInterrupt

    def block(self) -> None:
        """From now on, only note that a signal was received."""
        self._blocked = True

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer signals while the body starts a process, so that we never lose track of one."""
        self._blocked = True
        try:
            yield
        finally:
            self._blocked = False
        if self.received:
            raise KeyboardInterrupt


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    before = {
        number: signal.signal(number, interrupts.on_signal)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup ignores SIGHUP
    }
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _folder(keep: Path | None) -> Path:
    """Make the folder of the demo. Raises UsageError if `keep` cannot be used, OrchError if nothing can be written."""
    try:
        if keep is None:
            HOMES.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(dir=HOMES)).resolve()
        folder = keep.expanduser().resolve()
        for temporary in {Path("/tmp").resolve(), Path(tempfile.gettempdir()).resolve()}:
            if folder.is_relative_to(temporary):
                raise UsageError(
                    f"{folder} is under {temporary}, where codex lets every child write and does not accept its home",
                    "name another folder, for example `orch demo --keep ~/orch-demo`",
                )
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "name a folder that is empty or does not exist")
    except OSError as error:
        raise OrchError(
            f"{keep or HOMES} cannot be used ({error.strerror})", "name another folder: `orch demo --keep DIR`"
        ) from error
    return folder


def _remove_earlier(latest: Path) -> None:
    """Remove the folders of earlier demos that went well, and mark `latest` as one of them."""
    for folder in HOMES.iterdir():
        if (folder / _GREEN).exists() and folder != latest:
            shutil.rmtree(folder, ignore_errors=True)
    (latest / _GREEN).touch()


def _save(path: Path, text: str) -> None:
    """Save as an editor does: write a new file and rename it to the old one's name."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _started(status: Status) -> bool:
    return all(child.state in ("ready", "failed") for child in status.children)


def _settled(status: Status) -> bool:
    """Whether all is done, or something waits for a person, who is not there in the demo."""
    states = [task.state for task in status.tasks]
    stuck = status.plan.state == "rejected" or any(state in STOPS for state in states)
    return stuck or (bool(states) and all(state == "done" for state in states))


def _suite(repo: Path) -> tuple[bool, str]:
    """Run a repo's own tests. Returns whether they pass, and a few words about it."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "unittest", "-q"],
            cwd=repo,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SUITE_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"not over after {SUITE_WITHIN:g} s"
    ran = re.search(r"^Ran (\d+ tests?)", done.stderr, re.M)
    verdict: Sequence[str] = done.stderr.strip().splitlines()[-1:]
    return done.returncode == 0, "  ".join([ran[1] if ran else "no tests", *verdict])


def _table(runs: Path, tasks: int) -> list[str]:
    """The table of tasks in runs.md."""
    try:
        lines = runs.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = [line for line in lines if line.startswith("|")]
    head = next((at for at, row in enumerate(rows) if row.startswith("| id | title |")), len(rows))
    return rows[head : head + 2 + tasks]
