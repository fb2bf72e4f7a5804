"""Tools for plan.md: read it with a version, check a text, replace it if nobody else did meanwhile."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from pydantic import Field

from supervisor.core.plan.diff import describe, diff
from supervisor.domain.plan import FILE_LIMIT, Plan, Rejection
from supervisor.domain.status import Status
from supervisor.errors import OrchError, RequestRefused, UsageError, WorkspaceError
from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.page import Answer, Tool
from supervisor.runtime.config.load import named
from supervisor.runtime.plan.read import check, read
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.wire.plain import plain

PLAN_PAGE = 32_000  # characters: most plans are read at once
TASKS = 60  # told by check_plan
TAKEN_UP = 5.0  # seconds for the supervisor to read a plan.md that was saved; it takes 0.3

Text = Annotated[str, Field(description="The whole of plan.md.", max_length=FILE_LIMIT)]


class PlanTools:
    def __init__(self, workspace: Workspace, line: SupervisorClient) -> None:
        self._workspace = workspace
        self._line = line

    def tools(self) -> list[Tool]:
        return [Tool(self.read_plan, 30), Tool(self.check_plan, 30), Tool(self.write_plan, 60, reads=False)]

    def read_plan(self, offset: Annotated[int, Field(ge=0, description="The character to begin with.")] = 0) -> Answer:
        """plan.md as it is on disk, its version (write_plan wants it), whether it is in force, and what is wrong."""
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
        """Whether a text would be accepted as plan.md, what is wrong with it line by line, and what it would change."""
        content = self._content() if text is None else _encoded(text)
        plan = check(content, self._children())
        if isinstance(plan, Rejection):
            return {"ok": False, "problems": _problems(plan)}
        old = self._in_force()
        tasks = [{"id": one.id, "child": one.child, "after": list(one.after), "title": one.title} for one in plan.tasks]
        return {
            "ok": True,
            "problems": [],
            "title": plan.title,
            "hold": plan.hold,
            "tasks": tasks[:TASKS],
            "tasks_in_all": len(tasks),
            "changes": describe(diff(old, plan)),
        }

    async def write_plan(
        self, text: Text, version: Annotated[str, Field(description="The version that read_plan gave.")]
    ) -> Answer:
        """Replace plan.md; running work follows at once. Refused, with nothing written, if the text does not parse, or
        if plan.md is no longer the version that you read: then read_plan again and put your change into that."""
        before = await anyio.to_thread.run_sync(self._status)
        await anyio.to_thread.run_sync(self._replace, text, version)
        return await self._taken_up(_encoded(text), before)

    def _replace(self, text: str, version: str) -> None:
        content = _encoded(text)
        if not content.strip():
            raise UsageError("the plan is empty", "to start nothing new, use `hold`")
        found = check(content, self._children())
        if isinstance(found, Rejection):
            rows = "; ".join(f"line {one.line}: {one.message}" for one in found.problems)
            raise UsageError(f"nothing was written, for this is no plan: {rows}", "mend it and write it again")
        self._refuse_other(version)
        self._line.call("plan_written", digest=hashlib.sha256(content).hexdigest())
        path = Path(os.path.realpath(self._workspace.plan))
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        self._refuse_other(version)  # as late as can be: an editor may have saved meanwhile
        try:
            write_atomic(path, text)
            path.chmod(mode)
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be written ({error.strerror})", "make it writable") from error

    def _refuse_other(self, version: str) -> None:
        """Refuse if plan.md is not what was read."""
        if not re.fullmatch(r"\d+-[0-9a-f]{8}", version):
            raise UsageError(f"`{version[:40]}` is no version", "call read_plan; it gives the one to pass here")
        content = self._content()
        if _digest(content) != version.rpartition("-")[2]:
            status = self._status()
            revision = self._revision(status)
            taken = self._kept(revision) == content.decode("utf-8-sig", "replace")  # else its author is not known yet
            author = (status.plan.author if status and taken else None) or "somebody else"
            now = _version(revision, content)
            raise RequestRefused(
                f"conflict: plan.md changed since you read it; it is {now} now, and {author} wrote it",
                "read_plan again, keep that edit, and write your change into the new text",
            )

    async def _taken_up(self, content: bytes, before: Status | None) -> Answer:
        """What the supervisor made of it, once it has read it."""
        was = (before.plan.revision, before.plan.state) if before else None
        status = before
        seen = -1
        with anyio.move_on_after(TAKEN_UP):
            while True:
                seen, status = await self._line.watch(seen, TAKEN_UP)
                kept = self._kept(status.plan.revision or 0)
                if kept is not None and kept == content.decode() and status.plan.state in ("in_force", "held"):
                    break
        revision = self._revision(status)
        plan = status.plan if status else None
        return {
            "version": _version(revision, content),
            "revision": revision,
            "state": plan.state if plan else None,
            "changed": was != ((plan.revision, plan.state) if plan else None),
            "problems": plain(plan.problems) if plan else [],
        }

    # ── what is there ────────────────────────────────────────────────────────────────────────────

    def _children(self) -> list[str]:
        return [child.name for child in named(self._workspace)]

    def _content(self) -> bytes:
        """The bytes of plan.md; none if it is missing."""
        content = read(self._workspace.plan)
        if isinstance(content, Rejection):
            raise WorkspaceError(content.problems[0].message, "put a plan.md in its place")
        return content or b""

    def _status(self) -> Status | None:
        try:
            return self._line.status()
        except OrchError:
            return None

    def _revision(self, status: Status | None) -> int:
        """The one in force, as the supervisor says, else the newest that is kept."""
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
        raise UsageError("the text holds what is no UTF-8", "leave out unpaired surrogates") from error


def _version(revision: int, content: bytes) -> str:
    return f"{revision}-{_digest(content)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _problems(found: Plan | Rejection) -> list[dict[str, Any]]:
    if isinstance(found, Plan):
        return []
    return [{"line": one.line, "message": one.message} for one in found.problems]
