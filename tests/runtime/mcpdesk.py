"""`orch mcp` over real standard input and output, called with the SDK's own client."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import Tool

from supervisor.runtime.workspace import Workspace

CHECKOUT = Path(__file__).parent.parent.parent
PATIENCE = 40.0  # seconds for one call: a bound, never the expected time


class Refused(Exception):
    """A tool said that something is wrong."""


class Session:
    """One server, for the length of a `with`. May be called from several threads."""

    def __init__(self, workspace: Workspace, environ: Mapping[str, str] = os.environ) -> None:
        arguments = ["-m", "supervisor.cli.main", "-C", str(workspace.root), "mcp"]
        env = {**environ, "PYTHONPATH": str(CHECKOUT)}
        self._parameters = StdioServerParameters(command=sys.executable, args=arguments, env=env)
        self._stack = ExitStack()

    def __enter__(self) -> Session:
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        client = Client(stdio_client(self._parameters))
        self._client = self._stack.enter_context(self._portal.wrap_async_context_manager(client))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer. Raises Refused with the words if it is an error."""
        return self._portal.call(partial(self._call, tool, arguments))

    def tools(self) -> list[Tool]:
        return self._portal.call(self._client.list_tools).tools

    async def _call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        with anyio.fail_after(PATIENCE):
            result = await self._client.call_tool(tool, arguments)
        if result.is_error:
            raise Refused(result.content[0].text)
        found: dict[str, Any] = result.structured_content
        return found
