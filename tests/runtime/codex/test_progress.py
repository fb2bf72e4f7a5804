"""What the turns are doing, as the status shows it."""

from __future__ import annotations

import json
from typing import Any

from supervisor.runtime.codex.progress import KEPT, Activity
from supervisor.wire.codex.notifications import Notification, read_notification
from supervisor.wire.jsonrpc import Notice
from supervisor.wire.status import read_status
from tests.cli.scene import orchestrator_json, status_json, task


def heard(method: str, thread: str, **item: Any) -> Notification:
    params = {"threadId": thread, "turnId": "u1", **({"item": {"id": "i", **item}} if item else {})}
    if method == "turn/completed":
        params["turn"] = {"id": "u1", "status": "completed", "items": []}
    found = read_notification(Notice(method, json.loads(json.dumps(params))))
    assert isinstance(found, Notification)
    return found


def test_each_running_task_and_the_orchestrator_show_what_their_own_thread_does() -> None:
    activity = Activity()
    activity.observe(heard("item/started", "a", type="commandExecution", command="git log -n 5"))
    activity.observe(heard("item/completed", "o1", type="agentMessage", text="I read the map."))
    activity.observe(heard("item/completed", "b", type="agentMessage", text="It is over."))
    tasks = (task("T1", "running", thread="a"), task("T2", "running", thread="c"), task("T3", "done", thread="b"))
    shown = activity.shown(read_status(status_json(tasks=tasks, orchestrator=orchestrator_json("working"))))
    assert [one.doing for one in shown.tasks] == ["runs git log -n 5", None, None]
    assert shown.orchestrator is not None
    assert shown.orchestrator.doing == "says: I read the map."
    activity.observe(heard("turn/completed", "a"))
    assert [one.doing for one in activity.shown(shown).tasks][1:] == [None, None]


def test_only_so_many_threads_are_remembered() -> None:
    activity = Activity()
    for number in range(KEPT + 5):
        activity.observe(heard("item/completed", f"t{number}", type="agentMessage", text="x"))
    tasks = (task("T1", "running", thread="t0"), task("T2", "running", thread=f"t{KEPT}"))
    assert [one.doing for one in activity.shown(read_status(status_json(tasks=tasks))).tasks] == [None, "says: x"]


def limits(**snapshot: Any) -> Notification:
    found = read_notification(Notice("account/rateLimits/updated", {"rateLimits": snapshot}))
    assert isinstance(found, Notification)
    return found


def test_the_limits_of_the_account_are_merged_and_end_when_they_reset() -> None:
    activity, later = Activity(), 4_000_000_000
    window = {"usedPercent": 84.5, "windowDurationMins": 300, "resetsAt": later}
    over = {"usedPercent": 99, "windowDurationMins": 10_080, "resetsAt": 1_000_000_000}
    activity.observe(limits(limitId="codex", primary=window, secondary=over))
    activity.observe(limits(limitId="codex", primary={"usedPercent": 86}, secondary=None))
    activity.observe(limits(limitId=None, primary={"usedPercent": 3, "resetsAt": 1e300}))
    shown = activity.shown(read_status(status_json())).limits
    assert [(one.used_percent, one.minutes, one.resets_at) for one in shown] == [
        (86, 300, "2096-10-02T07:06:40+00:00"),
        (3, None, None),
    ]


def test_what_is_no_limit_is_not_taken_in() -> None:
    broken = read_notification(Notice("account/rateLimits/updated", {"rateLimits": {"primary": "x"}}))
    assert not isinstance(broken, Notification)
    activity = Activity(lambda status: status)
    for number in range(100):
        activity.observe(limits(limitId=f"l{number}", primary={"usedPercent": number}))
    assert len(activity.shown(read_status(status_json())).limits) == 20
