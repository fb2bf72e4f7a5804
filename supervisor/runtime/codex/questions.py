"""Questions to the children: a turn that may only read, on a thread of its own, beside whatever the child works on."""

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
from supervisor.wire.codex.answers import INTERRUPT_TURN, LEAVE_THREAD, START_THREAD, START_TURN
from supervisor.wire.codex.child_question import QUESTION_LIMIT, WITHIN, QuestionTurn, question_thread, question_turn
from supervisor.wire.codex.notifications import Notification
from supervisor.wire.control import ChildAnswer

AT_ONCE = 4  # questions that one child answers side by side; each is a thread, with MCP servers of its own
ANSWER_LIMIT = 16_000  # characters that are passed on
KEPT = 2_000  # characters of question and answer in the ledger: it is told there, not kept
LET_GO = 5.0  # seconds for a thread to be interrupted or left

_CUT = "\n[cut here: ask for less at a time]"
_INSTRUCTIONS = (
    "You answer one question about the repo `{child}` for whoever coordinates it with other repos. Read what you need; "
    "change nothing. Say what you saw (files with line numbers, commits, commands with their output) apart from what "
    "you only suppose, and say so if you do not know. Be short. The last message of your turn is the answer."
)


class ChildQuestions:
    """Asks children, and records `ChildAsked` and `ChildAnswered`."""

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
        """What the child answers. Raises UsageError, or RequestRefused if there is no answer and why."""
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
            await self._record(ev.ChildAsked(began, child, question[:KEPT]))
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
        await self._record(ev.ChildAnswered(self._now(), child, answer[:KEPT], seconds, problem))
        if problem:
            raise RequestRefused(f"{child} did not answer: {problem}", "ask again, or less at a time")
        return ChildAnswer(child, answer, seconds)

    async def _answered(self, client: ServerClient, session: Session, question: str) -> str:
        """The answer. Raises TimeoutError, RpcError, or OrchError if the turn or the server failed."""
        child = client.child
        instructions = _INSTRUCTIONS.format(child=child.name)
        params = question_thread(child.path, child.model, child.effort, instructions=instructions)
        thread = (await client.request(START_THREAD, params)).thread.id
        heard, over = QuestionTurn(), asyncio.Event()

        def hear(notification: Notification) -> None:
            heard.observe(notification)
            if heard.over:
                over.set()

        client.apart[thread] = hear
        turn = None
        try:
            async with asyncio.timeout(WITHIN):
                started = await client.request(START_TURN, question_turn(thread=thread, text=question))
                turn = started.turn.id
                await _first(over, session.connection.closed)
        finally:
            if not session.connection.closed.is_set():
                with suppress(OrchError, TimeoutError):
                    async with asyncio.timeout(LET_GO):
                        if turn is not None and not heard.over:
                            await client.request(INTERRUPT_TURN, {"threadId": thread, "turnId": turn})
                        await client.request(LEAVE_THREAD, {"threadId": thread})
            client.apart.pop(thread, None)
        if not heard.over:
            raise ConnectionLost("its server went away", "it is restarted by itself")
        if heard.problem or not heard.text.strip():
            raise RequestRefused(heard.problem or "it ended its turn without a word", "")
        return heard.text if len(heard.text) <= ANSWER_LIMIT else heard.text[:ANSWER_LIMIT] + _CUT


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of these is set."""
    waits = [asyncio.create_task(event.wait(), name="child question") for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
