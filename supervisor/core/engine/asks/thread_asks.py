"""Ask the human when a thread cannot be opened and trying again does not help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.updates import put
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import needs_thread, next_thread
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.report import Question
from supervisor.domain.task import Phase
from supervisor.domain.thread import Thread, ThreadKey
from supervisor.domain.world import World

TRIES = 3  # that must have failed; a moment's trouble is over by then

_REMEDIES = (  # words of Codex's reason, in lower case, and what to do
    (("failed to load configuration",), "Correct what it names in Codex's configuration."),
    (("mcp",), "Start the MCP server that it names, or take `required` off it in config.toml."),
    (("config.toml", "config profile"), "Correct config.toml: `orch doctor` names the file and the line."),
    (("archived",), "Take it out of the archive: `codex unarchive {thread}`."),
    (("rollout", "session metadata"), "Codex's own file of it is damaged: put it back from a backup if there is one."),
    (("writer", "lock", "another process"), "Close the other Codex that has the thread open."),
    (("log in", "login", "logged in", "auth"), "Run `codex login`."),
)


def questions(world: World, at: datetime) -> Iterator[tuple[ThreadKey, str, Question]]:
    """Yield the threads that tasks wait for and that do not open, each with a task and the question for the human."""
    if world.supervisor.stopping is not None:
        return
    for key, thread in world.threads.items():
        if thread.failures < TRIES or thread.open or thread.failing_since is None:
            continue
        patience = timedelta(seconds=world.config.ready_seconds)
        waiting = _waiting(world, key, at) if at >= thread.failing_since + patience else None
        if waiting is not None:
            yield key, waiting, _question(key, thread, waiting)


def moments(world: World) -> Iterator[datetime]:
    """Yield the moments when a thread has failed for long enough."""
    for thread in world.threads.values():
        if thread.failing_since is not None and thread.failures >= TRIES and not thread.open:
            yield thread.failing_since + timedelta(seconds=world.config.ready_seconds)


def answered(world: World, key: ThreadKey) -> World:
    """The human has seen to it: try at once."""
    thread = world.threads.get(key)
    if thread is None or thread.open:
        return world
    again = replace(thread, failures=0, failing_since=None, not_before=None)
    return replace(world, threads=put(world.threads, key, again))


def _waiting(world: World, key: ThreadKey, at: datetime) -> str | None:
    """The first task that cannot go on without this thread; None if none waits for it."""
    if key == session.KEY:
        own = world.orchestrator.state
        needed = own is not None and (own.phase in _ON_THREAD or session.next_turn(world, at) is not None)
        return ORCHESTRATOR if needed else None
    tasks = (state for state in world.tasks.values() if needs_thread(world, state))
    return next((state.task for state in tasks if next_thread(world, state) == key), None)


_ON_THREAD = (Phase.STARTING, Phase.WORKING, Phase.STOPPING)


def _question(key: ThreadKey, thread: Thread, waiting: str) -> Question:
    reason = thread.problem.lower()
    remedy = next((remedy for words, remedy in _REMEDIES if any(word in reason for word in words)), None)
    look = f"Look at what its server says (`orch logs --child {key[0]}`)."
    steps = f"{(remedy or look).format(thread=thread.id)} orch tries again by itself now and then."
    fresh = f" If it need not remember what it did, `orch go {waiting} --fresh-thread` goes on with a new thread."
    return Question(
        f"The thread of {key[0]} that {waiting} needs cannot be opened ({thread.failures} tries): {thread.problem}",
        steps + (fresh if thread.id else ""),
        "`accept` tries again at once.",
    )
