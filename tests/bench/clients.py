"""Measure other clients of the app-server for one turn with many deltas. Run by a Python in which they are installed:

clients.py sdk PROGRAM           the `openai-codex` SDK
clients.py autorunner PROGRAM    codex-autorunner's client

PROGRAM stands in for codex and uses standard input and output. They print milliseconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

THREAD = "thread-1"


def sdk(program: str) -> float:
    from openai_codex.client import CodexClient, CodexConfig  # type: ignore[import-not-found]

    with CodexClient(CodexConfig(codex_bin=program)) as client:
        client.initialize()
        began = time.perf_counter()
        answer: Any = client._request_raw("turn/start", {"threadId": THREAD, "input": []})
        turn = answer["turn"]["id"]
        client.register_turn_notifications(turn)
        while client.next_turn_notification(turn).method != "turn/completed":
            pass
        return (time.perf_counter() - began) * 1000


async def autorunner(program: str) -> float:
    from codex_autorunner.adapters.app_server.client import (  # type: ignore[import-not-found]
        CodexAppServerClient,
    )

    client = CodexAppServerClient([program, "app-server"], cwd=Path.cwd())
    await client.start()
    try:
        began = time.perf_counter()
        handle = await client.turn_start(THREAD, "go")
        await handle.wait(timeout=60)
        return (time.perf_counter() - began) * 1000
    finally:
        await client.close()


if __name__ == "__main__":
    which, program = sys.argv[1:]
    print(sdk(program) if which == "sdk" else asyncio.run(autorunner(program)), flush=True)
