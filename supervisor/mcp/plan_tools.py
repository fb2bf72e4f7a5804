"""Tools for plan.md: read it with its version, check a text, replace it unless somebody else did meanwhile."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import anyio.to_thread
from pydantic import Field

from supervisor.core.engine.foresee import describe_picture
from supervisor.core.plan.diff import describe, diff
from supervisor.domain.plan import FILE_LIMIT, Plan, Rejection
from supervisor.domain.status import Status
from supervisor.errors import OrchError, RequestRefused, UsageError, WorkspaceError
from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.page import Answer, Tool
from supervisor.runtime.config.load import load_present, named
from supervisor.runtime.plan.outlook import outlook
from supervisor.runtime.plan.read import check, read
from supervisor.runtime.presence.roster import holder
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.wire.plain import plain

PLAN_PAGE = 32_000  # characters; most plans fit on one page
TASKS = 60  # listed by check_plan
READ_WITHIN = 5.0  # seconds for the supervisor to read a plan.md that was saved; it takes 0.3

Text = Annotated[str, Field(description="The whole of plan.md.", max_length=FILE_LIMIT)]


class PlanTools:
    """The tools that read, check and write plan.md."""

    def __init__(self, workspace: WorkspacePaths, client: SupervisorClient) -> None:
        self._workspace = workspace
        self._client = client

    def tools(self) -> list[Tool]:
        """Return them, each with the seconds that it may take."""
        return [Tool(self.read_plan, 30, exact=True), Tool(self.check_plan, 30), Tool(self.write_plan, 60, reads=False)]

    def read_plan(self, offset: Annotated[int, Field(ge=0, description="The character to begin with.")] = 0) -> Answer:
        """Read plan.md as it is on disk: its text, its version (for write_plan), its state and its problems."""
        content = self._content()
        status = self._status()
        text = content.decode("utf-8-sig", "replace")
        found = check(content, self._children()) if content.strip() else Rejection(())
        end = offset + PLAN_PAGE
        state = status.plan.state if status else "the supervisor is not up: run `orch up`"
        return {
            "text": text[offset:end],
            "next": end if end < len(text) else None,
            "version": _version(self._revision(status), content),
            "revision": self._revision(status),
            "state": state if content else "missing",
            "author": status.plan.author if status else None,
            "problems": _problems(found),
        }

    def check_plan(
        self,
        text: Annotated[str | None, Field(description="A text; without one: plan.md.", max_length=FILE_LIMIT)] = None,
    ) -> Answer:
        """Check whether a text would be accepted as plan.md. Lists its problems by line, or its tasks, its
        changes, what it would do to tasks (`does`), and why it would wait for the human (`waits`)."""
        content = self._content() if text is None else _encoded(text)
        old = self._in_force()
        plan = check(content, self._children(), old)
        if isinstance(plan, Rejection):
            return {"ok": False, "problems": _problems(plan)}
        tasks = [{"id": one.id, "child": one.child, "after": list(one.after), "title": one.title} for one in plan.tasks]
        return {
            "ok": True,
            "problems": [],
            "warnings": [{"line": one.line, "message": one.message} for one in plan.warnings],
            "title": plan.title,
            "hold": plan.hold,
            "tasks": tasks[:TASKS],
            "tasks_in_all": len(tasks),
            "changes": describe(diff(old, plan)),
            **self._foreseen(content, plan),
        }

    def _foreseen(self, content: bytes, plan: Plan) -> Answer:
        """What the text would do to the tasks, and whether it would wait for the human; nothing if it is not known."""
        try:
            config, up = load_present(self._workspace), holder(self._workspace) is not None
            seen = outlook(self._workspace, config, content, plan, up=up)
        except OrchError:
            return {}
        return {"does": describe_picture(seen.picture), "waits": seen.waits}

    async def write_plan(
        self, text: Text, version: Annotated[str, Field(description="The version that read_plan gave.")]
    ) -> Answer:
        """Replace plan.md; running work follows at once. Nothing is written if the text does not parse, or if plan.md
        is no longer the version that you read. In that case, read_plan again and make your change in the new text."""
        before = await anyio.to_thread.run_sync(self._status)
        await anyio.to_thread.run_sync(self._replace, text, version)
        return await self._outcome(_encoded(text), before)

    def _replace(self, text: str, version: str) -> None:
        content = _encoded(text)
        if not content.strip():
            raise UsageError("the plan is empty", "to keep new work from starting, use `hold`")
        found = check(content, self._children(), self._in_force())
        if isinstance(found, Rejection):
            rows = "; ".join(f"line {one.line}: {one.message}" for one in found.problems)
            raise UsageError(f"nothing was written because the plan has errors: {rows}", "fix them and write it again")
        self._check_version(version)
        self._client.call("plan_written", digest=hashlib.sha256(content).hexdigest())
        path = Path(os.path.realpath(self._workspace.plan))
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        self._check_version(version)  # as late as possible: an editor may have saved meanwhile
        try:
            write_atomic(path, text)
            path.chmod(mode)
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be written ({error.strerror})", "make it writable") from error

    def _check_version(self, version: str) -> None:
        """Raise RequestRefused if plan.md is not the version that was read."""
        if not re.fullmatch(r"\d+-[0-9a-f]{8}", version):
            raise UsageError(f"`{version[:40]}` is not a version", "call read_plan, which returns the one to pass here")
        content = self._content()
        if _digest(content) != version.rpartition("-")[2]:
            status = self._status()
            revision = self._revision(status)
            accepted = self._kept(revision) == content.decode(
                "utf-8-sig", "replace"
            )  # else the author is not known yet
            author = (status.plan.author if status and accepted else None) or "somebody else"
            now = _version(revision, content)
            raise RequestRefused(
                f"conflict: plan.md changed since you read it; it is {now} now, and {author} wrote it",
                "read_plan again, keep that edit, and write your change into the new text",
            )

    async def _outcome(self, content: bytes, before: Status | None) -> Answer:
        """Wait until the supervisor has read the plan, at most READ_WITHIN seconds, and report its state."""
        was = (before.plan.revision, before.plan.state) if before else None
        status = before
        seen = -1
        with anyio.move_on_after(READ_WITHIN):
            while True:
                seen, status = await self._client.watch(seen, READ_WITHIN)
                kept = self._kept(status.plan.revision or 0)
                if kept is not None and kept == content.decode() and status.plan.state in ("in_force", "held"):
                    break
                if status.plan.state == "waiting" and status.plan.read == hashlib.sha256(content).hexdigest():
                    break
        revision = self._revision(status)
        plan = status.plan if status else None
        return {
            "version": _version(revision, content),
            "revision": revision,
            "state": plan.state if plan else None,
            "changed": was != ((plan.revision, plan.state) if plan else None),
            "problems": plain(plan.problems) if plan else [],
            "why": plan.why if plan else None,
        }

    # ── the current plan ─────────────────────────────────────────────────────────────────────────

    def _children(self) -> list[str]:
        return [child.name for child in named(self._workspace)]

    def _content(self) -> bytes:
        """The bytes of plan.md; b"" if it is missing. Raises WorkspaceError if it cannot be read."""
        content = read(self._workspace.plan)
        if isinstance(content, Rejection):
            raise WorkspaceError(content.problems[0].message, "put a plan.md in its place")
        return content or b""

    def _status(self) -> Status | None:
        try:
            return self._client.status()
        except OrchError:
            return None

    def _revision(self, status: Status | None) -> int:
        """The revision in force according to the supervisor, or the newest one on disk if it is down."""
        if status is not None:
            return status.plan.revision or 0
        return max((int(one.stem) for one in self._workspace.plans.glob("*.md") if one.stem.isdigit()), default=0)

    def _kept(self, revision: int) -> str | None:
        with suppress(OSError):
            return (self._workspace.plans / f"{revision:04d}.md").read_text(encoding="utf-8", errors="replace")
        return None

    def _in_force(self) -> Plan | None:
        kept = self._kept(self._revision(self._status()))
        plan = check(kept.encode(), self._children()) if kept is not None else None
        return plan if isinstance(plan, Plan) else None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the text cannot be encoded as UTF-8", "leave out unpaired surrogates") from error


def _version(revision: int, content: bytes) -> str:
    return f"{revision}-{_digest(content)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _problems(found: Plan | Rejection) -> list[dict[str, object]]:
    if isinstance(found, Plan):
        return []
    return [{"line": one.line, "message": one.message} for one in found.problems]
