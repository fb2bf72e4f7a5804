"""Try what a child on another machine needs there, step by step: the way, the repo, codex, room, a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from supervisor.domain.child import Child
from supervisor.errors import CodexError, ConnectionLost, OrchError, UsageError
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.handshake import perform_handshake
from supervisor.runtime.codex.version import refuse_old
from supervisor.runtime.config.load import load_present
from supervisor.runtime.config.model import Config
from supervisor.runtime.doctor.checks import Finding
from supervisor.runtime.naming import checked
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.codex.answers import login_problem, server_version, version_of
from supervisor.wire.place.scripts import PlaceScripts

PROBED = "doctor"  # in place of the name of a child: its own server is left alone
STOPS_WITHIN = 15.0  # seconds to end the server that was probed


async def examine_child(workspace: WorkspacePaths, name: str, report: Callable[[Finding], None]) -> bool:
    """Try each step and report it, up to the first that fails; whether none did. Raises UsageError for a child that is
    not behind a runner, or none at all."""
    config = load_present(workspace)
    checked(name, [child.name for child in config.children], "child")
    child = next(one for one in config.children if one.name == name)
    if child.runner is None:
        raise UsageError(f"{name} lives on this machine", "`orch doctor` checks that")
    steps = _Steps(workspace, config, child)
    try:
        for step, probe in steps.all().items():
            try:
                finding = Finding(step, True, await probe())
            except OrchError as error:
                finding = Finding(step, False, error.what, error.next_step)
            report(finding)
            if not finding.ok:
                return False
        return True
    finally:
        await asyncio.to_thread(steps.place.allocation.give_back)


class _Steps:
    def __init__(self, workspace: WorkspacePaths, config: Config, child: Child) -> None:
        assert child.runner is not None, "the caller has checked that"
        self._config = config
        self._child = child
        self.place = ChildPlace(workspace, child.name, child.runner, child.path, PROBED)

    def all(self) -> dict[str, Callable[[], Awaitable[str]]]:
        return {
            "runner": self.runner,
            "repo": self.repo,
            "codex": self.codex,
            "disk": self.disk,
            "server": self.server,
        }

    async def runner(self) -> str:
        system = await asyncio.to_thread(
            self.place.once_it_is_there,
            lambda: self.place.ask(lambda script: script.system()).text,
            self._config.limits.ready_seconds,
        )
        return f"{self.place.runner.name} answers ({system.partition(' ')[2] or system})"

    async def repo(self) -> str:
        return f"{self._child.path} is the root of a repo ({await self._said(lambda script: script.repo())})"

    async def codex(self) -> str:
        said = await self._said(lambda script: script.program())
        version = version_of(said)
        if version is None:
            raise CodexError(f"what is called codex there is not codex (it says: {said[:200]})", "install it there")
        refuse_old(".".join(str(part) for part in version), said)
        return said

    async def disk(self) -> str:
        return f"{await self._said(lambda script: script.room())} can be written"

    async def server(self) -> str:
        """Start a server for this, and end it again."""
        arguments = spawn.arguments(self._child, self._config)
        line, there, holder = await asyncio.to_thread(
            self.place.open, arguments, lambda: None, self._config.limits.ready_seconds, anew=True, filters_off=True
        )
        try:
            handshake = await perform_handshake(there.socket, line.stream)
            try:
                if (problem := await handshake.config_problem()) is not None:
                    raise CodexError(f"codex there cannot load its configuration: {problem}", "correct it there")
                if (problem := login_problem(handshake.account)) is not None:
                    raise CodexError(problem, f"run `codex login` at {self.place.runner.name}")
                return f"codex app-server {server_version(handshake.hello)} starts there, answers, and is logged in"
            finally:
                handshake.connection.close()
        except (ConnectionLost, TimeoutError) as error:
            raise CodexError(f"its server gives no answer ({error})", "see `orch logs`") from error
        finally:
            await asyncio.to_thread(line.process.end)
            await asyncio.to_thread(self.place.end, kill=False, seconds=STOPS_WITHIN)
            if holder is not None:
                await asyncio.to_thread(holder.end, 0.5)

    async def _said(self, make: Callable[[PlaceScripts], str]) -> str:
        return (await asyncio.to_thread(self.place.ask, make)).text
