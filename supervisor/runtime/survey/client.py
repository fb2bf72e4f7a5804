"""The survey as the supervisor has it done: by a process of its own, so that the supervisor never waits for it.

Reading ten thousand files takes seconds and memory; a process that ends gives both back. It stays for a while: to start
it takes ten times as long as to survey repos that hardly changed.
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

from supervisor.domain.child import Child
from supervisor.domain.link import SurveyResult
from supervisor.errors import OrchError
from supervisor.runtime.workspace import Workspace
from supervisor.shell.process import MARK
from supervisor.wire.plain import loaded

WITHIN = 300.0  # seconds for one survey; ten thousand files take about ten
STAYS = 20.0  # seconds from one survey to the next: turns that follow each other end sooner
LIMIT = 32 << 20  # bytes of an answer
# It gives way to the servers, and to whatever the person does, from its first moment on.
_SURVEYOR = "import os; os.nice(10); from supervisor.runtime.survey.worker import main; main()"


class SurveyFailed(OrchError):
    """The map could not be brought up to date."""


class Surveyor:
    """The process that surveys, one survey at a time: started when it is needed, and ended with this context."""

    def __init__(self, workspace: Workspace, *, stays: float = STAYS) -> None:
        self._workspace = workspace
        self._stays = stays
        self._process: Process | None = None
        self._leave: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Surveyor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def survey(self, children: Iterable[Child], touched: Sequence[str], known: str) -> SurveyResult:
        """See `surveyed`. Raises SurveyFailed saying what the process said last."""
        asked = json.dumps([known, {child.name: child.path for child in children}, list(touched)])
        kept = False
        try:
            async with asyncio.timeout(WITHIN):
                found: SurveyResult | str = loaded(SurveyResult | str, await self._answer(asked))
            kept = True
        except TimeoutError:
            raise SurveyFailed(f"it took longer than {WITHIN:g} s", "run `orch map` to see where it stays") from None
        except ValueError as error:
            raise SurveyFailed("its answer makes no sense", "run `orch map`") from error
        finally:
            if not kept:
                await self._end()
        self._leave = asyncio.get_running_loop().call_later(self._stays, self._let_go)
        if isinstance(found, str):
            raise SurveyFailed(found, "run `orch map`")
        return found

    async def _answer(self, asked: str) -> bytes:
        process = await self._at_hand()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(asked.encode() + b"\n")
        if answer := await process.stdout.readline():
            return answer
        said = (await process.stderr.read()).decode("utf-8", "replace").strip().splitlines()
        raise SurveyFailed(said[-1] if said else f"it ended with {await process.wait()}", "run `orch map`")

    async def _at_hand(self) -> Process:
        """The process of the last survey if it is still there, else a new one."""
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
                env={**os.environ, MARK: self._workspace.mark("survey")},  # `orch down` finds it whatever became of us
                start_new_session=True,
            )
        return self._process

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()  # it ends by itself

    async def _end(self) -> None:
        process, self._process = self._process, None
        if self._leave is not None:
            self._leave.cancel()
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
