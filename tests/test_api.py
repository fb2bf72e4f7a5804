"""The public Python API, with a real loop behind a real socket."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor import api
from supervisor.api import (
    LogLine,
    RequestRefused,
    Status,
    SupervisorDown,
    UsageError,
    WaitOutcome,
    Workspace,
    WorkspaceError,
)
from supervisor.domain import event as ev
from supervisor.domain.plan import Plan, Task
from tests import CHECKOUT
from tests.runtime.daemon.control.harness import LIMIT, Supervisor
from tests.sockets import own_runtime_dir

pytestmark = pytest.mark.timeout(20)
ASKED = Task("H1", "Pair a device", "human", instructions="Press the button.", expect="a green light")
PLAN = Plan("Pairing", False, "Pair.", "It pairs.", (), (ASKED,))


@pytest.fixture(autouse=True, scope="module")
def runtime_dir() -> Iterator[None]:
    with own_runtime_dir():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orchestrator.config.yaml").write_text("children: {}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Supervisor]:
    """A supervisor that waits on a human for H1."""
    with Supervisor(folder) as it:
        it.post(ev.PlanAccepted(it.loop.clock.now(), 1, "d", "first", PLAN))
        yield it


@pytest.fixture
def workspace(supervisor: Supervisor) -> Workspace:
    workspace = Workspace(supervisor.workspace.root)
    next(status for status in workspace.changes() if status.asks)
    return workspace


def test_a_workspace_is_found_from_any_folder_in_it(folder: Path) -> None:
    (folder / "notes").mkdir()
    assert Workspace(folder / "notes").root == Workspace(str(folder)).root == folder
    with pytest.raises(WorkspaceError, match=r"no orchestrator\.config\.yaml in "):
        Workspace("/")


def test_the_status_is_a_value(workspace: Workspace) -> None:
    status = workspace.status()
    assert isinstance(status, Status)
    assert (status.workspace, status.supervisor.state, status.plan.title) == (str(workspace.root), "up", "Pairing")
    assert [(task.id, task.state) for task in status.tasks] == [("H1", "needs_human")]
    assert workspace.status_json()["plan"] == {**workspace.status_json()["plan"], "state": "in_force", "revision": 1}
    assert workspace.asks() == status.asks
    assert status.asks[0].expect == "a green light"


def test_an_answer_settles_an_ask_once(workspace: Workspace) -> None:
    (ask,) = workspace.asks()
    with pytest.raises(UsageError, match="there is no ask `A9`"):
        workspace.answer("A9", "accept")
    assert workspace.answer(ask.id, "accept", "a green light") == "H1 is done"
    with pytest.raises(RequestRefused, match=f"{ask.id} is answered already"):
        workspace.answer(ask.id, "decline")
    assert workspace.asks() == ()


def test_a_wait_returns_with_what_ended_it(workspace: Workspace) -> None:
    seen: list[tuple[str, bool]] = []
    found = workspace.wait(
        "H1", timeout=LIMIT, on_status=lambda status, settled: seen.append((status.tasks[0].id, settled))
    )
    assert (found.outcome, [ask.task for ask in found.asks], found.blocked) == (WaitOutcome.NEEDS_HUMAN, ["H1"], ())
    assert seen == [("H1", True)]
    workspace.answer(found.asks[0].id, "accept")
    assert workspace.wait(timeout=LIMIT).outcome is WaitOutcome.DONE
    with pytest.raises(UsageError, match="there is no task `H2`: use `H1`"):
        workspace.wait("H2", timeout=0)


def test_a_wait_without_a_plan_ends_with_its_time(folder: Path) -> None:
    with Supervisor(folder):
        assert Workspace(folder).wait(timeout=0).outcome is WaitOutcome.TIMED_OUT


@pytest.mark.parametrize("seconds", [-5, -0.1, float("nan")])
def test_no_time_is_below_zero(workspace: Workspace, seconds: float) -> None:
    with pytest.raises(UsageError) as waited:
        workspace.wait(timeout=seconds)
    with pytest.raises(UsageError) as followed:
        workspace.changes(every=seconds)
    assert waited.value.what == f"nothing can be waited for {seconds:g} seconds"
    assert followed.value.what == f"the status cannot be looked at every {seconds:g} seconds"


def test_requests_to_the_supervisor_are_in_its_ledger(supervisor: Supervisor, workspace: Workspace) -> None:
    workspace.hold()
    assert workspace.status().plan.state == "held"
    workspace.go()
    workspace.note("the id is a UUID")
    workspace.plan("It times out", review=True)
    posted = [event for event in supervisor.recorded() if event.at > supervisor.recorded()[1].at]
    kinds = (ev.HoldSet, ev.HoldLifted, ev.LearningNoted, ev.PlanningRequested)
    assert [type(event) for event in posted if isinstance(event, kinds)] == list(kinds)
    with pytest.raises(UsageError, match="there is no child `back`"):
        workspace.restart("back")
    with pytest.raises(RequestRefused, match="H1 is neither blocked nor failed"):
        workspace.go("H1")


def test_without_a_supervisor_only_its_files_can_be_read(supervisor: Supervisor, workspace: Workspace) -> None:
    supervisor.__exit__()
    for call in (workspace.status, workspace.hold, workspace.asks, workspace.wait):
        with pytest.raises(SupervisorDown, match="the supervisor is not up: run `orch up`"):
            call()
    last = workspace.last_status()
    assert (last.supervisor.state, [task.id for task in last.tasks], bool(last.as_of)) == ("down", ["H1"], True)


async def read_events(workspace: Workspace, since: datetime | None = None) -> list[LogLine]:
    return [line async for line in workspace.events(since=since, follow=False)]


def test_events_are_those_of_the_ledger_in_order(supervisor: Supervisor, workspace: Workspace) -> None:
    before = datetime.now(UTC)
    workspace.note("the id is a UUID")
    lines = asyncio.run(read_events(workspace))
    assert [line.event for line in lines][:2] == ["supervisor_started", "plan_accepted"]
    assert [line.seq for line in lines if line.seq] == list(range(1, len([line for line in lines if line.seq]) + 1))
    raised = next(line for line in lines if line.event == "intended")
    assert (raised.task, raised.why is not None, raised.rest["action"]["action"]) == ("H1", True, "raise_ask")  # type: ignore[index,call-overload]
    (noted,) = [line for line in asyncio.run(read_events(workspace, before)) if line.seq]
    assert (noted.event, noted.level, noted.rest) == (
        "learning_noted",
        "info",
        {"source": "human", "text": "the id is a UUID"},
    )


def test_events_go_on_with_later_ones(workspace: Workspace) -> None:
    async def noted() -> str:
        async for line in workspace.events():
            if line.event == "plan_accepted":
                threading.Thread(target=workspace.note, args=("later",)).start()
            if line.event == "learning_noted":
                return str(line.rest["text"])
        raise AssertionError("it goes on until it is left")

    assert asyncio.run(asyncio.wait_for(noted(), LIMIT)) == "later"


def test_the_import_is_quick_and_every_public_name_is_there() -> None:
    program = "import supervisor.api, sys; print(*(name for name in ('asyncio', 'msgspec') if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
    assert {name: getattr(api, name).__module__.partition(".")[0] for name in api.__all__ if name[0] != "J"} == (
        dict.fromkeys([name for name in api.__all__ if name[0] != "J"], "supervisor")
    )
    with pytest.raises(AttributeError, match="has no attribute 'Wrkspace'"):
        api.Wrkspace  # noqa: B018


EXAMPLES = re.findall(
    r"^```python\n(.+?)^```", (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize(
    ("example", "says"),
    [*zip(EXAMPLES, ["needs_human\nA1 checkpoint: Pair a device", "supervisor_started\n"], strict=True)],
)
def test_the_examples_of_the_documents_run(example: str, says: str, workspace: Workspace) -> None:
    program = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n{example}"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=workspace.root, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert says in ran.stdout
