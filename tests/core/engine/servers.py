"""The simulated servers, and the messages to and from them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind, Request, RequestKey
from supervisor.domain.task import Due
from supervisor.domain.thread import Failure, TurnStatus
from tests.core.engine.peers import NOBODY, START, Call, Dice, FaultError, Link, Repo, Rollout, Turn

LIVE_DUES = (Due.RESUME, Due.RETRY, Due.OUTAGE)
FAILURES = (
    Failure("serverOverloaded", 503, "busy"),
    Failure("other", None, "stream disconnected before completion"),
    Failure("unauthorized", 401, "no"),
    Failure("contextWindowExceeded", None, "too long"),
    Failure("usageLimitExceeded", None, "You've hit your usage limit."),
    Failure("internalServerError", 500, "oops"),
)


class Servers:
    """The servers of all children. They record which brief reached which thread."""

    def __init__(self, numbers: Iterable[int], children: Iterable[str]) -> None:
        self.dice = Dice(numbers)
        self.now = START
        self.repos = {child: Repo(child) for child in children}
        self.inbox: deque[ev.Event] = deque()
        self.delivered: dict[str, tuple[str, str, str]] = {}  # by task: thread, child and key of the last brief
        self.arrived: set[str] = set()
        self.unsure: set[str] = set()  # tasks whose last turn the child may not know
        self.last: dict[tuple[str, str], Turn] = {}  # by task and thread
        self.retried: set[str] = set()
        self.owed: dict[str, str] = {}  # by task: the human's answer, until it arrives
        self.count = 0
        self.out = False  # the provider accepts no work

    def post(self, event: ev.Event) -> None:
        self.inbox.append(event)

    def serve(self, link: Link) -> None:
        """Let the server handle its next request."""
        call = link.ingress.popleft()
        try:
            call.value = call.handle(link)
        except FaultError as fault:
            call.fault = str(fault)
        late = self.dice.rarely(3) and bool(link.wire)
        link.wire.append(call)
        if late:  # the server sends answers and notifications from different tasks
            link.wire[-1], link.wire[-2] = link.wire[-2], link.wire[-1]

    def read(self, link: Link, repo: Repo) -> None:
        """Read the next message of the server."""
        message = link.wire.popleft()
        if isinstance(message, Call):
            message.answered = True
            return
        event = message(self.now)
        if isinstance(event, ev.RequestReceived):
            link.asked.add(event.request.key)
        if isinstance(event, ev.RequestResolved):
            if event.key not in link.asked:
                return
            link.asked.discard(event.key)
        self.post(event)

    def cut(self, link: Link) -> None:
        """Break the connection. A message on its way to the server may still arrive."""
        if link.broken:
            return
        if link.process in [repo.process for repo in self.repos.values()] and not link.process.hung:
            while link.ingress and not self.dice.rarely(2):
                self.serve(link)
        while link.wire and self.dice.rarely(2):
            repo = next(repo for repo in self.repos.values() if repo.reading is link or repo.link is link)
            self.read(link, repo)
        link.broken = True
        link.ingress.clear()
        link.wire.clear()

    def kill(self, repo: Repo) -> None:
        """Kill the server. Its turns are cut off, and its questions are void."""
        process = repo.process
        assert process is not None
        repo.process = None
        for link in {repo.link, repo.reading} - {None}:
            assert link is not None
            if link.process is process:
                self.cut(link)
        for rollout in repo.rollouts.values():
            rollout.left = False
        for rollout, turn in repo.turns:
            self._stop_turn(turn, TurnStatus.INTERRUPTED)
            if self.dice.rarely(6):  # it was not on disk yet
                rollout.turns.remove(turn)
                if turn.task is not None:
                    self.delivered[turn.task] = turn.before
                    self.unsure.add(turn.task)

    def notice_exit(self, repo: Repo) -> None:
        link = repo.link
        assert link is not None
        repo.link = repo.reading = None
        self.post(ev.ServerExited(self.now, repo.name, link.process.pid, "it is gone", ""))

    def probe(self, repo: Repo) -> None:
        link = repo.link
        assert link is not None
        if link.process.hung:
            link.misses += 1
            self.post(ev.ServerUnresponsive(self.now, repo.name, link.process.pid, "no answer", link.misses))
        else:
            link.misses = 0
            self.post(ev.ServerResponded(self.now, repo.name, link.process.pid))

    def _notify(self, repo: Repo, thread: str, message: Callable[[datetime], ev.Event]) -> None:
        for link in {repo.link, repo.reading} - {None}:
            assert link is not None
            if not link.broken and thread in link.subscribed:
                link.wire.append(message)

    def _thread_start(self, repo: Repo, link: Link) -> str:
        if self.dice.rarely(10):
            raise FaultError("Server overloaded")
        rollout = Rollout(f"th{self.next()}")
        repo.rollouts[rollout.id] = rollout
        link.process.loaded.add(rollout.id)
        link.subscribed.add(rollout.id)
        return rollout.id

    def _thread_resume(self, repo: Repo, link: Link, thread: str) -> bool:
        if thread not in repo.rollouts:
            raise FaultError(f"no rollout found for thread id {thread}")
        if self.dice.rarely(10):
            raise FaultError(f"thread {thread} already has an active writer")
        link.process.loaded.add(thread)
        link.subscribed.add(thread)
        pending = [one for one in link.process.asked.values() if one.thread == thread]
        for request in pending:
            link.wire.append(lambda at, one=request: ev.RequestReceived(at, one))
        return bool(pending)

    def _turn_start(self, repo: Repo, link: Link, action: act.StartTurn) -> str:
        if action.thread not in link.process.loaded:
            raise FaultError(f"thread not found: {action.thread}")
        if link.process.refuses or self.dice.rarely(10):
            link.process.refuses = max(link.process.refuses - 1, 0)
            raise FaultError("Server is draining; retry after reconnecting")
        ours = [turn.task for _, turn in repo.turns if turn.task is not None]
        assert not ours, f"a turn of {action.task} begins beside one of {ours}"
        rollout = repo.rollouts[action.thread]
        last = self.last.get((action.task, action.thread))
        moved = "is not in the config any more" in action.why
        excused = moved or action.task in self.retried
        if action.due in LIVE_DUES and last is not None and not excused:
            assert last.status is not TurnStatus.COMPLETED, f"{action.task} continues a turn that was completed"
        self.retried.discard(action.task)
        answer = self.owed.pop(action.task, "")
        assert answer in action.text or action.due is Due.BRIEF or moved, f"{action.task} never receives {answer!r}"
        key = _key(action)
        before = self.delivered.get(action.task, NOBODY)
        self._arrive(repo, action.message, action.task, action.thread, action.due, key)
        turn = rollout.active
        if turn is None:
            turn = Turn(f"tu{self.next()}", action.task)
            rollout.turns.append(turn)
        turn.task, turn.before = action.task, before
        self.last[action.task, action.thread] = turn
        turn.messages.append(action.message)
        name, began = turn.id, action.message
        self._notify(repo, action.thread, lambda at: ev.TurnBegan(at, repo.name, action.thread, name, None))
        self._notify(repo, action.thread, lambda at: ev.TurnBegan(at, repo.name, action.thread, name, began))
        return turn.id

    def _arrive(self, repo: Repo, message: str, task: str, thread: str, due: Due | None, key: str | None) -> None:
        assert message not in self.arrived, f"{message} arrives twice"
        self.arrived.add(message)
        if key is None:
            assert self.delivered[task][0] == thread, f"{thread} never received the brief of {task}"
            return
        if due in (None, Due.BRIEF, Due.REDIRECT):
            again = self.delivered.get(task) == (thread, repo.name, key) and task not in self.unsure
            assert not again, f"{task} receives a brief again that it has ({due})"
        self.unsure.discard(task)
        self.delivered[task] = (thread, repo.name, key)

    def _turn_steer(self, repo: Repo, link: Link, action: act.SteerTurn) -> None:
        turn = repo.rollouts[action.thread].active if action.thread in repo.rollouts else None
        if turn is None or turn.id != action.turn:
            raise FaultError("no active turn")
        if self.dice.rarely(8):
            raise FaultError("activeTurnNotSteerable")
        self._arrive(repo, action.message, action.task, action.thread, None, _key(action))
        if action.nudge:
            assert turn.silent, f"{action.task} is asked for a sign of life after it gave one"
            turn.silent = self.dice.rarely(2)
        turn.steered = action.message
        turn.messages.append(action.message)
        self._notify(
            repo, action.thread, lambda at: ev.TurnBegan(at, repo.name, action.thread, action.turn, action.message)
        )

    def _turn_interrupt(self, repo: Repo, link: Link, action: act.InterruptTurn) -> None:
        rollout = repo.rollouts.get(action.thread)
        turn = rollout.active if rollout is not None else None
        if rollout is None or turn is None or turn.id != action.turn:
            raise FaultError("no active turn")
        if self.dice.rarely(8):
            raise FaultError("Server is draining; retry after reconnecting")
        assert turn.silent or not action.stalled, f"{action.task} is interrupted as stalled but is working"
        self.end(repo, rollout, turn, TurnStatus.INTERRUPTED)

    def end(self, repo: Repo, rollout: Rollout, turn: Turn, how: TurnStatus) -> None:
        assert repo.process is not None
        for key in [one.key for one in repo.process.asked.values() if one.turn == turn.id]:
            self.resolve(repo, key)
        self._stop_turn(turn, how)
        if how is not TurnStatus.INTERRUPTED and turn.task is not None and self.dice.rarely(4):
            rollout.left = True
        seen = turn.seen
        self._notify(repo, rollout.id, lambda at: ev.TurnEnded(at, repo.name, rollout.id, seen))

    def _stop_turn(self, turn: Turn, how: TurnStatus) -> None:
        turn.status = how
        if how is not TurnStatus.COMPLETED and turn.steered and turn.task and self.dice.rarely(2):
            turn.messages.remove(turn.steered)  # the server had accepted it, but the model had not received it yet
            self.delivered[turn.task] = NOBODY

    def resolve(self, repo: Repo, key: RequestKey) -> None:
        if repo.process is None or key not in repo.process.asked:
            return  # too late: ignored silently
        request = repo.process.asked.pop(key)
        self._notify(repo, request.thread, lambda at: ev.RequestResolved(at, key))

    def state(self, repo: Repo, rollout: Rollout, turn: Turn) -> None:
        """Let the model do something."""
        what = self.dice.roll(16)
        if self.out and self.dice.left:
            turn.failure = Failure("responseTooManyFailedAttempts", 429, "slow down")
            self.end(repo, rollout, turn, TurnStatus.FAILED)
        elif what in (1, 2):
            self.ask_human(repo, rollout, turn)
        elif what == 3:
            turn.failure = FAILURES[self.dice.roll(len(FAILURES))]
            self.end(repo, rollout, turn, TurnStatus.FAILED)
        elif what == 4:
            self.end(repo, rollout, turn, TurnStatus.INTERRUPTED)
        elif what == 5:
            name = turn.id
            self._notify(repo, rollout.id, lambda at: ev.TurnRetried(at, repo.name, rollout.id, name, "reconnecting"))
        else:
            outcome = {6: "blocked", 7: "needs_human", 8: None}.get(what, "done")
            ask = {"question": "Which?", "steps": "Look.", "expected": "A name."} if what == 7 else None
            report = {"outcome": outcome, "summary": f"it is {outcome}", "ask": ask, "learned": ["a fact"]}
            turn.text = json.dumps(report) if outcome else "I did what I could."
            self.end(repo, rollout, turn, TurnStatus.COMPLETED)

    def ask_human(self, repo: Repo, rollout: Rollout, turn: Turn) -> None:
        process = repo.process
        assert process is not None
        key = RequestKey(repo.name, process.pid, str(process.count))
        process.count += 1
        kind = AskKind.QUESTION if self.dice.rarely(3) else AskKind.APPROVAL
        choices = ("accept", "decline") if kind is AskKind.APPROVAL else ()
        request = Request(key, "item/x/requestApproval", rollout.id, turn.id, kind, "May it?", "`rm x`", choices)
        process.asked[key] = request
        self._notify(repo, rollout.id, lambda at: ev.RequestReceived(at, request))

    def foreign(self, repo: Repo, thread: str) -> None:
        """Start a turn as a human in another window does."""
        turn = Turn(f"tu{self.next()}", None)
        repo.rollouts[thread].turns.append(turn)
        self._notify(repo, thread, lambda at: ev.TurnBegan(at, repo.name, thread, turn.id, None))

    def next(self) -> int:
        self.count += 1
        return self.count


def _key(action: act.StartTurn | act.SteerTurn) -> str | None:
    """The key of the brief in a message; None if the message relies on what the thread has."""
    return action.brief.key if action.brief.text.strip() in action.text else None
