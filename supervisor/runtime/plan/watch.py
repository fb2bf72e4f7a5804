"""Follow plan.md: read each saved version once, check it, keep it, and post it to the loop."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence

from supervisor.core.engine.foresee import foreseen, surprise
from supervisor.core.plan.diff import describe, diff
from supervisor.domain.event import Event, PlanAccepted, PlanMissing, PlanPostponed, PlanRejected
from supervisor.domain.plan import Plan, Problem, Rejection
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.plan.inbox import WorldInbox
from supervisor.runtime.plan.read import check, read, with_exact_plan
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic

_NOTHING = object()  # differs from any content


class PlanWatch:
    """Reads plan.md on request, and posts an event for a new version."""

    def __init__(
        self,
        workspace: WorkspacePaths,
        children: Sequence[str],
        loop: WorldInbox,
        authors: Authors,
        reached: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`reached` says why the commands of a child could have written plan.md, if they could."""
        self._reached = reached
        self._authors = authors
        self._workspace = workspace
        self._children = children
        self._loop = loop
        self._seen: object = _NOTHING  # the content at the last call of `look`
        self.unkept = False  # it could not be kept, or counts for nobody's; the next `look` tries again

    async def look_after(self, caught_up: Awaitable[None]) -> None:
        """Read plan.md after a save, once `caught_up` is over: the notification that the orchestrator is about to write
        may still be on its way, and without it the version would count as the human's."""
        await caught_up
        self.look()

    def exact(self, world: World) -> World:
        """Return a world that was read from the ledger with the plan in force as it was written: plan.md is another."""
        return with_exact_plan(world, self._workspace, self._children)

    def look(self) -> None:
        """Read plan.md. Posts an event if it has changed since the last call."""
        loop, now = self._loop, self._loop.clock.now()
        content = read(self._workspace.plan)
        if content == self._seen:
            return
        self.unkept = False
        first, self._seen = self._seen is _NOTHING, content
        if content is None:
            loop.post(PlanMissing(now, "there is no plan.md"))
        elif isinstance(content, Rejection):
            loop.post(PlanRejected(now, "", content.problems))
        elif (why := self._reached()) is not None:
            self._reject_for_now(content, why, "")  # nobody knows whose it is
        elif not content.strip():
            loop.post(PlanMissing(now, "plan.md is empty"))
        else:
            self._read(content, first=first)

    def _read(self, content: bytes, *, first: bool) -> None:
        loop, now = self._loop, self._loop.clock.now()
        digest = hashlib.sha256(content).hexdigest()
        world = loop.world
        author = self._authors.author_of(digest)
        plan = check(content, self._children, world.plan.current)
        if not isinstance(plan, Rejection) and digest != world.plan.digest and self._authors.is_stale(digest):
            plan = Rejection((Problem(1, _stale(world.plan.revision)),))
        if isinstance(plan, Rejection):
            loop.post(PlanRejected(now, digest, plan.problems, author))
            return
        if digest == world.plan.digest and world.plan.current is not None:
            wrong = world.plan.problems or world.plan.missing is not None or world.plan.postponed is not None
            if not first or wrong or plan != world.plan.current:
                loop.post(
                    PlanAccepted(now, world.plan.revision, digest, "as before", plan, world.plan.author or author)
                )
            return
        event = PlanAccepted(
            now, world.plan.revision + 1, digest, describe(diff(world.plan.current, plan)), plan, author
        )
        waits, postponed = self._judged(event), world.plan.postponed
        if waits is None:
            try:
                self._keep(content, event)
            except StoreError as error:
                self._reject_for_now(content, str(error), author)
                return
            loop.post(event)
        elif postponed is None or postponed.digest != digest:
            picture = foreseen(world, event).picture
            loop.post(PlanPostponed(now, digest, event.summary, plan, waits, author, picture))

    def _reject_for_now(self, content: bytes, why: str, author: str) -> None:
        """Reject a version for a reason that is not in it: it is read again, also if nobody saves another one."""
        self._seen, self.unkept = _NOTHING, True
        problems = (Problem(1, why),)
        if self._loop.world.plan.problems != problems:  # else it is known already
            digest = hashlib.sha256(content).hexdigest()
            self._loop.post(PlanRejected(self._loop.clock.now(), digest, problems, author))

    def _judged(self, event: PlanAccepted) -> str | None:
        """Return why a version waits for `orch go`; None if it comes into force now. Whatever has changed since, one
        that waits already waits on, as long as the config has a limit."""
        world = self._loop.world
        postponed = world.plan.postponed
        if postponed is not None and postponed.digest == event.digest and world.config.surprise is not None:
            return postponed.why
        return surprise(world, event)

    def release(self) -> Sequence[Event] | None:
        """Return what lets the version in force that waits for `orch go`: nothing if none waits, None if plan.md is not
        that version any more. Raises StoreError if the version cannot be kept."""
        world, content = self._loop.world, read(self._workspace.plan)
        postponed = world.plan.postponed
        if (
            postponed is None
            or not isinstance(content, bytes)
            or hashlib.sha256(content).hexdigest() != postponed.digest
        ):
            return () if postponed is None else None
        plan = check(content, self._children, world.plan.current)
        if not isinstance(plan, Plan):
            return None
        at, revision = self._loop.clock.now(), world.plan.revision + 1
        event = PlanAccepted(at, revision, postponed.digest, postponed.summary, plan, postponed.author)
        self._keep(content, event)
        return (event,)

    def _keep(self, content: bytes, event: PlanAccepted) -> None:
        """Keep the version word for word. Raises StoreError."""
        path = self._workspace.plans / f"{event.revision:04d}.md"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomic(path, content.decode("utf-8-sig"))
        except OSError as error:
            raise StoreError(
                f"plan.md cannot be kept as {path} ({error.strerror})", "make room on the disk: then it is read again"
            ) from error


def _stale(revision: int) -> str:
    return (
        f"the orchestrator wrote this over revision {revision}, which it had not read: that revision stays in force, "
        f"in .orchestrator/plans/{revision:04d}.md; read it and write plan.md again from there"
    )
