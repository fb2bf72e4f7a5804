"""Approvals: which requests the rules settle, one by one and in a world."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.engine.asks.approvals import ruling
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import ANSWER_TOOL, Answer, AskKind, AskState, Request, RequestKey, Rule
from tests.core.engine.hostile_commands import HOSTILE
from tests.core.engine.scene import BACKEND, MOBILE, NOON, T1, Scene

ROOT = "/repos/backend"
STATUS = Rule(1, "accept", command=("git", "status"))
PUSH = Rule(2, "decline", command=("git", "push"))
DOCS = Rule(3, "accept", path="docs/**")
TOOL = Rule(4, "accept", tool="lab/act")


def asked(kind: AskKind = AskKind.APPROVAL, child: str = "backend", **facts: object) -> Request:
    key = RequestKey(child, 11, "0")
    return Request(key, "item/x", "t", "u", kind, "May it?", "", ("accept", "decline"), **facts)  # type: ignore[arg-type]


def runs(command: str, folder: str = ROOT, **facts: object) -> Request:
    return asked(command=command, folder=folder, **facts)


def writes(*paths: str, **facts: object) -> Request:
    return asked(paths=paths, **facts)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("line", ["git status", "git status --short", "bash -lc 'git status -- a.py'"])
def test_a_plain_command_that_begins_with_the_words_is_accepted(line: str) -> None:
    assert ruling([STATUS], runs(line), ROOT) == STATUS


@pytest.mark.parametrize(
    "line", ["git", "git statusx", "git -c a=b status", "gitstatus", "'git status'", "x git status"]
)
def test_another_command_is_left_to_the_human(line: str) -> None:
    assert ruling([STATUS], runs(line), ROOT) is None


@pytest.mark.parametrize("line", HOSTILE)
def test_a_hostile_command_is_never_accepted(line: str) -> None:
    assert ruling([STATUS], runs(line), ROOT) is None
    assert ruling([STATUS], runs(shlex.join(["/bin/bash", "-lc", line])), ROOT) is None


@given(st.sampled_from(list(";|&<>(){}$`*?[]!#\\\n\r\t\0")), st.text(max_size=8), st.text(max_size=8), st.booleans())
def test_no_unquoted_operator_passes_in_whatever_company(operator: str, before: str, after: str, wrapped: bool) -> None:
    quotes = {ord(mark): None for mark in "'\"\\"}
    line = f"git status {before.translate(quotes)}{operator}{after.translate(quotes)}"
    assert ruling([STATUS], runs(shlex.join(["bash", "-lc", line]) if wrapped else line), ROOT) is None


@pytest.mark.parametrize("folder", ["", "/repos", "/repos/backend2", "/tmp", "relative"])
def test_a_command_that_runs_outside_of_the_repo_is_left_to_the_human(folder: str) -> None:
    assert ruling([STATUS], runs("git status", folder), ROOT) is None
    assert ruling([STATUS], runs("git status", f"{ROOT}/deep"), ROOT) == STATUS


def test_a_request_for_more_than_its_rule_allows_is_left_to_the_human() -> None:
    assert ruling([STATUS], runs("git status", beyond=True), ROOT) is None
    assert ruling([DOCS], writes(f"{ROOT}/docs/a", beyond=True), ROOT) is None
    assert ruling([PUSH], runs("git push", beyond=True), ROOT) == PUSH


@pytest.mark.parametrize(
    "line",
    [
        "git push",
        "/usr/bin/git push",
        "git -C . push origin",
        "git --no-pager -c a=b push",
        "git status && git push",
        "a | git push",
        "bash -lc 'make; git push'",
        "X=1 git push",
        "sudo git push > log",
        "echo $(git push)",
    ],
)
def test_any_part_of_a_command_can_be_declined(line: str) -> None:
    assert ruling([PUSH], runs(line, "/tmp"), ROOT) == PUSH


@pytest.mark.parametrize("line", ["git stash push", "git log push", "git commit -m 'git push'", "npm run push"])
def test_what_only_looks_like_it_is_not_declined(line: str) -> None:
    assert ruling([PUSH], runs(line), ROOT) is None


def test_a_decline_wins_wherever_it_stands() -> None:
    everything = Rule(1, "accept", command=("git",))
    assert ruling([everything, PUSH], runs("git push"), ROOT) == PUSH
    assert ruling([PUSH, everything], runs("git push"), ROOT) == PUSH
    assert ruling([PUSH, everything], runs("git pull"), ROOT) == everything
    again = replace(everything, number=3, for_session=True)
    assert ruling([everything, again], runs("git pull"), ROOT) == everything


# ── paths and tools ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pattern", "path", "inside"),
    [
        ("docs/**", f"{ROOT}/docs/a.md", True),
        ("docs/**", f"{ROOT}/docs/deep/.a", True),
        ("docs/**", f"{ROOT}/docsx/a", False),
        ("docs/**", f"{ROOT}/src/docs/a", False),
        ("docs/**", "/elsewhere/docs/a", False),
        ("docs/**", f"{ROOT}2/docs/a", False),
        ("docs/", f"{ROOT}/docs/a", True),
        ("docs", f"{ROOT}/docs/a", False),
        ("*.md", f"{ROOT}/a.md", True),
        ("*.md", f"{ROOT}/docs/a.md", False),
        ("**/*.md", f"{ROOT}/a.md", True),
        ("**/*.md", f"{ROOT}/docs/deep/a.md", True),
        ("a?.py", f"{ROOT}/ab.py", True),
        ("a?.py", f"{ROOT}/a/.py", False),
        ("[ab].py", f"{ROOT}/a.py", False),
        ("[ab].py", f"{ROOT}/[ab].py", True),
        ("/var/log/**", "/var/log/a", True),
        ("/var/log/**", "/var/logs/a", False),
        ("**", f"{ROOT}/a", True),
        ("**", "/etc/passwd", False),
        ("**", f"{ROOT}/.git/hooks/pre-commit", False),
        ("**", f"{ROOT}/deep/.GIT/config", False),
        ("**", f"{ROOT}/.codex/config.toml", False),
        (".git/info/*", f"{ROOT}/.git/info/exclude", True),
        ("docs/**", f"{ROOT}/docs/a\nb", True),
    ],
)
def test_a_path_is_inside_a_pattern_or_not(pattern: str, path: str, inside: bool) -> None:
    rule = Rule(1, "accept", path=pattern)
    assert ruling([rule], writes(path), ROOT) == (rule if inside else None)


def test_every_path_has_to_be_inside_to_be_accepted_and_one_is_enough_to_be_declined() -> None:
    both = writes(f"{ROOT}/docs/a", f"{ROOT}/src/b")
    assert ruling([DOCS], both, ROOT) is None
    assert ruling([DOCS], writes(f"{ROOT}/docs/a", f"{ROOT}/docs/b"), ROOT) == DOCS
    declined = replace(DOCS, verdict="decline")
    assert ruling([declined], both, ROOT) == declined


def test_a_change_of_unknown_files_is_left_to_the_human() -> None:
    assert ruling([DOCS, Rule(5, "accept", path="**")], writes(), ROOT) is None


def test_a_tool_is_accepted_by_its_server_and_name() -> None:
    assert ruling([TOOL], asked(tool="lab/act"), ROOT) == TOOL
    assert ruling([TOOL], asked(tool="lab/act2"), ROOT) is None
    assert ruling([TOOL], asked(tool=""), ROOT) is None
    every = Rule(1, "accept", tool="lab/*")
    assert ruling([every], asked(tool="lab/other"), ROOT) == every
    assert ruling([every], asked(tool="labs/other"), ROOT) is None


def test_a_rule_of_one_child_does_not_apply_to_another() -> None:
    mine = replace(STATUS, child="mobile")
    assert ruling([mine], runs("git status"), ROOT) is None
    assert ruling([replace(STATUS, child="backend")], runs("git status"), ROOT) is not None


def test_only_a_rule_that_names_the_orchestrator_applies_to_it() -> None:
    request = asked(child="orchestrator", tool="lab/act")
    assert ruling([TOOL], request, ROOT) is None
    assert ruling([replace(TOOL, child="orchestrator")], request, ROOT) is not None


def test_a_question_is_never_settled_by_a_rule() -> None:
    assert ruling([TOOL], asked(AskKind.QUESTION, tool="lab/act"), ROOT) is None


def test_a_rule_is_described_in_words() -> None:
    assert [str(rule) for rule in (STATUS, PUSH, DOCS, TOOL)] == [
        "rule 1: accept command `git status`",
        "rule 2: decline command `git push`",
        "rule 3: accept path `docs/**`",
        "rule 4: accept tool `lab/act`",
    ]


# ── in a world ───────────────────────────────────────────────────────────────────────────────────


def scene_with(*rules: Rule) -> Scene:
    scene = Scene()
    scene.post(ev.SupervisorStarted, 1, "1.0", (BACKEND, MOBILE), ("backend", "mobile"), (2.0,), rules)
    scene.post(ev.UpRequested, ("backend", "mobile"))
    scene.ready("backend")
    scene.ready("mobile")
    scene.plan(T1)
    return scene.running("T1")


def received(scene: Scene, line: str, request: str = "0") -> tuple[act.Action, ...]:
    return scene.post(ev.RequestReceived, replace(scene.request("T1", request), command=line, folder=ROOT))


def test_a_request_that_a_rule_settles_is_answered_and_no_human_is_asked() -> None:
    scene = scene_with(STATUS, PUSH)

    key = scene.request("T1").key
    assert received(scene, "git status") == (
        act.SendAnswer("backend", "", key, Answer("accept", ""), why="rule 1: accept command `git status`", task="T1"),
    )
    assert (scene.world.asks, scene.status("T1")) == ({}, "running")
    assert [(one.subject, one.why) for one in scene.world.ruled] == [
        ("git status", "rule 1: accept command `git status`")
    ]
    assert scene.post(ev.RequestResolved, key) == ()
    (declined,) = received(scene, "git push", "1")
    assert isinstance(declined, act.SendAnswer)
    assert declined.answer == Answer("decline", "")


def test_for_the_session_only_if_the_rule_says_so() -> None:
    (sent,) = received(scene_with(replace(STATUS, for_session=True)), "git status")
    assert isinstance(sent, act.SendAnswer)
    assert sent.answer == Answer("accept", "", for_session=True)


def test_what_no_rule_settles_is_asked() -> None:
    (raised,) = received(scene_with(STATUS), "git status; rm x")
    assert isinstance(raised, act.RaiseAsk)


def test_what_was_put_before_a_human_stays_there_whatever_rules_a_restart_brings() -> None:
    scene = scene_with()
    received(scene, "git status")
    scene.post(ev.SupervisorStarted, 2, "1.0", (BACKEND, MOBILE), ("backend", "mobile"), (2.0,), (STATUS,))
    scene.ready("backend", adopted=True)
    scene.opened("backend", waiting=True)
    assert received(scene, "git status") == ()
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_an_answer_of_a_rule_that_may_be_lost_is_given_again_when_the_server_asks_again() -> None:
    scene = scene_with(STATUS)
    assert len(received(scene, "git status")) == 1
    scene.exited("backend")
    scene.ready("backend", adopted=True)
    assert [type(one) for one in received(scene, "git status")] == [act.SendAnswer]


def test_an_ask_that_was_settled_in_another_window_is_closed_as_such_and_can_come_back() -> None:
    scene = scene_with()
    received(scene, "git status")
    (closed,) = scene.post(ev.RequestResolved, scene.request("T1").key)
    assert closed == act.WithdrawAsk("A1", why="somebody answered in another window", external=True)
    assert scene.world.asks["A1"].state is AskState.EXTERNAL
    received(scene, "git status")
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_a_ledger_of_an_older_version_has_no_rules() -> None:
    assert ev.SupervisorStarted(NOON, 1, "0.1.0", (), (), ()).rules == ()


def test_a_tool_can_be_declined_and_a_server_with_all_its_tools() -> None:
    never = Rule(5, "decline", tool="lab/*")
    assert ruling([TOOL, never], asked(tool="lab/act"), ROOT) == never
    assert ruling([TOOL, never], asked(tool="lab2/act"), ROOT) is None


def test_no_rule_gives_the_word_that_only_the_person_has() -> None:
    every, never = Rule(5, "accept", tool="orch/*"), Rule(6, "decline", tool=ANSWER_TOOL)
    assert ruling([every], asked(tool=ANSWER_TOOL), ROOT) is None
    assert ruling([every, never], asked(tool=ANSWER_TOOL), ROOT) == never
    assert ruling([every], asked(tool="orch/status"), ROOT) == every


def test_a_path_of_any_length_is_declined_or_left_to_the_human_and_takes_no_time() -> None:
    long = f"{ROOT}/docs/" + "a/" * 200_000
    assert ruling([DOCS], writes(long), ROOT) is None
