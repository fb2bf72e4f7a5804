"""Check what orch needs on a machine by using it: codex, its login and sandbox, git, file watching, sockets."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from msgspec import Struct

from supervisor.errors import CodexError, OrchError, RpcError
from supervisor.runtime.boundary.git_programs import git_programs
from supervisor.runtime.boundary.others import open_to_others
from supervisor.runtime.codex.binary import called, locate
from supervisor.runtime.codex.handshake import why_not_loaded
from supervisor.runtime.codex.version import Versions
from supervisor.runtime.config import load as config
from supervisor.runtime.doctor.probed_server import ANSWERS_WITHIN, CheckFailed, ProbedServer
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths, make_private
from supervisor.shell.git.run import run_git
from supervisor.shell.ledger.damage import examine as examine_ledger
from supervisor.shell.watch import watch_file
from supervisor.wire.codex.answers import (
    EXECUTE,
    READ_ACCOUNT,
    READ_CONFIG,
    CodexMethod,
    login_problem,
    read_answer,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.params import Params, command_exec, sandbox_policy

A = TypeVar("A")

OLDEST_GIT = (2, 31)  # has `--config-env`
NOTICED_WITHIN = 3.0  # seconds for a saved file to be noticed; it takes 0.1
LEDGER_TRIES = 3  # a supervisor may be closing a part of it meanwhile
SOCKET_PATH = 107  # bytes; the longest path of a unix socket


class Finding(Struct, frozen=True):
    """The result of one check."""

    check: str
    ok: bool
    detail: str  # what was found
    remedy: str = ""  # what to do about it ("": it is fine)


Probe = Callable[[], Awaitable[str]]


async def examine(workspace: WorkspacePaths | None, report: Callable[[Finding], None]) -> bool:
    """Run all checks and call `report` with each finding. Returns whether all are fine.

    Without a workspace, the checks of the workspace are left out.
    """
    checks = _Checks(workspace)
    well = True
    for name, check in checks.all().items():
        try:
            finding = Finding(name, True, await check())
        except OrchError as error:
            finding = Finding(name, False, error.what, error.next_step)
        report(finding)
        well = well and finding.ok
    await checks.stop()
    return well


class _Checks:
    """The checks, in the order in which they depend on each other."""

    def __init__(self, workspace: WorkspacePaths | None) -> None:
        self._workspace = workspace
        self._bin: str | None = None
        self._server: ProbedServer | None = None
        self._unread = ""  # why Codex cannot load its configuration

    def all(self) -> dict[str, Probe]:
        of_workspace: dict[str, Probe] = (
            {
                "config": self.config,
                "places": self.places,
                "others": self.others,
                "trust": self.trust,
                "disk": self.disk,
                "ledger": self.ledger,
            }
            if self._workspace
            else {}
        )
        return of_workspace | {
            "git": self.git,
            "sockets": self.sockets,
            "watching": self.watching,
            "codex": self.codex,
            "codex-config": self.codex_config,
            "login": self.login,
            "sandbox": self.sandbox,
        }

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()

    async def config(self) -> str:
        assert self._workspace is not None
        found = config.load(self._workspace)
        self._bin = found.codex_bin
        return f"{', '.join(child.name for child in found.children)}: each is a git work tree"

    async def places(self) -> str:
        assert self._workspace is not None
        loaded = config.load_guarded(self._workspace)
        only = f"; whatever a task says, these only read: {', '.join(loaded.confined)}" if loaded.confined else ""
        online = ", ".join(child.name for child in loaded.children if child.network)
        reach = (
            f"; with `network: yes`, commands of {online} reach whatever of yours listens, such as tmux"
            if online
            else ""
        )
        return f"no command of a child may write another child or the workspace{only}{reach}"

    async def others(self) -> str:
        assert self._workspace is not None
        if (found := open_to_others(self._workspace)) is not None:
            raise CheckFailed(*found)
        return "no other user of this machine may write the workspace"

    async def trust(self) -> str:
        """List what git would run because a repo says so. A person decides about each such repo, once."""
        assert self._workspace is not None
        loaded = config.load_present(self._workspace)
        told = []
        for child in config.present(loaded):
            found = await asyncio.to_thread(git_programs, Path(child.path))
            if not found:
                continue
            words = f"{child.name} has git run {'; '.join(found)}"
            if child.name not in loaded.trusted_git:
                raise CheckFailed(
                    f"{words}, also when Codex reads git, outside of its sandbox",
                    f"look at them, then write `trusted_git: yes` or `no` under {child.name} in {CONFIG_NAME}",
                )
            told.append(f"{words} ({'trusted' if loaded.trusted_git[child.name] else 'its filters are off for Codex'})")
        return ", ".join(told) or "no repo has git run a program of its own"

    async def disk(self) -> str:
        assert self._workspace is not None
        state = self._workspace.state
        try:
            state.mkdir(mode=0o700, exist_ok=True)
            with TemporaryDirectory(dir=state):
                pass
        except OSError as error:
            raise CheckFailed(f"{state} cannot be written ({error.strerror})", "make the workspace writable") from error
        return f"{state} can be written"

    async def ledger(self) -> str:
        """Read all of it, also the parts that a start does not read."""
        assert self._workspace is not None
        for _ in range(LEDGER_TRIES):
            found = await asyncio.to_thread(examine_ledger, self._workspace.ledger)
            if not found.spots:
                break
        if found.spots:
            more = f" (and {len(found.spots) - 1} more)" if len(found.spots) > 1 else ""
            raise CheckFailed(f"{found.spots[0]}{more}", "run `orch down`, then `orch doctor --repair`")
        return f"{len(found.lines):,} events, and none is damaged or missing"

    async def git(self) -> str:
        answer = await asyncio.to_thread(run_git, Path("/"), "version")
        text = answer.out.decode("utf-8", "replace").strip()
        found = re.search(r"(\d+)\.(\d+)", text)
        if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
            oldest = ".".join(str(part) for part in OLDEST_GIT)
            raise CheckFailed(f"{text or 'git'} is too old", f"install git {oldest} or newer")
        return text

    async def sockets(self) -> str:
        with self._folder() as folder:
            path = folder / "doctor.sock"
            if len(os.fsencode(path)) > SOCKET_PATH:
                raise CheckFailed(f"{path} is too long for a socket", "set XDG_RUNTIME_DIR to a short path")
            try:
                with socket.socket(socket.AF_UNIX) as one:
                    one.bind(str(path))
            except OSError as error:
                raise CheckFailed(
                    f"{path} cannot be listened on ({error.strerror})", "set XDG_RUNTIME_DIR to a folder of yours"
                ) from error
            finally:
                path.unlink(missing_ok=True)
            return f"in {folder.parent}, for this user alone"

    async def watching(self) -> str:
        folder = self._workspace.root if self._workspace else Path.cwd()
        seen = asyncio.Event()
        try:
            with TemporaryDirectory(dir=folder, prefix=".orch-doctor-") as name:
                file = Path(name) / "plan.md"
                async with watch_file(file, seen.set) as watching:
                    file.write_text("saved\n", encoding="utf-8")
                    async with asyncio.timeout(NOTICED_WITHIN):
                        await seen.wait()
                    if watching.degraded:
                        raise CheckFailed(
                            watching.degraded, "saves are noticed, but later; see docs/troubleshooting.md"
                        )
        except TimeoutError:
            raise CheckFailed(
                f"a save in {folder} is not noticed within {NOTICED_WITHIN:g} s", "keep the workspace on a local disk"
            ) from None
        except OSError as error:
            raise CheckFailed(f"{folder} cannot be written ({error.strerror})", "make it writable") from error
        return f"a save in {folder} is noticed"

    async def codex(self) -> str:
        found = await Versions().check(locate(self._bin))
        self._server = ProbedServer(found.path)
        await self._server.start()
        return f"{found.version} ({found.path})"

    async def codex_config(self) -> str:
        try:
            await self._asked(READ_CONFIG, {})
        except RpcError as error:
            assert self._server is not None, "who refuses runs"
            self._unread = why_not_loaded(error, self._server.said)
            raise CheckFailed(f"codex cannot load its configuration: {self._unread}", "correct it") from error
        return "codex loads its configuration"

    async def login(self) -> str:
        if self._unread:
            raise CheckFailed("codex tells nothing of its login before its configuration is right", "correct that")
        account = await self._asked(READ_ACCOUNT, {})
        if (problem := login_problem(account)) is not None:
            raise CodexError(problem, f"run `{called(locate(self._bin))} login`")
        kind = account.account
        return str(kind.get("type")) if isinstance(kind, dict) else "the model provider of your codex config needs none"

    async def sandbox(self) -> str:
        """Run a command in the sandbox and check that it cannot write."""
        with self._folder() as folder:
            target = Path.home() / f".orch-doctor-{os.getpid()}"
            script = f"touch {shlex.quote(str(target))} 2> /dev/null && echo written || echo refused"
            try:
                done = await self._asked(
                    EXECUTE,
                    command_exec(
                        command=["/bin/sh", "-c", script],
                        cwd=str(folder),
                        sandbox=sandbox_policy("read-only", network=False),
                        timeout=ANSWERS_WITHIN,
                        process="orch-doctor",
                        streams=False,
                    ),
                )
            finally:
                written = target.exists()
                target.unlink(missing_ok=True)
        output = done.stdout.strip()
        if output != "refused" or written:
            complaint = done.stderr.strip().splitlines()[-1:] or [output or "no output"]
            raise CheckFailed(
                f"codex's sandbox does not work here ({complaint[0][:200]})",
                "allow unprivileged user namespaces, or install bubblewrap; see `codex sandbox --help`",
            )
        return "commands run in it and cannot write"

    async def _asked(self, method: CodexMethod[A], params: Params) -> A:
        if self._server is None or self._server.connection is None:
            raise CheckFailed("codex does not run", "fix the problem of codex first")
        try:
            answer = read_answer(method, await self._server.connection.request(method.name, params, ANSWERS_WITHIN + 5))
        except TimeoutError as error:
            raise CheckFailed(
                f"codex does not answer {method.name}", "check that it runs by itself: `codex`"
            ) from error
        if isinstance(answer, NotUnderstood):
            raise CheckFailed(answer.reason, "update orch, or use a codex that it knows")
        return answer

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """Make a private folder for sockets like the supervisor's. It is removed afterwards."""
        with TemporaryDirectory(prefix="orch-doctor-") as root:
            folder = WorkspacePaths(Path(root)).runtime_dir
            try:
                make_private(folder)
                yield folder
            finally:
                with suppress(OSError):
                    folder.rmdir()
