"""`orch mcp` over real standard input and output, called with the SDK's own client."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import Tool

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.gitrepo import commit, empty_repo
from tests.sockets import own_runtime_dir

PATIENCE = 40.0  # seconds for one call: a bound, never the expected time


class Refused(Exception):
    """A tool answered with an error."""


class Session:
    """One server, for the body of a `with`. May be called from several threads."""

    def __init__(self, workspace: WorkspacePaths, environ: Mapping[str, str] | None = None) -> None:
        arguments = ["-m", "supervisor.cli.main", "-C", str(workspace.root), "mcp"]
        env = {**(os.environ if environ is None else environ), "PYTHONPATH": str(CHECKOUT)}
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
        """Call a tool and return its structured answer. Raises Refused with the text of an error."""
        return self._portal.call(partial(self._call, tool, arguments))

    def text(self, tool: str, **arguments: Any) -> str:
        """Call a tool and return its answer as the text for clients that read no structured content."""
        (content,) = self._portal.call(partial(self._client.call_tool, tool, arguments)).content
        return str(content.text)

    def progress(self, tool: str, **arguments: Any) -> list[tuple[float, float | None, str | None]]:
        """Call a tool, with a token for its progress, and return the signs of progress."""
        found: list[tuple[float, float | None, str | None]] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            found.append((progress, total, message))

        self._portal.call(partial(self._client.call_tool, tool, arguments, progress_callback=note))
        return found

    def tools(self) -> list[Tool]:
        return self._portal.call(self._client.list_tools).tools

    async def _call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        with anyio.fail_after(PATIENCE):
            result = await self._client.call_tool(tool, arguments)
        if result.is_error:
            raise Refused(result.content[0].text)
        found: dict[str, Any] = result.structured_content
        return found


@contextmanager
def a_workspace(folder: Path) -> Iterator[WorkspacePaths]:
    """A workspace with the repos `backend` and `mobile`, sockets in a short folder of its own, and no supervisor."""
    with own_runtime_dir():
        for name in ("backend", "mobile"):
            repo = empty_repo(folder / name)
            (repo / "README.md").write_text(f"# {name}\n", encoding="utf-8")
            commit(repo, f"Start {name}")
        root = folder / "ws"
        root.mkdir()
        (root / "orchestrator.config.yaml").write_text(
            "children:\n  backend: ../backend\n  mobile: ../mobile\n", encoding="utf-8"
        )
        yield WorkspacePaths(root)
