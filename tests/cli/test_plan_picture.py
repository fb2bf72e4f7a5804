"""`orch plan check` shows what plan.md would do, `orch plan diff` what becomes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from supervisor.core.engine.reconcile import advance
from supervisor.domain import event as ev
from supervisor.domain.plan import Plan
from supervisor.domain.world import World
from supervisor.runtime.plan.read import check
from supervisor.runtime.presence import lock
from supervisor.runtime.templates import is_untouched, read
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.store import Ledger
from tests.cli.conftest import Orch
from tests.cli.plans import GOOD, keep
from tests.cli.scene import Standin, status_json
from tests.core.engine.scene import BACKEND, MOBILE, Scene

TOKEN = "gh" + "p_" + "Zq3r" * 9


def running(workspace: WorkspacePaths, text: str = GOOD, **settings: object) -> Scene:
    """The ledger of a supervisor that accepted `text`, of which T1 runs."""
    plan = check(text.encode(), ("backend", "mobile"))
    assert isinstance(plan, Plan)
    scene = Scene(up=False)
    scene.world, scene.now = World(), datetime.now(UTC) - timedelta(minutes=5)
    recorded: list[ev.Event] = []

    real = advance

    def stepping(world: World, event: ev.Event) -> object:
        step = real(world, event)
        recorded.extend(step.events)
        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.core.engine.scene.advance", stepping)
        scene.post(ev.SupervisorStarted, 1, "1.0", (BACKEND, MOBILE), (), (2.0,), **settings)
        scene.post(ev.UpRequested, ("backend", "mobile"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        scene.post(ev.PlanAccepted, 1, digest, "an edit", plan)
        scene.ready("backend")
        scene.ready("mobile")
        scene.running("T1")
    keep(workspace, text)
    ledger = Ledger(workspace.ledger)
    ledger.open()
    ledger.append(recorded, lambda _: {})
    ledger.close()
    workspace.plan.write_text(text, encoding="utf-8")
    return scene


@contextmanager
def held_lock(workspace: WorkspacePaths) -> Iterator[None]:
    """A supervisor is up."""
    file = lock.take(workspace)
    assert file is not None
    lock.sign(file, 1)
    with file:
        yield


def effects(orch: Orch, *arguments: str) -> dict[str, str]:
    shown = json.loads(orch("plan", "check", "--json", *arguments).out)
    return {one["task"]: one["effect"] for one in shown["picture"]}


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("Answer at once.", "Answer soon.", "redirected"),
        ("- child: backend\n- contracts", "- child: mobile\n- contracts", "moved"),
        ("- child: backend\n- contracts", "- child: backend\n- hold: yes\n- contracts", "interrupted"),
        ("202.\n", "204.\n", "redirected"),
        ("Poll each second.", "Poll each minute.", "unchanged"),
    ],
)
def test_the_picture_of_an_edit_comes_from_the_ledger(
    old: str, new: str, effect: str, workspace: WorkspacePaths, orch: Orch
) -> None:
    running(workspace)
    before = workspace.ledger.read_bytes()
    workspace.plan.write_text(GOOD.replace(old, new), encoding="utf-8")
    with held_lock(workspace):
        assert effects(orch)["T1"] == effect
    assert workspace.ledger.read_bytes() == before


def test_each_task_is_shown_with_what_happens_to_it(workspace: WorkspacePaths, orch: Orch) -> None:
    running(workspace)
    workspace.plan.write_text(
        GOOD[: GOOD.index("### T1")] + GOOD[GOOD.index("### T2") :].replace("- after: T1\n", ""), encoding="utf-8"
    )
    with held_lock(workspace):
        assert orch("plan", "check").out.splitlines()[1:] == [
            "TASK  CHILD    TITLE  THEN",
            "T2    mobile   Poll   starts",
            "T1    backend  -      retired: its turn is interrupted",
            "compared with revision 1: T1 removed; T2 scheduled differently",
            "once it is in force, it retires T1; starts T2",
        ]


def test_the_plan_in_force_changes_nothing(workspace: WorkspacePaths, orch: Orch) -> None:
    running(workspace)
    with held_lock(workspace):
        assert orch("plan", "check").out.splitlines()[2:] == [
            "T1    backend  -      Answer 202  unchanged (its turn runs)",
            "T2    mobile   T1     Poll        unchanged (waits: after T1)",
            "compared with revision 1: nothing that matters changed",
            "it is revision 1, which is in force",
        ]


def test_a_secret_in_the_plan_makes_no_difference_to_the_picture(workspace: WorkspacePaths, orch: Orch) -> None:
    text = GOOD.replace("Answer at once.", f"Answer with {TOKEN}.")
    running(workspace, text)
    with held_lock(workspace):
        assert effects(orch)["T1"] == "unchanged"


def test_without_a_supervisor_it_is_what_the_next_start_does(workspace: WorkspacePaths, orch: Orch) -> None:
    running(workspace)
    assert orch("plan", "check").out.splitlines()[2].endswith("unchanged (it continues once its server is back)")
    workspace.plan.write_text(GOOD.replace("Answer at once.", "Answer soon."), encoding="utf-8")
    shown = json.loads(orch("plan", "check", "--json").out)
    assert (shown["when"], shown["picture"][0]["effect"]) == ("orch up", "redirected")


def test_an_edit_that_would_wait_for_go_says_so(workspace: WorkspacePaths, orch: Orch) -> None:
    running(workspace, surprise=0.5)
    draft = workspace.root / "draft.md"
    draft.write_text(GOOD.replace("T1", "T9"), encoding="utf-8")
    with held_lock(workspace):
        waits = "it would stop 1 of 1 running tasks (T1), more than `limits.surprise: 50%`"
        assert orch("plan", "check", str(draft)).out.splitlines()[-1] == f"it waits for `orch go`: {waits}"
        assert json.loads(orch("plan", "check", str(draft), "--json").out)["waits"] == waits


def test_a_ledger_that_cannot_be_read_leaves_the_rest_of_the_check(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(GOOD, encoding="utf-8")
    workspace.state.mkdir()
    workspace.ledger.write_text('{"seq": 1, "event": "made_by_a_newer_version"}\n', encoding="utf-8")
    ran = orch("plan", "check")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "plan.md is fine: Pair devices: 2 tasks, 1 contract")
    assert ran.out.splitlines()[-1].startswith("what it would do is not known: ")
    assert json.loads(orch("plan", "check", "--json").out)["picture"] is None


# ── the template, and secrets ────────────────────────────────────────────────────────────────────


def test_the_untouched_template_is_recognised(workspace: WorkspacePaths, orch: Orch) -> None:
    template = read("plan.template.md")
    for children in ("backend, mobile", "a-1", ""):
        text = template.replace("{{children}}", children)
        workspace.plan.write_text(text.replace("\n\n", "\n \n\n"), encoding="utf-8")
        assert orch("plan", "check") == (
            0,
            "plan.md is the untouched template: say in it what should change, then write `hold: no`\n",
            "",
        )
        assert json.loads(orch("plan", "check", "--json").out)["template"] is True
    for touched in (text.replace("- hold: yes", "- hold: no"), text + "\nNote.\n"):
        assert not is_untouched("plan.template.md", touched)
    assert not is_untouched("plan.template.md", template.replace("{{children}}", "a and b are old"))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (f"Use {TOKEN}.", "github"),
        ("Set `DB_PASSWORD=hunter2-Xk29`.", "the value of `DB_PASSWORD`"),
        ("Fetch https://ada:s3cr3tXk29@example.com/x.", "a password in an address"),
    ],
)
def test_a_secret_is_warned_of_by_line_and_kind_and_not_repeated(
    said: str, kind: str, workspace: WorkspacePaths, orch: Orch
) -> None:
    workspace.plan.write_text(GOOD.replace("Poll each second.", f"Poll.\n{said}"), encoding="utf-8")
    ran = orch("plan", "check")
    assert (ran.code, ran.err.startswith(f"plan.md:25: warning: this looks like a secret ({kind}), and ")) == (0, True)
    secrets = (TOKEN, "hunter2-Xk29", "s3cr3tXk29")
    assert not [
        one for one in secrets if one in ran.out + ran.err + orch("plan", "check", "--json").out.split("tasks")[0]
    ]


# ── what becomes of plan.md ──────────────────────────────────────────────────────────────────────

OLD, NEW = "same\na\n", "same\nb\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("plan", "words", "compared"),
    [
        ({"read": digest(OLD)}, "plan.md is not taken up yet: the supervisor reads it in a moment", "revision 2"),
        (
            {"read": digest(NEW), "state": "waiting", "why": "it would stop 2 of 2"},
            "plan.md waits for `orch go`: it would stop 2 of 2",
            "revision 2",
        ),
        (
            {"read": digest(NEW), "state": "rejected"},
            "plan.md is rejected: `orch plan check` shows its problems",
            "revision 2",
        ),
    ],
)
def test_a_pending_change_is_shown_with_what_it_waits_for(
    plan: dict[str, str],
    words: str,
    compared: str,
    workspace: WorkspacePaths,
    orch: Orch,
    standin: Callable[..., Standin],
) -> None:
    keep(workspace, "first\n", OLD)
    workspace.plan.write_text(NEW, encoding="utf-8")
    standin(status_json(**plan))
    ran = orch("plan", "diff")
    assert (ran.code, ran.err) == (0, f"{words}; compared with {compared}\n")
    assert ran.out.splitlines() == [f"--- {compared}", "+++ plan.md", "@@ -1,2 +1,2 @@", " same", "-a", "+b"]
    shown = json.loads(orch("plan", "diff", "--json").out)
    assert (shown["from"], shown["to"], shown["state"]) == (compared, "plan.md", plan.get("state", "pending"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("in_force", "plan.md is revision 2, which is in force"),
        ("held", "plan.md is revision 2, and held: nothing new starts"),
    ],
)
def test_right_after_a_save_its_change_is_shown(
    state: str, words: str, workspace: WorkspacePaths, orch: Orch, standin: Callable[..., Standin]
) -> None:
    keep(workspace, OLD, NEW)
    workspace.plan.write_text(NEW, encoding="utf-8")
    standin(status_json(state=state, read=digest(NEW)))
    ran = orch("plan", "diff")
    assert (ran.code, ran.err) == (0, f"{words}; compared with revision 1\n")
    assert ran.out.splitlines()[:2] == ["--- revision 1", "+++ revision 2"]


def test_the_first_revision_is_compared_with_nothing(
    workspace: WorkspacePaths, orch: Orch, standin: Callable[..., Standin]
) -> None:
    keep(workspace, NEW)
    workspace.plan.write_text(NEW, encoding="utf-8")
    standin(status_json(read=digest(NEW)))
    assert orch("plan", "diff") == (0, "", "plan.md is revision 1, which is in force\n")


def test_a_plan_that_needs_more_than_its_budget_or_a_limit_is_warned_of_before_it_starts(
    workspace: WorkspacePaths, orch: Orch, standin: Callable[..., Standin]
) -> None:
    text = GOOD.replace("# Plan: Pair devices\n", "# Plan: Pair devices\n- budget: 1M tokens\n").replace(
        "### T1 — Answer 202\n", "### T1 — Answer 202\n- budget: 1.5M tokens\n"
    )
    workspace.plan.write_text(text, encoding="utf-8")
    over = "the plan may not fit: 1 task needs about 1.5M tokens by their own budgets, and 1.0M are left of its budget"
    assert orch("plan", "check").err == f"warning: {over}\n"
    running(workspace, text)
    full = {"name": "", "minutes": 300.0, "used_percent": 96.0, "resets_at": None}
    standin({**status_json(), "limits": [full]})
    with held_lock(workspace):
        assert json.loads(orch("plan", "check", "--json").out)["may_not_fit"] == [
            "the plan may not fit: the account's limit of 5 h is 96% used, and 2 tasks left"
        ]
