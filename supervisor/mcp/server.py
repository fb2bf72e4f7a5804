"""`orch mcp`: the tools of an orchestrator session, over standard input and output."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from supervisor import __version__
from supervisor.errors import OrchError
from supervisor.mcp.arguments import misfits, unknown_argument, unknown_tool
from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.page import NOTICE, Answer, Tool
from supervisor.mcp.plan_tools import PlanTools
from supervisor.mcp.repo_tools import RepoTools
from supervisor.mcp.work_tools import WorkTools
from supervisor.runtime.codex.mcp_config import SERVER
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths

_INSTRUCTIONS = (
    "Tools to lead work across several git repositories: understand them (repos, snapshot, map, files, git, "
    "ask_child), write plan.md (read_plan, check_plan, write_plan), follow the work (status, wait, runs, asks). A "
    f"supervisor carries out plan.md; you never change a repo yourself. {NOTICE}. If an answer has `next`, pass it as "
    "`offset` to get the next page."
)


PROGRESS = 3.0
"""Seconds between two signs of progress. Clients give up without one, those of the TypeScript SDK after 60 s."""

THREADS = 20  # calls of one tool that run at the same time, cancelled ones included: no tool waits for another's


def serve(workspace: WorkspacePaths) -> None:
    """Serve until standard input ends. Only the protocol goes to standard output."""
    build(workspace).run("stdio")
    # Exit even if a call still runs in a thread: nobody waits for its answer any more.
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(0)


class _Server(MCPServer[object]):
    """The SDK's server, with our sentences about calls that do not fit, signs of progress, and compact answers."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[object, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        known = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in known:
            raise ToolError(unknown_tool(name, known))
        taken = known[name].get("properties", {})
        for argument in arguments:
            if argument not in taken:
                raise ToolError(unknown_argument(name, argument, taken))
        try:
            return _compact(await self._call(name, arguments, context))
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(misfits(name, error.__cause__, known[name])) from error.__cause__
            raise

    async def _call(
        self, name: str, arguments: dict[str, Any], context: Context[object, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        if context is None:
            return await super().call_tool(name, arguments, context)
        outcome: CallToolResult | InputRequiredResult | Exception
        async with anyio.create_task_group() as group:
            group.start_soon(_report_progress, name, context, name=f"progress of {name}")
            try:
                outcome = await super().call_tool(name, arguments, context)
            except Exception as error:
                outcome = error
            group.cancel_scope.cancel()
        if isinstance(outcome, Exception):
            raise outcome  # here, because the group would wrap it
        return outcome


async def _report_progress(name: str, context: Context[object, Any]) -> None:
    """Say now and then that a tool still runs, to a client that gave a token for it."""
    seconds = 0.0
    while True:
        await anyio.sleep(PROGRESS)
        seconds += PROGRESS
        await context.report_progress(seconds, message=f"`{name}` has run for {seconds:g} s")


def _compact(result: CallToolResult | InputRequiredResult) -> CallToolResult | InputRequiredResult:
    """Write an answer as JSON without the spaces and lines of the SDK, which models would read as tokens."""
    if isinstance(result, CallToolResult) and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
        return result.model_copy(update={"content": [TextContent(type="text", text=text)]})
    return result


def build(workspace: WorkspacePaths) -> MCPServer[object]:
    """Build the server with all tools of this workspace."""
    server = _Server(SERVER, version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING")
    client = SupervisorClient(workspace)
    for theme in (RepoTools(workspace, client), PlanTools(workspace, client), WorkTools(workspace, client)):
        for tool in theme.tools():
            server.add_tool(
                _bounded(tool),
                annotations=ToolAnnotations(
                    read_only_hint=tool.reads, destructive_hint=tool.final, open_world_hint=False
                ),
            )
    return server


def _bounded(tool: Tool) -> Callable[..., Awaitable[Answer]]:
    """Wrap a tool for the SDK: run it in a thread, limit its time, and turn errors into its answer."""
    run = tool.run
    name = run.__name__
    threads = anyio.CapacityLimiter(THREADS)

    @functools.wraps(run)
    async def call(**arguments: object) -> Answer:
        try:
            with anyio.fail_after(tool.seconds):
                if inspect.iscoroutinefunction(run):
                    found: Answer = await run(**arguments)
                else:
                    plain = functools.partial(run, **arguments)
                    found = await anyio.to_thread.run_sync(plain, abandon_on_cancel=True, limiter=threads)  # type: ignore[arg-type]
                return found if tool.exact else clean(found)
        except OrchError as error:
            raise ToolError(clean(str(error))) from error
        except TimeoutError as error:
            raise ToolError(f"`{name}` took longer than {tool.seconds:g} s: ask for less at a time") from error

    return call
