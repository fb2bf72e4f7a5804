"""The surveyor process runs while it is needed, and never outlives us."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from supervisor.domain.child import Child
from supervisor.runtime.survey.client import STAYS, SurveyFailed, Surveyor
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import marked
from tests.gitrepo import commit, empty_repo


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    (tmp_path / "ws").mkdir()
    empty_repo(tmp_path / "api")
    (tmp_path / "api" / "README.md").write_text("# api\n", encoding="utf-8")
    commit(tmp_path / "api")
    return WorkspacePaths(tmp_path / "ws")


def surveying(
    workspace: WorkspacePaths, what: Callable[[Surveyor], Awaitable[None]], *, stays: float = STAYS
) -> list[psutil.Process]:
    """Run `what` with a surveyor, and return the processes that are left afterwards."""

    async def main() -> None:
        async with asyncio.timeout(30):
            async with Surveyor(workspace, stays=stays) as surveyor:
                await what(surveyor)

    asyncio.run(main())
    return surveyors(workspace)


def surveyors(workspace: WorkspacePaths) -> list[psutil.Process]:
    return [psutil.Process(one.pid) for one in marked(workspace.mark("survey"))]


async def survey(workspace: WorkspacePaths, surveyor: Surveyor, path: str = "../api") -> str:
    child = Child("api", os.path.normpath(workspace.root / path))
    return (await surveyor.survey([child], [], "")).digest


def test_one_process_does_surveys_in_a_row_and_is_killed_with_us(workspace: WorkspacePaths) -> None:
    async def twice(surveyor: Surveyor) -> None:
        first = await survey(workspace, surveyor)
        before = surveyors(workspace)
        assert (await survey(workspace, surveyor), surveyors(workspace)) == (first, before)
        assert len(before) == 1

    assert surveying(workspace, twice) == []


def test_an_idle_process_exits_and_the_next_survey_starts_another(workspace: WorkspacePaths) -> None:
    async def twice(surveyor: Surveyor) -> None:
        first = await survey(workspace, surveyor)
        _, there = await asyncio.to_thread(psutil.wait_procs, surveyors(workspace), 20)
        assert there == []
        assert await survey(workspace, surveyor) == first

    assert surveying(workspace, twice, stays=0.0) == []


def test_a_killed_process_is_replaced(workspace: WorkspacePaths) -> None:
    async def twice(surveyor: Surveyor) -> None:
        first = await survey(workspace, surveyor)
        for one in surveyors(workspace):
            one.kill()
        with suppress(SurveyFailed):  # we may notice its death only now
            await survey(workspace, surveyor)
        assert await survey(workspace, surveyor) == first

    assert surveying(workspace, twice) == []


def test_a_survey_that_fails_says_why_and_the_next_one_does_not(workspace: WorkspacePaths) -> None:
    async def twice(surveyor: Surveyor) -> None:
        workspace.state.write_text("a file where a folder should be", encoding="utf-8")
        with pytest.raises(SurveyFailed, match=r"\.orchestrator cannot be written"):
            await survey(workspace, surveyor)
        workspace.state.unlink()
        before = surveyors(workspace)
        assert await survey(workspace, surveyor)
        assert surveyors(workspace) == before

    assert surveying(workspace, twice) == []


def test_a_process_that_crashes_is_reported_with_its_last_line_and_replaced(workspace: WorkspacePaths) -> None:
    async def twice(surveyor: Surveyor) -> None:
        workspace.state.mkdir()
        workspace.maps.write_text("a file where a folder should be", encoding="utf-8")
        with pytest.raises(SurveyFailed, match=r"FileExistsError: .*run `orch map`"):
            await survey(workspace, surveyor)
        workspace.maps.unlink()
        assert await survey(workspace, surveyor)

    assert surveying(workspace, twice) == []


def test_a_process_whose_survey_is_cancelled_is_killed(workspace: WorkspacePaths) -> None:
    async def interrupted(surveyor: Surveyor) -> None:
        under_way = asyncio.create_task(survey(workspace, surveyor))
        while not surveyors(workspace):
            assert not under_way.done()
            await asyncio.sleep(0)
        under_way.cancel()
        await asyncio.wait([under_way])
        assert surveyors(workspace) == []

    assert surveying(workspace, interrupted) == []
