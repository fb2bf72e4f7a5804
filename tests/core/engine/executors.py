"""The supervisor's effects, simulated: a child's actions one after the other, with its checks in parallel.

`tests/runtime/daemon/test_effects.py` checks that they do what the real ones do.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.link import Drift, Kind
from supervisor.domain.report import Check
from supervisor.domain.task import ChangeList, LeftoverLook, Tree, TurnLook
from supervisor.domain.thread import TurnSeen
from tests.core.engine.peers import Activity, Call, FaultError, Link, LostError, Process, Repo
from tests.core.engine.servers import Servers


class Executors(Servers):
    """Carries out actions, one small step at a time."""

    def surveyed(self) -> tuple[str, ...]:
        """The children whose repos are on the map."""
        return tuple(self.repos)

    def carry_out(self, action: act.Action) -> None:
        """Begin an action. A stop always wins: it cancels a start that is under way."""
        match action:
            case act.Exit() | act.WithdrawAsk() | act.RaiseAsk() | act.Notify():
                return
            case act.SurveyRepos():
                self._survey(action)
                return
        repo = self.repos[action.child]
        if isinstance(action, act.StopServer) and isinstance(repo.doing, act.EnsureServer):
            repo.job = repo.doing = repo.waits = None
            if repo.link is None and repo.process is not None and self.dice.rarely(2):
                self.kill(repo)
        repo.queue.append(action)

    def _survey(self, action: act.SurveyRepos) -> None:
        """Draw the map again. Now and then somebody has changed what the other child relies on."""
        if self.dice.rarely(8):
            self.post(ev.MapFailed(self.now, "it broke"))
            return
        for child, task in action.touched:
            others = tuple(one for one in self.surveyed() if one != child)
            if others and self.dice.rarely(3):
                drift = Drift(child, Kind.KEY, f"key_{self.next()}", "it is gone", others, (), ())
                self.post(ev.SharedChanged(self.now, child, task, drift))
        self.post(ev.MapDrawn(self.now, f"map {self.next()}", ()))

    def execute(self, repo: Repo) -> None:
        """Carry a child's action one step further."""
        call, repo.waits = repo.waits, None
        try:
            if repo.job is None:
                repo.doing = repo.queue.popleft()
                repo.job = self._do(repo, repo.doing)
                wants = next(repo.job)
            elif call is None:
                wants = next(repo.job)
            elif call.answered and call.fault is None:
                wants = repo.job.send(call.value)
            else:
                wants = repo.job.throw(FaultError(call.fault) if call.answered else LostError())
            if wants is not None:
                if repo.link is None or repo.link.broken:
                    repo.job.throw(LostError())
                    raise AssertionError("lost means over")
                wants.link = repo.link
                repo.link.ingress.append(wants)
                repo.waits = wants
        except (StopIteration, LostError):
            repo.job = repo.doing = None

    def can_execute(self, repo: Repo) -> bool:
        if repo.waits is not None:
            return repo.waits.answered or repo.waits.link is None or repo.waits.link.broken
        return repo.job is not None or bool(repo.queue)

    def _do(self, repo: Repo, action: act.Action) -> Activity:
        match action:
            case act.EnsureServer():
                return self._ensure(repo)
            case act.StopServer():
                return self._stop(repo, kill=action.kill)
            case act.OpenThread():
                return self._open(repo, action)
            case act.StartTurn():
                return self._start(repo, action)
            case act.SteerTurn():
                return self._steer(repo, action)
            case act.InterruptTurn():
                return self._interrupt(repo, action)
            case act.LookAtTurn():
                return self._look(repo, action)
            case act.LookForLeftovers():
                return self._look_left(repo, action)
            case act.EndLeftovers():
                return self._end_left(repo, action)
            case act.ReadLimits():
                return self._read_limits(repo, action)
            case act.SendAnswer():
                return self._answer(repo, action)
            case act.RunChecks():
                repo.checks.append((action, repo.link))
                return _nothing()
            case act.MakeTree() | act.MergeTree():
                repo.trees.append(action)
                return _nothing()
        raise AssertionError(f"{type(action).__name__} is not for a child")

    def _ensure(self, repo: Repo) -> Activity:
        yield None
        adopted = repo.process is not None and not repo.process.hung
        if not adopted:
            if repo.process is not None:
                self.kill(repo)
            if self.dice.rarely(6):
                fatal = self.dice.rarely(3)
                self.post(ev.ServerStartFailed(self.now, repo.name, "it ended with code 1", fatal, "boom"))
                return
            repo.process = Process(self.next())
            repo.would_not_die = False
            yield None
            if repo.process is None:
                self.post(ev.ServerStartFailed(self.now, repo.name, "it ended with code 9", False, ""))
                return
        assert repo.process is not None
        repo.link = repo.reading = Link(repo.process)
        self.post(ev.ServerReady(self.now, repo.name, repo.process.pid, "/run/s", "0.169.0", adopted))

    def _stop(self, repo: Repo, *, kill: bool) -> Activity:
        repo.link = None
        yield None
        if repo.process is not None and self.dice.rarely(12):
            repo.would_not_die = True
            self._close(repo)
            self.post(ev.ServerStopFailed(self.now, repo.name, "it would not die"))
            return
        if repo.process is not None:
            self.kill(repo)
        self._close(repo)
        self.post(ev.ServerStopped(self.now, repo.name))

    def _close(self, repo: Repo) -> None:
        if repo.reading is not None:
            self.cut(repo.reading)
            repo.reading = None

    def _open(self, repo: Repo, action: act.OpenThread) -> Activity:
        yield None
        link = repo.link
        if link is None:
            return
        turns: tuple[TurnSeen, ...] = ()
        thread, waiting = action.thread, False
        try:
            if thread is None:
                thread = yield Call(lambda link: self._thread_start(repo, link))
            else:
                resumed = thread
                waiting = yield Call(lambda link: self._thread_resume(repo, link, resumed))
                turns = yield Call(lambda _: repo.rollouts[resumed].latest)
        except FaultError as fault:
            gone = thread is not None and "no rollout" in str(fault)
            self.post(ev.ThreadFailed(self.now, repo.name, thread, action.task, gone, str(fault)))
            return
        assert thread is not None
        waiting = waiting or any(key in link.asked for key in link.process.asked)
        self.post(ev.ThreadOpened(self.now, repo.name, link.process.pid, thread, action.task, waiting, turns))

    def _start(self, repo: Repo, action: act.StartTurn) -> Activity:
        yield None
        if repo.link is None:
            return
        if action.fresh:
            for one in action.unlisted:
                self.post(ev.ChangesListed(self.now, repo.name, one.task, ("a.py",), ChangeList(("a.py",))))
                yield None
            self.post(ev.TreeRead(self.now, repo.name, action.task, action.run, Tree("abc", "main", ())))
            yield None
        self.post(ev.TreeKept(self.now, repo.name, action.task, action.run, "c" * 40))
        yield None
        try:
            turn = yield Call(lambda link: self._turn_start(repo, link, action))
        except FaultError as fault:
            self.post(ev.TurnRefused(self.now, repo.name, action.task, action.message, str(fault)))
            return
        self.post(ev.TurnBegan(self.now, repo.name, action.thread, turn, action.message))

    def _steer(self, repo: Repo, action: act.SteerTurn) -> Activity:
        yield None
        where = (repo.name, action.task, action.turn, action.message)
        try:
            yield Call(lambda link: self._turn_steer(repo, link, action))
        except FaultError as fault:
            self.post(ev.SteerMissed(self.now, *where, str(fault)))
            return
        self.post(ev.SteerArrived(self.now, *where))

    def _interrupt(self, repo: Repo, action: act.InterruptTurn) -> Activity:
        yield None
        try:
            yield Call(lambda link: self._turn_interrupt(repo, link, action))
        except FaultError as fault:
            self.post(ev.InterruptFailed(self.now, repo.name, action.task, action.turn, str(fault)))

    def _look(self, repo: Repo, action: act.LookAtTurn) -> Activity:
        yield None
        state, turn = "unreadable", None
        with suppress(FaultError):
            turn = yield Call(lambda _: repo.rollouts[action.thread].active if action.thread in repo.rollouts else None)
            state = "active" if turn is not None and turn.id == action.turn else "idle"
        silent = turn is None or turn.id != action.turn or turn.silent
        cpu = self.now.timestamp() if self.dice.rarely(3) else 0.0
        look = TurnLook(self.now, None if silent else self.now, state, ("sleep 9",), cpu)
        self.post(ev.TurnLooked(self.now, repo.name, action.task, action.turn, look))

    def _look_left(self, repo: Repo, action: act.LookForLeftovers) -> Activity:
        yield None
        if repo.link is None:
            return
        left = False
        with suppress(FaultError):
            left = yield Call(lambda _: action.thread in repo.rollouts and repo.rollouts[action.thread].left)
        cpu = self.now.timestamp() if left and self.dice.rarely(3) else 0.0
        look = LeftoverLook(self.now, ("sleep 9",) if left else (), cpu=cpu)
        self.post(ev.LeftoversLooked(self.now, repo.name, action.task, action.turn, look))

    def _end_left(self, repo: Repo, action: act.EndLeftovers) -> Activity:
        yield None
        if repo.link is None:
            return
        left = False
        with suppress(FaultError):
            left = yield Call(lambda _: self._clean(repo, action.thread))
        ended = ("sleep 9",) if left else ()
        self.post(ev.LeftoversEnded(self.now, repo.name, action.task, action.turn, ended))

    def _clean(self, repo: Repo, thread: str) -> bool:
        """End what a turn left running, as Codex does on request. Returns whether there was something."""
        rollout = repo.rollouts.get(thread)
        if rollout is None or not rollout.left:
            return False
        rollout.left = False
        return True

    def _read_limits(self, repo: Repo, action: act.ReadLimits) -> Activity:
        yield None
        resets = None
        with suppress(FaultError):
            resets = yield Call(lambda _: self.now + timedelta(hours=1) if self.dice.rarely(2) else None)
        self.post(ev.LimitsRead(self.now, repo.name, action.provider, resets))

    def _answer(self, repo: Repo, action: act.SendAnswer) -> Activity:
        yield None
        link = repo.link
        if link is not None and action.key in link.asked and not link.broken:
            link.ingress.append(Call(lambda link: self.resolve(repo, action.key)))

    def tree(self, repo: Repo) -> None:
        """End an act on a linked work tree, with some result. They end in their order."""
        action = repo.trees.pop(0)
        where = (self.now, repo.name, action.task, action.run)
        conflicts = ("a.py",) if self.dice.rarely(4) else ()
        if self.dice.rarely(10):
            self.post(ev.OwnTreeFailed(*where, "the disk is full"))
        elif isinstance(action, act.MakeTree):
            self.post(ev.OwnTreeMade(*where, action.path or f"/trees/{action.task}", f"base {self.next()}"))
        elif not action.work:
            self.post(ev.MergeTried(*where, f"work {self.next()}", f"main {self.next()}", conflicts))
        elif action.conflicts:
            self.post(ev.OwnTreeMerged(*where, action.main, action.path, action.conflicts))
        else:
            self.post(ev.TreeKept(*where, action.main))
            self.post(ev.TreeKept(*where, f"main {self.next()}", after=True))
            left = action.path if self.dice.rarely(3) else ""
            self.post(ev.OwnTreeMerged(*where, action.work, left))

    def check(self, repo: Repo, number: int) -> None:
        """End the verify commands, with some result."""
        action, link = repo.checks.pop(number)
        where = (repo.name, action.task, action.run)
        refused = link is not None and link.process.refuses > 0
        if link is not None and refused:
            link.process.refuses -= 1
        if action.commands and (link is None or link.broken or refused or self.dice.rarely(8)):
            self.post(ev.ChecksLost(self.now, *where, "the connection is gone"))
            return
        code = 1 if self.dice.rarely(4) else 0
        checks = tuple(Check(command, code, "tail") for command in action.commands)
        listed = ChangeList(("a.py",)) if action.base is not None else None
        self.post(ev.ChecksFinished(self.now, *where, checks, ("a.py",), listed))

    def check_can(self, repo: Repo, number: int) -> bool:
        action, link = repo.checks[number]
        return not action.commands or link is None or link.broken or not link.process.hung


def _nothing() -> Activity:
    yield None
