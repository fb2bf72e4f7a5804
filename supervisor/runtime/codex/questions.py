"""Ask a child a question: one read-only turn on an ephemeral thread, in parallel with the child's task."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime

from supervisor.domain import event as ev
from supervisor.errors import ConnectionLost, OrchError, RequestRefused, RpcError, UsageError
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.codex.session import Session
from supervisor.runtime.secrets import clean
from supervisor.wire.codex.answers import INTERRUPT_TURN, LEAVE_THREAD, START_THREAD, START_TURN
from supervisor.wire.codex.child_question import QUESTION_LIMIT, WITHIN, QuestionTurn, question_thread, question_turn
from supervisor.wire.codex.notifications import Notification
from supervisor.wire.control import ChildAnswer

AT_ONCE = 4  # questions that one child answers in parallel; each is a thread, with MCP servers of its own
ANSWER_LIMIT = 16_000  # characters of an answer that are returned
KEPT = 2_000  # characters of question and answer in the ledger, which records that they were exchanged
CLOSE_TIMEOUT = 5.0  # seconds to interrupt the turn and leave the thread

_CUT = "\n[cut here: ask for less at a time]"
_INSTRUCTIONS = (
    "You answer one question about the repo `{child}` for whoever coordinates it with other repos. Read what you need; "
    "change nothing. Say what you saw (files with line numbers, commits, commands with their output) apart from what "
    "you only suppose, and say so if you do not know. Be short. The last message of your turn is the answer."
)


class ChildQuestions:
    """Asks children questions, and records `ChildAsked` and `ChildAnswered`."""

    def __init__(
        self,
        clients: Mapping[str, ServerClient],
        record: Callable[[ev.Event], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._clients = clients
        self._record = record
        self._now = now
        self._open: Counter[str] = Counter()

    async def ask(self, child: str, question: str) -> ChildAnswer:
        """Return the child's answer.

        Raises UsageError for an invalid question, RequestRefused with the reason if there is no answer.
        """
        question = question.strip()
        if not 0 < len(question) <= QUESTION_LIMIT:
            raise UsageError("the question is empty or too long", f"ask in at most {QUESTION_LIMIT:,} characters")
        client = self._clients[child]
        session = client.session
        if session is None:
            raise RequestRefused(f"the server of {child} is not ready", "see `orch status`; `orch up` starts it")
        if self._open[child] >= AT_ONCE:
            raise RequestRefused(f"{child} has {AT_ONCE} questions to answer already", "ask again once it has answered")
        began, answer, problem = self._now(), "", ""
        self._open[child] += 1
        try:
            await self._record(ev.ChildAsked(began, child, clean(question)[:KEPT]))
            answer = await self._answered(client, session, question)
        except TimeoutError:
            problem = f"it took longer than {WITHIN:g} s"
        except RpcError as error:
            problem = error.message
        except OrchError as error:
            problem = error.what
        finally:
            self._open[child] -= 1
        seconds = round((self._now() - began).total_seconds(), 1)
        await self._record(ev.ChildAnswered(self._now(), child, clean(answer)[:KEPT], seconds, problem))
        if problem:
            raise RequestRefused(f"{child} did not answer: {problem}", "ask again, or less at a time")
        return ChildAnswer(child, answer, seconds)

    async def _answered(self, client: ServerClient, session: Session, question: str) -> str:
        """Return the answer. Raises TimeoutError, RpcError, or OrchError if the turn or the server failed."""
        child = client.child
        instructions = _INSTRUCTIONS.format(child=child.name)
        params = question_thread(child.path, child.model, child.effort, instructions=instructions)
        thread = (await client.request(START_THREAD, params)).thread.id
        progress, over = QuestionTurn(), asyncio.Event()

        def receive(notification: Notification) -> None:
            progress.observe(notification)
            if progress.over:
                over.set()

        client.ephemeral_threads[thread] = receive
        turn = None
        try:
            async with asyncio.timeout(WITHIN):
                started = await client.request(START_TURN, question_turn(thread=thread, text=question))
                turn = started.turn.id
                await _first(over, session.connection.closed)
        finally:
            if not session.connection.closed.is_set():
                with suppress(OrchError, TimeoutError):
                    async with asyncio.timeout(CLOSE_TIMEOUT):
                        if turn is not None and not progress.over:
                            await client.request(INTERRUPT_TURN, {"threadId": thread, "turnId": turn})
                        await client.request(LEAVE_THREAD, {"threadId": thread})
            client.ephemeral_threads.pop(thread, None)
        if not progress.over:
            raise ConnectionLost("its server went away", "orch restarts it")
        if progress.problem or not progress.text.strip():
            raise RequestRefused(progress.problem or "it ended its turn without an answer", "")
        return progress.text if len(progress.text) <= ANSWER_LIMIT else progress.text[:ANSWER_LIMIT] + _CUT


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of these is set."""
    waits = [asyncio.create_task(event.wait(), name="child question") for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
