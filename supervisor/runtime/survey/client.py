"""Have a separate process survey the repos, so that the supervisor never waits for it.

To read ten thousand files takes seconds, and memory that is free again once the process has exited. The process stays
for a while, because to start it takes ten times as long as to survey repos that hardly changed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import cast

from supervisor.domain.child import Child
from supervisor.domain.link import SurveyResult
from supervisor.errors import OrchError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import MARK
from supervisor.wire.plain import loaded, plain

WITHIN = 300.0  # seconds for one survey; ten thousand files take about ten
STAYS = 20.0  # seconds that an idle process waits for the next survey; turns in a row end within that time
LIMIT = 32 << 20  # bytes of an answer
# Lower its priority first, so that it does not slow down the servers or the person.
_SURVEYOR = "import os; os.nice(10); from supervisor.runtime.survey.worker import main; main()"


class SurveyFailed(OrchError):
    """The map could not be updated."""


class Surveyor:
    """The surveyor process. It does one survey at a time, is started when needed, and killed with this context."""

    def __init__(self, workspace: WorkspacePaths, *, stays: float = STAYS) -> None:
        self._workspace = workspace
        self._stays = stays
        self._process: Process | None = None
        self._leave: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Surveyor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._kill()

    async def survey(self, children: Iterable[Child], touched: Sequence[str], known: str) -> SurveyResult:
        """Do what `surveyed` does, in the process. Raises SurveyFailed with the process's last line of output."""
        request = json.dumps([known, [plain(child) for child in children], list(touched)])
        answered = False
        try:
            async with asyncio.timeout(WITHIN):
                found: SurveyResult | str = loaded(
                    cast(type[SurveyResult | str], SurveyResult | str), await self._answer(request)
                )
            answered = True
        except TimeoutError:
            raise SurveyFailed(f"it took longer than {WITHIN:g} s", "run `orch map` to see where it hangs") from None
        except ValueError as error:
            raise SurveyFailed("its answer is not valid", "run `orch map`") from error
        finally:
            if not answered:
                await self._kill()
        self._leave = asyncio.get_running_loop().call_later(self._stays, self._release)
        if isinstance(found, str):
            raise SurveyFailed(found, "run `orch map`")
        return found

    async def _answer(self, request: str) -> bytes:
        process = await self._running_process()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(request.encode() + b"\n")
        if answer := await process.stdout.readline():
            return answer
        errors = (await process.stderr.read()).decode("utf-8", "replace").strip().splitlines()
        raise SurveyFailed(errors[-1] if errors else f"it exited with {await process.wait()}", "run `orch map`")

    async def _running_process(self) -> Process:
        """Return the process of the last survey if it still runs, else start a new one."""
        if self._leave is not None:
            self._leave.cancel()
            self._leave = None
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _SURVEYOR, str(self._workspace.root)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LIMIT,
                env={**os.environ, MARK: self._workspace.mark("survey")},  # so `orch down` finds it even if we die
                start_new_session=True,
            )
        return self._process

    def _release(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()  # it exits by itself

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if self._leave is not None:
            self._leave.cancel()
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
