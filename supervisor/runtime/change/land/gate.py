"""The gate of a landing: the commands of `## Integration` run with the would-be state of all repos.

They run in throw-away checkouts in a folder of the user's, which no sandbox may write, and in a child's sandbox. What
passed is bound to the command and the trees of all children, and is not run again for the same ones.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from supervisor.core.change.gate import TIMED_OUT, documented, key_of, variables
from supervisor.core.guard.standing import LANDING
from supervisor.domain.change.landing import LandingPlan
from supervisor.domain.plan import Integration
from supervisor.domain.report import Check
from supervisor.domain.status import Status
from supervisor.errors import CodexError, RequestRefused
from supervisor.runtime.change.land.place import clear, folder_of, refuse_writable, stopped_in_order
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.checks import Output, kept, output_name
from supervisor.runtime.config.load import has_documented_checks, load_guarded
from supervisor.runtime.config.model import Config
from supervisor.runtime.snapshot.recorded import docs_of
from supervisor.runtime.workspace import WorkspacePaths, make_inside, make_private
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.environment import without_repo
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.keep.recorded import earliest
from supervisor.shell.git.land.build import tree_of
from supervisor.shell.git.land.checkout import check_out
from supervisor.shell.git.land.look import value_of
from supervisor.shell.process.run import run_marked

PASSED = 200  # results that are kept
PROBE = 60.0  # seconds for a command that does nothing; it takes 0.3


class GatedCommand(Struct, frozen=True):
    """A command of the gate, and whether it passed with these trees already."""

    integration: Integration
    key: str
    passed: bool


class RedCommand(Struct, frozen=True):
    """A command that failed."""

    integration: Integration
    check: Check


class LandingGate:
    """The gate of one landing that is worked out."""

    def __init__(self, workspace: WorkspacePaths, status: Status, plan: LandingPlan, roots: Mapping[str, Path]) -> None:
        """Look at the trees of all children, `roots`. Raises OrchError if a repo or the config cannot be read."""
        self._workspace = workspace
        self._commits: dict[str, tuple[Path, str | None]] = {}
        self.steps: tuple[GatedCommand, ...] = ()
        if not plan.repos or not (status.plan.integration or has_documented_checks(workspace)):
            return
        self._config = load_guarded(workspace)
        due = (*self._documented(status, plan, roots), *status.plan.integration)
        if not due:
            return
        tips = {one.child: one.commits[-1] for one in plan.repos}
        trees: dict[str, str | None] = {}
        for child in status.children:
            if child.name not in roots:
                raise RequestRefused(f"{child.name} is no child of this workspace any more", "run `orch up`")
            root, tip = roots[child.name], tips.get(child.name)
            commit = tip.id if tip is not None else value_of(root, "HEAD^{commit}")
            self._commits[child.name] = (root, commit)
            trees[child.name] = tip.tree if tip is not None else tree_of(root, commit)[0] if commit else None
        names = variables(self._commits)
        if isinstance(names, tuple):
            raise RequestRefused(
                f"the children {names[0]} and {names[1]} would have one variable", "give one of them another name"
            )
        self._names: Mapping[str, str] = names
        # The code of all children runs in it, so the strictest of them counts.
        self._network = all(one.network for one in self._config.children)
        before = _passed(workspace)
        for one in due:
            key = key_of(one.command, trees, network=self._network)
            self.steps = (*self.steps, GatedCommand(one, key, key in before))

    def _documented(self, status: Status, plan: LandingPlan, roots: Mapping[str, Path]) -> Iterator[Integration]:
        """Yield the checks that the documents of the landed repos named before the plan changed a file, if the config
        asks for them: what a task writes into them does not choose what it is measured by."""
        for repo in plan.repos if self._config.documented_checks else ():
            root = roots[repo.child]
            kept = [run.before for task in status.tasks for run in task.kept if run.child == repo.child]
            first = earliest(root, kept)
            tree = f"{first}:{WORK}" if first else repo.base
            commands = docs_of(root, tree).commands if tree else ()
            yield from documented(repo.child, commands, dict.fromkeys(one.task for one in repo.commits))

    @property
    def size(self) -> int:
        """How many steps `run` tells."""
        due = sum(not one.passed for one in self.steps)
        return len(self._commits) + due if due else 0

    def run(self, told: Callable[[str], None]) -> tuple[RedCommand, ...]:
        """Run what did not pass with these trees yet, all of it, and return what failed. Raises OrchError."""
        due = [one for one in self.steps if not one.passed]
        if not due:
            return ()
        clear(self._workspace)
        folder = folder_of(self._workspace)
        refuse_writable(folder, self._workspace, self._config)
        failures = list[RedCommand]()
        with stopped_in_order():
            try:
                self._prepare(folder, told)
                for number, step in enumerate(due):
                    told(f"run {step.integration.command}")
                    check = self._check(step.integration.command, number, folder)
                    if check.exit_code != 0:
                        failures.append(RedCommand(step.integration, check))
                    else:
                        _keep(self._workspace, step.key)
            finally:
                clear(self._workspace)
        return tuple(failures)

    def _prepare(self, folder: Path, told: Callable[[str], None]) -> None:
        """Check all children out, and find out that the sandbox works: without it, every command would seem to fail."""
        make_private(folder)
        for child, (root, commit) in self._commits.items():
            told(f"{child}: check out what would be landed")
            if commit is not None:
                check_out(root, commit, folder / child)
            else:
                (folder / child).mkdir()
        printed = Output(1 << 16)
        if self._run(["true"], folder, PROBE, printed) != 0:
            said = printed.text().strip().splitlines()[-1:] or ["no output"]
            raise CodexError(f"codex's sandbox does not work here ({said[0][:200]})", "see `orch doctor`")

    def _check(self, command: str, number: int, folder: Path) -> Check:
        at = datetime.now(UTC)
        printed = Output(int(self._config.limits.output_megabytes * 1e6))
        words = [shutil.which("bash") or "/bin/sh", "-c", command]
        code = self._run(words, folder, self._config.limits.verify_minutes * 60, printed)
        if code is not None and code < 0:
            raise RequestRefused(f"`{command}` was killed by signal {-code}, so nothing was landed", "land again")
        path = self._workspace.outputs / output_name(LANDING, 1, number, at)
        return kept(command, TIMED_OUT if code is None else code, printed, path)

    def _run(self, words: Sequence[str], folder: Path, seconds: float, printed: Output) -> int | None:
        places = {self._names[child]: str(folder / child) for child in self._commits}
        return run_marked(
            _in_sandbox(self._config, words, network=self._network),
            cwd=folder,
            env={**without_repo(os.environ), **places},
            mark=self._workspace.mark(LANDING),
            seconds=seconds,
            take=printed.add,
        )


def _in_sandbox(config: Config, command: Sequence[str], *, network: bool) -> list[str]:
    """Return the words that run a command so that it may write the folder in which it is started, and no other repo.

    Whatever the user's own Codex config allows beyond that does not count (tried with 0.163). Raises CodexError.
    """
    settings = {
        "sandbox_mode": "workspace-write",
        "sandbox_workspace_write.network_access": network,
        "sandbox_workspace_write.writable_roots": [],
        "sandbox_workspace_write.exclude_slash_tmp": config.exclude_tmp,
        "sandbox_workspace_write.exclude_tmpdir_env_var": config.exclude_tmp,
    }
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={json.dumps(value)}")]
    return [str(locate(config.codex_bin)), "sandbox", *words, *command]


def _record(workspace: WorkspacePaths) -> Path:
    return workspace.state / "integration.json"


def _passed(workspace: WorkspacePaths) -> list[str]:
    try:
        return msgspec.json.decode(_record(workspace).read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return []


def _keep(workspace: WorkspacePaths, key: str) -> None:
    """Write down that a command passed. If that fails, it runs again."""
    with suppress(OSError):
        make_inside(workspace.state)
        write_atomic(_record(workspace), msgspec.json.encode([*_passed(workspace), key][-PASSED:]).decode())
