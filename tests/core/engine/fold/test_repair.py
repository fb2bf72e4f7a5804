"""After the repair of a damaged ledger nothing starts by itself, no message id is used again, and doubts are asked."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Ask, AskState
from supervisor.domain.task import Phase
from tests.core.engine.scene import BACKEND, H1, MOBILE, T1, T2, Scene, kinds, only

SEEN = "the last status said done: it is done"


def repaired(scene: Scene, lost: int, *doubts: ev.Doubt) -> None:
    """Repair the ledger of a supervisor that is down. The next one finds its servers gone."""
    scene.post(ev.LedgerRepaired, lost, ("ledger.jsonl",), doubts)
    scene.post(ev.SupervisorStarted, 2, "1.0", (BACKEND, MOBILE), ("backend", "mobile"), (2.0, 4.0))
    scene.ready("backend")
    scene.ready("mobile")


def open_asks(scene: Scene) -> list[Ask]:
    return [ask for ask in scene.world.asks.values() if ask.state is AskState.OPEN]


def test_nothing_starts_after_events_are_lost_until_the_human_says_go() -> None:
    scene = Scene(T2)
    repaired(scene, 3)
    assert (scene.world.plan.hold, scene.world.plan.lost) == (True, 3)
    assert (scene.status("T2"), scene.why("T2")) == (
        "waiting",
        "nothing new starts: the ledger lost 3 events: look at what the tasks did, then `orch go`",
    )
    repaired(scene, 4)
    assert scene.world.plan.lost == 7, "a second repair adds to the first"

    scene.post(ev.HoldLifted)
    assert (scene.world.plan.hold, scene.world.plan.lost) == (False, 0)
    assert scene.running("T2").status("T2") == "running"


def test_a_repair_that_lost_nothing_changes_nothing() -> None:
    scene = Scene(T1)
    before = scene.world
    assert scene.post(ev.LedgerRepaired, 0, ("000000000001-000000000009.jsonl.gz",)) == ()
    assert scene.world.plan == before.plan
    assert scene.world.tasks == before.tasks


def test_no_ask_gets_an_id_that_a_lost_event_may_have_used() -> None:
    scene = Scene(H1)
    (first,) = open_asks(scene)
    repaired(scene, 2)
    scene.post(ev.HoldLifted)
    scene.plan(H1, replace(H1, id="H2"))

    assert (first.id, [one.id for one in open_asks(scene)]) == ("A1", ["A1", "A4"])


def test_no_message_id_that_a_lost_event_may_have_used_is_used_again() -> None:
    scene = Scene(T2).done("T2")
    used = scene.state("T2").sent
    repaired(scene, 5)
    scene.post(ev.HoldLifted)
    scene.plan(replace(T2, instructions="Log it twice."))
    actions = scene.opened("backend") + scene.post(ev.TreeRead, "backend", "T2", scene.state("T2").runs, None)
    assert only(actions).message == f"orch-T2-{used + 5 + 1}"


def test_a_task_of_which_more_is_known_is_asked_about_and_does_not_begin_again() -> None:
    scene = Scene()
    scene.plan(T2, hold=True)
    repaired(scene, 2, ev.Doubt("T2", SEEN))
    (ask,) = open_asks(scene)
    assert (ask.task, ask.text) == (
        "T2",
        f"The ledger lost events, and with them how far T2 got. What is still known of it: {SEEN}",
    )
    assert ask.steps == "Look at the changes in backend, then decide."
    scene.post(ev.HoldLifted)
    scene.plan(T2)
    assert (scene.status("T2"), scene.why("T2")) == ("needs_human", "the ledger lost how far it got")

    assert act.StartTurn not in kinds(scene.answer(ask.id, "accept"))
    assert scene.status("T2") == "done"


def test_the_answer_may_be_to_do_it_again_under_an_id_that_no_run_before_had() -> None:
    scene = Scene()
    scene.plan(T2, hold=True)
    repaired(scene, 2, ev.Doubt("T2", SEEN))
    (ask,) = open_asks(scene)
    scene.post(ev.HoldLifted)
    scene.plan(T2)
    actions = scene.answer(ask.id, "text", "do it again")
    actions += scene.opened("backend") + scene.post(ev.TreeRead, "backend", "T2", scene.state("T2").runs, None)
    start = only(actions)
    assert "do it again" in start.text
    assert int(start.message.removeprefix("orch-T2-")) > 2


def test_a_task_of_a_version_that_is_lost_too_is_asked_about_once_a_version_has_it() -> None:
    scene = Scene()
    repaired(scene, 9, ev.Doubt("T1", SEEN), ev.Doubt("T2", "the rest of the ledger shows that it was begun"))
    assert open_asks(scene) == []
    assert set(scene.world.plan.doubts) == {"T1", "T2"}
    scene.post(ev.HoldLifted)

    scene.plan(T1)
    assert [ask.task for ask in open_asks(scene)] == ["T1"]
    assert dict(scene.world.plan.doubts) == {"T2": "the rest of the ledger shows that it was begun"}
    scene.plan(T1, T2)
    assert [ask.task for ask in open_asks(scene)] == ["T1", "T2"]
    assert dict(scene.world.plan.doubts) == {}


def test_a_task_that_goes_on_and_one_of_a_human_are_not_asked_about() -> None:
    scene = Scene(T1, H1).running("T1")
    before = [ask.task for ask in open_asks(scene)]
    scene.post(ev.LedgerRepaired, 1, ("ledger.jsonl",), (ev.Doubt("T1", SEEN), ev.Doubt("H1", SEEN)))
    assert scene.state("T1").phase is Phase.WORKING
    assert [ask.task for ask in open_asks(scene)] == before
    assert dict(scene.world.plan.doubts) == {}
