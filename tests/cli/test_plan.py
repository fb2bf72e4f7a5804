"""`orch plan`: check plan.md without applying it, and show the revisions that were in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.plans import GOOD, keep

BAD = GOOD.replace("child: mobile", "child: mobil").replace("after: T1", "afters: T1")


def test_a_good_plan_is_summarised(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(GOOD, encoding="utf-8")
    assert orch("plan", "check") == (
        0,
        "plan.md is fine: Pair devices: 2 tasks, 1 contract\n"
        "TASK  CHILD    AFTER  TITLE       THEN\n"
        "T1    backend  -      Answer 202  starts\n"
        "T2    mobile   T1     Poll        waits: after T1\n"
        "no supervisor is up: the next `orch up` starts T1; leaves waiting T2\n",
        "",
    )


def test_changes_are_shown_relative_to_the_newest_revision(workspace: WorkspacePaths, orch: Orch) -> None:
    keep(workspace, "# Plan: Old\n\n## Working Plan\n", GOOD)
    workspace.plan.write_text(GOOD.replace("202.", "204."), encoding="utf-8")
    assert orch("plan", "check").out.splitlines()[-2] == "compared with revision 2: C1 changed (affects T1)"


def test_a_good_plan_as_json_has_its_tasks(workspace: WorkspacePaths, orch: Orch) -> None:
    keep(workspace, GOOD)
    fields = "- thread: fresh\n- model: gpt-5.5\n- effort: high\n"
    fields += "- sandbox: read-only\n- timeout: 30m\n- budget: 200k tokens\n"
    workspace.plan.write_text(GOOD.replace("- after: T1\n", f"- after: T1\n{fields}"), encoding="utf-8")
    ran = orch("plan", "check", "--json")
    shape = {"after": [], "contracts": [], "verify": [], "hold": False, "expect": ""}
    unset = {"thread": "shared", "model": None, "effort": None, "sandbox": None, "timeout": None, "budget": None}
    unset["isolation"] = None
    assert (ran.code, json.loads(ran.out), ran.err) == (
        0,
        {
            "ok": True,
            "problems": [],
            "warnings": [],
            "title": "Pair devices",
            "hold": False,
            "tasks": [
                {
                    **shape,
                    **unset,
                    "id": "T1",
                    "title": "Answer 202",
                    "child": "backend",
                    "contracts": ["C1"],
                    "verify": ["make test"],
                    "instructions": "Answer at once.",
                    "line": 13,
                },
                {
                    **shape,
                    "id": "T2",
                    "title": "Poll",
                    "child": "mobile",
                    "after": ["T1"],
                    "thread": "fresh",
                    "model": "gpt-5.5",
                    "effort": "high",
                    "sandbox": "read-only",
                    "timeout": 30.0,
                    "budget": {"tokens": 200_000, "minutes": None},
                    "isolation": None,
                    "instructions": "Poll each second.",
                    "line": 20,
                },
            ],
            "contracts": [{"id": "C1", "title": "Answer", "between": ["backend", "mobile"], "text": "202.", "line": 7}],
            "budget": None,
            "revision": 1,
            "changes": "T2 scheduled differently",
            "template": False,
            "in_force": False,
            "when": "orch up",
            "picture": [
                {"task": "T1", "child": "backend", "effect": "starts", "why": "", "running": False},
                {"task": "T2", "child": "mobile", "effect": "waits", "why": "after T1", "running": False},
            ],
            "waits": None,
            "may_not_fit": [],
        },
        "",
    )


def test_every_problem_is_shown_with_its_line(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(BAD, encoding="utf-8")
    ran = orch("plan", "check", "--json")
    printed = json.loads(ran.out)
    assert (ran.code, printed["ok"], printed["tasks"], [one["line"] for one in printed["problems"]]) == (
        1,
        False,
        [],
        [21, 22],
    )
    lines = "".join(f"plan.md:{one['line']}: {one['message']}\n" for one in printed["problems"])
    assert orch("plan", "check") == (1, lines, "")


def test_a_warning_leaves_the_plan_valid(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(f"{GOOD}\nPoll.\n\n- timeout: raise it\n", encoding="utf-8")
    ran = orch("plan", "check")
    message = (
        "`timeout: raise it` is read as text, not as a field: if it is meant as one, move it right below the heading "
        "of T2; if not, write the word in code: `` `timeout`: ``"
    )
    assert (ran.code, ran.err) == (0, f"plan.md:28: warning: {message}\n")
    assert json.loads(orch("plan", "check", "--json").out)["warnings"] == [{"line": 28, "message": message}]


def test_a_task_in_force_does_not_vanish_by_a_slip(workspace: WorkspacePaths, orch: Orch) -> None:
    keep(workspace, GOOD)
    workspace.plan.write_text(
        GOOD.replace("### T2 — Poll\n- child: mobile\n- after: T1", "T2 — Poll"), encoding="utf-8"
    )
    ran = orch("plan", "check")
    assert (ran.code, ran.out.split(": ")[0:2]) == (
        1,
        ["plan.md:20", "T2 is a task of the revision in force, and has no heading any more but this line"],
    )


def test_another_file_can_be_checked(workspace: WorkspacePaths, orch: Orch, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_bytes(b"# Plan: X\n\n\xff\n")
    assert orch("plan", "check", str(draft)) == (
        1,
        f"{draft}:3: this is not UTF-8 text: save it as UTF-8\n",
        "",
    )
    assert orch("plan", "check", str(tmp_path / "none.md")) == (
        2,
        "",
        f"orch: {tmp_path}/none.md does not exist: name an existing file\n",
    )


def test_a_folder_is_not_checked_but_the_command_that_was_meant_is_named(
    workspace: WorkspacePaths, orch: Orch, tmp_path: Path
) -> None:
    folder = tmp_path / "my drafts"
    folder.mkdir()
    name = f"orch: {folder} is a folder: name a file, for example `orch plan check '{folder}"
    assert orch("plan", "check", str(folder)) == (2, "", f"{name}/plan.md'`\n")
    (folder / "draft.md").touch()
    assert orch("plan", "check", str(folder), "--json") == (2, "", f"{name}/draft.md'`\n")
    root = workspace.root
    meant = f"check the plan of that workspace with `orch -C {root} plan check`"
    assert orch("plan", "check", str(root)) == (2, "", f"orch: {root} is a folder: {meant}\n")


def test_a_missing_plan_is_a_failure(workspace: WorkspacePaths, orch: Orch) -> None:
    message = "plan.md does not exist: write one with `# Plan: TITLE` and a `## Working Plan`"
    assert orch("plan", "check") == (1, f"plan.md:1: {message}\n", "")
    ran = orch("plan", "check", "--json")
    assert (ran.code, json.loads(ran.out)["problems"], ran.err) == (1, [{"line": 1, "message": message}], "")


@pytest.mark.parametrize("arguments", [("plan", "check"), ("plan", "check", "--json")])
def test_a_broken_config_is_a_failure(arguments: tuple[str, ...], workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(GOOD, encoding="utf-8")
    workspace.config.write_text("children: [", encoding="utf-8")
    code, out, err = orch(*arguments)
    assert (code, out, err[:6]) == (1, "", "orch: ")


def test_the_history_is_every_accepted_revision_once(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.state.mkdir()

    def accepted(seq: int, revision: int, summary: str, **author: str) -> str:
        ts = f"2026-11-23T10:00:0{seq}Z"
        fields = {"seq": seq, "ts": ts, "level": "info", "event": "plan_accepted", "revision": revision}
        return json.dumps({**fields, "summary": summary, "plan": {}, **author}) + "\n"

    other = json.dumps({"seq": 3, "event": "learning_noted", "text": '"plan_accepted"'}) + "\n"
    torn = '{"event":"plan_accepted", '
    workspace.ledger.write_text(
        accepted(1, 1, "T1 added")
        + accepted(2, 1, "as before")
        + other
        + accepted(4, 2, "T1 changed", author="orchestrator")
        + torn,
        encoding="utf-8",
    )
    ran = orch("plan", "history", "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (
        0,
        [
            {"revision": 1, "ts": "2026-11-23T10:00:01Z", "author": "human", "summary": "T1 added"},
            {"revision": 2, "ts": "2026-11-23T10:00:04Z", "author": "orchestrator", "summary": "T1 changed"},
        ],
        "",
    )
    assert orch("plan", "history").out == (
        "REVISION  WHEN                  BY            WHAT CHANGED\n"
        "1         2026-11-23T10:00:01Z  human         T1 added\n"
        "2         2026-11-23T10:00:04Z  orchestrator  T1 changed\n"
    )


def test_without_a_plan_there_is_no_history(orch: Orch) -> None:
    nothing = "no plan was accepted yet: write plan.md, then run `orch up`\n"
    assert orch("plan", "history") == (0, "", nothing)
    assert orch("plan", "history", "--json") == (0, "[]\n", "")
    assert orch("plan", "diff") == (1, "", f"orch: {nothing}")


@pytest.mark.parametrize(
    ("arguments", "head", "changed"),
    [
        ((), ["--- revision 2", "+++ plan.md"], ["-b", "+\tc"]),
        (("1",), ["--- revision 1", "+++ plan.md"], ["-a", "+\tc"]),
        (("1", "0002"), ["--- revision 1", "+++ revision 2"], ["-a", "+b"]),
    ],
)
def test_revisions_are_compared(
    arguments: tuple[str, ...], head: list[str], changed: list[str], workspace: WorkspacePaths, orch: Orch
) -> None:
    keep(workspace, "same\na\n", "same\nb\n")
    workspace.plan.write_text("same\n\tc\x1b[2J\n", encoding="utf-8")
    code, out, err = orch("plan", "diff", *arguments)
    assert (code, out.splitlines()) == (0, [*head, "@@ -1,2 +1,2 @@", " same", *changed])
    pending = "no supervisor is up: the next `orch up` reads plan.md; compared with revision 2\n"
    assert err == ("" if arguments else pending)


def test_a_comparison_as_json_is_exact(workspace: WorkspacePaths, orch: Orch) -> None:
    keep(workspace, "a\n", "b\n")
    ran = orch("plan", "diff", "1", "2", "--json")
    assert json.loads(ran.out) == {
        "from": "revision 1",
        "to": "revision 2",
        "diff": "--- revision 1\n+++ revision 2\n@@ -1 +1 @@\n-a\n+b",
    }


def test_revisions_that_do_not_differ_or_are_missing_are_reported(workspace: WorkspacePaths, orch: Orch) -> None:
    keep(workspace, "a\n", "a\n")
    assert orch("plan", "diff", "1", "2") == (0, "", "revision 1 and revision 2 do not differ\n")
    for wrong in ("3", "x", "²"):
        assert orch("plan", "diff", wrong) == (
            2,
            "",
            f"orch: there is no revision {wrong}: the newest are 1, 2; see `orch plan history`\n",
        )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("chek", "did you mean `orch plan check`? "),
        ("dif", "did you mean `orch plan diff`? "),
        ("hold", "did you mean `orch hold`? "),
        ("login", ""),
    ],
)
def test_one_bare_word_is_a_mistyped_command_and_never_a_problem(word: str, hint: str, orch: Orch) -> None:
    complaint = f"`{word}` is no problem statement: {hint}say in a sentence what should be different"
    assert orch("plan", word) == (2, "", f"orch: {complaint}\n")
