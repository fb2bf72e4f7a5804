"""What a turn left running on a server: background commands and sub-agents. Look at them, and end them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from supervisor.domain.task import LeftoverLook
from supervisor.errors import RpcError
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.codex.session import Session
from supervisor.wire.codex.answers import (
    CLEAN_TERMINALS,
    LIST_TERMINALS,
    LIST_THREADS,
    LIST_TURNS,
    RESUME_THREAD,
    commands_in,
)
from supervisor.wire.codex.turns import CodexThread, CodexTurn, is_waiting

AGENTS = 100  # sub-agents of a thread that are looked at
PREVIEW = 100  # characters of a sub-agent's first message that name it


async def look(client: ServerClient, session: Session, thread: str, now: Callable[[], datetime]) -> LeftoverLook:
    """Return what still runs below a thread whose turn has ended."""
    commands, agents, signs = list(await _commands(client, thread)), [], []
    for agent in await _agents(client, thread):
        commands += await _commands(client, agent.id)
        if (turn := await _running(client, session, agent)) is None:
            continue
        agents.append(_name(agent))
        if turn.id in session.signs:
            signs.append(session.signs[turn.id])
        asked = any(request.thread == agent.id for _, request in session.asked.values())
        if is_waiting(agent) and not asked:
            # Its request went to an earlier connection. Codex repeats it to whoever resumes the thread.
            with suppress(RpcError):
                await client.request(RESUME_THREAD, {"threadId": agent.id, "excludeTurns": True})
    cpu = await client.cpu_seconds(session) if commands else None
    return LeftoverLook(now(), tuple(commands), tuple(agents), max(signs, default=None), cpu)


async def end(client: ServerClient, session: Session, thread: str) -> tuple[tuple[str, ...], str]:
    """End everything that runs below a thread whose turn has ended. Return its names, and why some of it still runs.

    Sub-agents come first, because they could start further commands.
    """
    ended, problems = [], []
    agents = await _agents(client, thread)
    for agent in agents:
        if (turn := await _running(client, session, agent)) is None:
            continue
        try:
            await client.interrupt(agent.id, turn.id)
            ended.append(f"sub-agent: {_name(agent)}")
        except RpcError as error:  # it may have ended meanwhile
            if await _running(client, session, agent) is not None:
                problems.append(f"{_name(agent)}: {error.message}")
    for one in (thread, *(agent.id for agent in agents)):
        commands = await _commands(client, one)
        if commands:
            try:
                await client.request(CLEAN_TERMINALS, {"threadId": one})
                ended += commands
            except RpcError as error:
                problems.append(f"{', '.join(commands)}: {error.message}")
    return tuple(ended), "; ".join(problems)


async def _agents(client: ServerClient, thread: str) -> list[CodexThread]:
    """List the sub-agents that the server has loaded, at any depth below a thread."""
    which = {"ancestorThreadId": thread, "modelProviders": [], "limit": AGENTS, "useStateDbOnly": True}
    try:
        found = (await client.request(LIST_THREADS, which)).data
    except RpcError:
        return []
    return [one for one in found if one.status.type != "notLoaded"]


async def _commands(client: ServerClient, thread: str) -> tuple[str, ...]:
    """List the commands that the turns of a thread left running; none if the thread is not loaded."""
    try:
        return commands_in(await client.request(LIST_TERMINALS, {"threadId": thread}))
    except RpcError:
        return ()


async def _running(client: ServerClient, session: Session, agent: CodexThread) -> CodexTurn | None:
    """Return the running turn of a sub-agent, or None."""
    if agent.status.type != "active":
        return None
    page = {"threadId": agent.id, "limit": 1, "sortDirection": "desc", "itemsView": "notLoaded"}
    try:
        turns = (await client.request(LIST_TURNS, page)).data
    except RpcError:
        return None
    turn = next((one for one in turns if one.status == "inProgress"), None)
    if turn is not None:
        session.notifications.turn_known(turn)
    return turn


def _name(agent: CodexThread) -> str:
    return " ".join(agent.preview.split())[:PREVIEW] or agent.id
