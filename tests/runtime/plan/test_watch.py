"""Each version of plan.md is read once, kept as a numbered revision, and posted; what cannot be read is reported."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.domain.event import Event, PlanAccepted, PlanMissing, PlanPostponed, PlanRejected
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.plan.watch import PlanWatch
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.codex.notifications import Notification, read_notification
from supervisor.wire.jsonrpc import Notice

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = "# Plan: A plan\n\n## Working Plan\n\n### T1 — One\n- child: backend\n\nDo it.\n"


class PlanFile:
    """A workspace, its plan.md and what is posted of it; the world follows."""

    def __init__(self, folder: Path) -> None:
        self.workspace = WorkspacePaths(folder)
        self.workspace.state.mkdir()
        self.world = World()
        self.clock = self
        self.authors = Authors(str(self.workspace.plan), lambda: self.world)
        self.reached: str | None = None  # why a child could have written plan.md
        self._posted: list[Event] = []
        self._watch = self.restarted()

    def restarted(self) -> PlanWatch:
        """The watch of another supervisor."""
        self._watch = PlanWatch(self.workspace, ("backend",), self, self.authors, lambda: self.reached)
        return self._watch

    @property
    def unkept(self) -> bool:
        return self._watch.unkept

    def now(self) -> datetime:
        return NOON

    def post(self, event: Event) -> None:
        self._posted.append(event)
        self.world = evolve(self.world, event)

    def saved(self, text: str | bytes) -> list[Event]:
        """What is posted once plan.md has this text."""
        self.workspace.plan.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.looked()

    def looked(self) -> list[Event]:
        self._posted.clear()
        self._watch.look()
        return list(self._posted)

    def saved_before(self, text: str, notification: Notification) -> list[Event]:
        """What is posted if plan.md has this text before the supervisor has read the notification of it."""

        async def caught_up() -> None:
            self.authors.observe(notification)

        self.workspace.plan.write_text(text, encoding="utf-8")
        self._posted.clear()
        asyncio.run(self._watch.look_after(caught_up()))
        return list(self._posted)

    def released(self) -> list[Event] | None:
        """What comes into the world at `orch go`; None if that is refused."""
        self._posted.clear()
        if (events := self._watch.release()) is None:
            return None
        for event in events:
            self.post(event)
        return list(self._posted)

    def kept(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(self.workspace.plans.glob("*"))}


@pytest.fixture
def file(tmp_path: Path) -> PlanFile:
    return PlanFile(tmp_path)


def accepted(events: list[Event] | None) -> PlanAccepted:
    assert events is not None
    (event,) = events
    assert isinstance(event, PlanAccepted)
    return event


def rejected(events: list[Event]) -> PlanRejected:
    (event,) = events
    assert isinstance(event, PlanRejected)
    return event


def of_item(stage: str, **item: object) -> Notification:
    """The orchestrator begins or completes an item."""
    said = read_notification(Notice(f"item/{stage}", {"threadId": "t", "turnId": "u", "item": {"id": "i", **item}}))
    assert isinstance(said, Notification)
    return said


def test_a_version_is_kept_word_for_word_and_posted_once(file: PlanFile) -> None:
    first = accepted(file.saved(PLAN))

    assert (first.revision, first.summary, first.author) == (1, "T1 added", HUMAN)
    assert file.looked() == []
    second = accepted(file.saved(PLAN.replace("Do it.", "Do it twice.")))
    assert (second.revision, second.summary) == (2, "T1 changed")
    assert file.kept() == {"0001.md": PLAN, "0002.md": PLAN.replace("Do it.", "Do it twice.")}


def test_a_missing_and_an_empty_file_are_distinguished(file: PlanFile) -> None:
    assert file.looked() == [PlanMissing(NOON, "there is no plan.md")]
    assert file.saved(" \n") == [PlanMissing(NOON, "plan.md is empty")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PLAN.replace("backend", "bakend"), "unknown child `bakend`: did you mean `backend`?"),
        (b"# Plan: \xff\n", "this is not UTF-8 text: save it as UTF-8"),
    ],
)
def test_a_version_with_an_error_is_rejected_and_not_kept(file: PlanFile, text: str | bytes, problem: str) -> None:
    file.saved(PLAN)

    assert [one.message for one in rejected(file.saved(text)).problems] == [problem]
    assert list(file.kept()) == ["0001.md"]


def test_what_is_no_file_is_rejected(file: PlanFile) -> None:
    file.workspace.plan.mkdir()
    (problem,) = rejected(file.looked()).problems
    assert problem.message == "plan.md is a folder: put a file in its place"


def test_the_version_in_force_that_is_back_is_the_revision_that_it_was(file: PlanFile) -> None:
    file.saved(PLAN)
    file.saved(PLAN.replace("backend", "bakend"))

    back = accepted(file.saved(PLAN))

    assert (back.revision, back.summary) == (1, "as before")


def test_the_next_supervisor_says_nothing_of_a_version_that_it_knows(file: PlanFile) -> None:
    file.saved(PLAN)
    file.restarted()
    assert file.looked() == []


# ── who wrote it ─────────────────────────────────────────────────────────────────────────────────


def test_what_the_orchestrator_announces_is_its_own(file: PlanFile) -> None:
    file.authors.claim(hashlib.sha256(PLAN.encode()).hexdigest())

    assert accepted(file.saved(PLAN)).author == ORCHESTRATOR
    assert accepted(file.saved(PLAN.replace("Do it.", "Mine."))).author == HUMAN


@pytest.mark.parametrize(
    "item",
    [
        {"type": "commandExecution", "command": "cat > plan.md", "commandActions": [{"type": "unknown"}]},
        {"type": "fileChange", "changes": [{"path": "./plan.md", "kind": {"type": "add"}, "diff": ""}]},
    ],
)
def test_what_it_writes_over_a_revision_that_it_has_not_read_does_not_come_into_force(
    file: PlanFile, item: dict[str, object]
) -> None:
    file.saved(PLAN)
    file.authors.observe(of_item("started", **item))

    stale = rejected(file.saved(PLAN.replace("Do it.", "Mine.")))

    assert stale.author == ORCHESTRATOR
    assert "wrote this over revision 1, which it had not read" in stale.problems[0].message


def test_what_it_writes_after_it_has_read_the_revision_comes_into_force(file: PlanFile) -> None:
    file.saved(PLAN)
    reading = {"type": "commandExecution", "command": "cat plan.md", "commandActions": [{"type": "read"}]}
    file.authors.observe(of_item("completed", **reading))
    file.authors.observe(of_item("started", type="commandExecution", command="sed -i s/a/b/ plan.md"))

    written = accepted(file.saved(PLAN.replace("Do it.", "Mine.")))

    assert (written.revision, written.author) == (2, ORCHESTRATOR)


def test_a_version_that_is_seen_before_its_announcement_is_judged_after_it(file: PlanFile) -> None:
    file.saved(PLAN)
    writing = of_item("started", type="commandExecution", command="cat > plan.md", commandActions=[{"type": "unknown"}])

    stale = rejected(file.saved_before(PLAN.replace("Do it.", "Mine."), writing))

    assert stale.author == ORCHESTRATOR


def test_a_patch_overwrites_nothing_that_was_not_read(file: PlanFile) -> None:
    file.saved(PLAN)
    patch = {"type": "fileChange", "changes": [{"path": "plan.md", "kind": {"type": "update"}, "diff": "@@"}]}
    file.authors.observe(of_item("started", **patch))
    file.authors.observe(of_item("completed", **patch))

    assert accepted(file.saved(PLAN.replace("Do it.", "Mine."))).author == ORCHESTRATOR


def test_commands_about_other_files_make_nobody_an_author(file: PlanFile) -> None:
    file.authors.observe(of_item("started", type="commandExecution", command="cat > other.md"))
    file.authors.observe(of_item("started", type="agentMessage", text="plan.md"))

    assert accepted(file.saved(PLAN)).author == HUMAN


def surprising(file: PlanFile) -> PlanPostponed:
    """Save a version that takes away the only running task."""
    file.saved(PLAN)
    task = replace(file.world.tasks["T1"], phase=Phase.WORKING, runs=1, new_run=False)
    file.world = replace(file.world, tasks={"T1": task}, config=replace(file.world.config, surprise=0.5))
    (event,) = file.saved(OTHER)
    assert isinstance(event, PlanPostponed)
    return event


OTHER = PLAN.replace("T1", "T2")


def test_a_version_that_would_stop_too_much_waits_and_is_no_revision_yet(file: PlanFile) -> None:
    event = surprising(file)
    assert (event.summary, event.author) == ("T2 added; T1 removed", HUMAN)
    assert event.why == "it would stop 1 of 1 running tasks (T1), more than `limits.surprise: 50%`"
    assert [(one.task, str(one.effect)) for one in event.picture] == [("T2", "waits"), ("T1", "retired")]
    assert (file.world.plan.revision, [*file.kept()]) == (1, ["0001.md"])
    assert file.looked() == []


def test_go_lets_what_waits_in_force_word_for_word(file: PlanFile) -> None:
    surprising(file)
    events = file.released()
    assert (accepted(events).revision, accepted(events).summary) == (2, "T2 added; T1 removed")
    assert file.kept()["0002.md"] == OTHER
    assert file.world.plan.postponed is None
    assert file.released() == [], "nothing waits any more"


def test_go_is_for_the_version_that_waits_only(file: PlanFile) -> None:
    surprising(file)
    file.workspace.plan.write_text(OTHER.replace("Do it.", "Do it twice."), encoding="utf-8")
    assert file.released() is None
    assert isinstance(file.looked()[0], PlanPostponed)


def test_what_waits_waits_on_after_a_restart_whatever_runs_then(file: PlanFile) -> None:
    surprising(file)
    file.world = replace(file.world, tasks={"T1": replace(file.world.tasks["T1"], phase=Phase.DONE, new_run=True)})
    file.restarted()
    assert file.looked() == []
    assert file.world.plan.postponed is not None
    file.world = replace(file.world, config=replace(file.world.config, surprise=None))
    file.restarted()
    assert accepted(file.looked()).revision == 2, "no limit any more: it is an edit like any other"


def test_a_further_edit_is_judged_anew(file: PlanFile) -> None:
    surprising(file)
    assert accepted(file.saved(PLAN + "And this.\n")).revision == 2
    assert file.world.plan.postponed is None
    file.saved(OTHER)
    back = accepted(file.saved(PLAN + "And this.\n"))
    assert (back.revision, back.summary, file.world.plan.postponed) == (2, "as before", None)


def test_a_version_that_cannot_be_kept_is_rejected_once_and_read_again_until_it_can(file: PlanFile) -> None:
    file.workspace.plans.write_text("in the way", encoding="utf-8")
    (rejected,) = file.saved(PLAN)
    assert isinstance(rejected, PlanRejected)
    assert "cannot be kept as" in rejected.problems[0].message
    assert "make room on the disk: then it is read again" in rejected.problems[0].message
    assert (file.looked(), file.unkept) == ([], True)
    file.workspace.plans.unlink()
    assert accepted(file.looked()).revision == 1
    assert not file.unkept


@pytest.mark.promise("workspace out of reach")
def test_a_version_that_a_child_could_have_written_is_nobodys_until_it_could_not(file: PlanFile) -> None:
    assert accepted(file.saved(PLAN)).revision == 1
    file.reached = "the workspace lies in the child `backend`: move it"
    (rejected,) = file.saved(PLAN.replace("Do it.", "Do that."))
    assert isinstance(rejected, PlanRejected)
    assert (rejected.problems[0].message, rejected.author) == (file.reached, "")
    assert (file.looked(), file.unkept, file.world.plan.revision) == ([], True, 1)
    file.reached = None
    found = accepted(file.looked())
    assert (found.revision, found.author, file.unkept) == (2, HUMAN, False)


def test_a_version_that_waits_and_cannot_be_kept_waits_on(file: PlanFile) -> None:
    surprising(file)
    shutil.rmtree(file.workspace.plans)
    file.workspace.plans.write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="make room on the disk"):
        file.released()
    assert file.world.plan.postponed is not None
