"""Children of one machine share a login of OpenSSH, with a real sshd, and each has its own if that is not possible."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from supervisor.domain.child import Child, Runner
from supervisor.runtime.remote import sharing
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.remote.roots import root_of
from supervisor.runtime.remote.sharing import LINES, Machine, SharedConnection
from supervisor.runtime.workspace import WorkspacePaths, make_runtime_dir
from supervisor.shell.git.reach.there import reaching
from supervisor.shell.git.run import run_git
from supervisor.shell.process import marked
from tests.gitrepo import empty_repo
from tests.sockets import HOMES, own_runtime_dir
from tests.sshd import serving

WITHIN = 60.0


class Lab:
    def __init__(self, folder: Path, connect: tuple[str, ...]) -> None:
        self.folder = folder
        self.workspace = WorkspacePaths(folder)
        self.connect = connect
        self.machine = Machine(self.workspace, connect)
        self.machine.join("neighbour")

    def place(self, name: str) -> ChildPlace:
        return ChildPlace(self.workspace, name, Runner("lab", self.connect), "/")

    def over(self, name: str) -> tuple[SharedConnection, ChildPlace]:
        connection, place = self.machine.connection(name), self.place(name)
        assert connection is not None, "ssh may share here"
        connection.obtain(place, WITHIN)
        place.go_over(connection.socket)
        return connection, place

    @property
    def logins(self) -> int:
        return (self.folder / "sshd.log").read_text(encoding="utf-8").count("Accepted publickey")


@contextmanager
def lab(settings: str = "", more: tuple[str, ...] = ()) -> Iterator[Lab]:
    HOMES.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(own_runtime_dir())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="s-", dir=HOMES)))
        (folder / ".orchestrator").mkdir()
        ssh = stack.enter_context(serving(folder, settings))
        made = Lab(folder, (ssh[0], *more, *ssh[1:], "--"))
        folder = make_runtime_dir(made.workspace)
        yield made
        for name in ("a", "b", "c", "neighbour"):
            made.machine.leave(name)
        assert (list(folder.iterdir()), marked(made.workspace.mark())) == ([], []), "nothing is left of a connection"
        folder.rmdir()


def test_the_lines_of_children_share_one_login_and_commands_have_their_own() -> None:
    with lab() as one:
        for name in "abc":
            one.machine.join(name)
        answers = [one.over(name)[1].ask(lambda script: script.system()).word for name in "abc"]
        assert (answers, one.logins) == (["ready"] * 3, 1)
        command = one.place("a").ask(lambda script: script.system()).word
        assert (command, one.logins) == ("ready", 2)


def test_what_only_reads_uses_the_connections_of_the_lines_in_turns() -> None:
    with lab() as one:
        empty_repo(one.folder / "repo")
        child = Child("a", str(one.folder / "repo"), runner=Runner("lab", one.connect))
        assert (run_git(root_of(one.workspace, child), "rev-parse", "--git-dir").out, one.logins) == (b".git\n", 1)
        for number in range(LINES + 1):
            one.machine.join(f"c{number}")
        for name in ("a", "b"):
            one.over(name)
        assert one.logins == 3
        repos = [root_of(one.workspace, child) for _ in range(4)]
        with ExitStack() as talks:
            for each in repos:
                talks.enter_context(reaching(each))
                run_git(each, "rev-parse", "--git-dir")
            assert (one.logins, len(one.workspace.connections(one.connect))) == (3, 2)
        for name in ("a", "b"):
            one.machine.leave(name)
        assert (run_git(repos[0], "rev-parse", "--git-dir").out, one.logins) == (b".git\n", 4)
        for number in range(LINES + 1):
            one.machine.leave(f"c{number}")


def test_the_line_of_an_only_child_is_a_login_of_its_own() -> None:
    with lab() as one:
        one.machine.leave("neighbour")
        assert one.machine.connection("a") is None


def test_a_connection_that_is_silent_or_gone_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with lab() as one:
        connection, _ = one.over("a")
        for number in (signal.SIGKILL, signal.SIGSTOP):
            (process,) = marked(one.workspace.mark(f"{connection.socket.name}.connection"))
            os.kill(process.pid, number)
            monkeypatch.setattr(sharing, "ANSWERS_WITHIN", 0.3)
            before = one.logins
            if number is signal.SIGSTOP:  # as when a line is silent
                one.machine.check("a", one.place("a"))
                assert not marked(one.workspace.mark(f"{connection.socket.name}.connection"))
            again, place = one.over("a")
            assert (again is connection, place.ask(lambda script: script.system()).word) == (True, "ready")
            assert one.logins == before + 1


def test_where_a_connection_takes_one_session_only_others_log_in_themselves() -> None:
    with lab("MaxSessions 1") as one:
        answers = [one.over(name)[1].ask(lambda script: script.system()).word for name in "ab"]
        assert (answers, one.logins) == (["ready"] * 2, 3)


def test_a_control_path_of_the_person_and_other_programs_are_left_alone(tmp_path: Path) -> None:
    with lab(more=("-o", f"ControlPath={tmp_path}/theirs")) as one:
        assert one.machine.connection("a") is None
    for words in (("env", "--"), ("ssh-that-is-not-there", "lab"), (str(tmp_path / "ssh"), "lab", "--")):
        assert Machine(WorkspacePaths(tmp_path), words).connection("a") is None


def test_many_children_are_spread_over_connections_that_each_take_ten_sessions() -> None:
    with lab() as one:
        names = [f"c{number}" for number in range(17)]
        for name in names:
            one.machine.join(name)
        found = [one.machine.connection(name) for name in names]
        users = sorted({id(each): len(each.users) for each in found if each is not None}.values())
        assert users == [5, 6, 6]
        assert one.machine.connection("c0") is found[0], "a child keeps its connection"
        for name in names:
            one.machine.leave(name)
