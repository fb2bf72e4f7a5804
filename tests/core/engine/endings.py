"""What must hold at the end of a story."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import desired
from supervisor.core.engine.state import task_status
from supervisor.domain import event as ev
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Plan
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase, TaskStatus
from supervisor.domain.world import World
from tests.core.engine.human import CHILDREN, PLAN
from tests.core.engine.story import Story


def at_rest(story: Story) -> None:
    """Assert that every task is done, stuck with a reason, or waits for one that is, and every wanted server runs."""
    world = story.world
    assert world is not None
    for repo in story.repos.values():
        assert not [turn for _, turn in repo.turns if turn.task is not None], "a turn of ours never ends"
    for name, server in world.servers.items():
        assert server.state is ServerState.READY or not server.wanted, f"{name} is {server.state}"
    if world.orchestrator.state is not None:
        assert world.orchestrator.state.phase in (Phase.DONE, Phase.FAILED), (
            f"the orchestrator is {world.orchestrator.state.phase}"
        )
        assert not session.pending(world) or world.orchestrator.state.phase is Phase.FAILED, (
            "it still has something to do"
        )
    for task in world.plan.tasks:
        state = world.tasks[task.id]
        status, why = task_status(world, state, story.now)
        if "is not in the config" in why:
            continue
        if status is TaskStatus.WAITING:
            obstacle = why.removeprefix("the plan changed its brief: ")
            assert obstacle.startswith(("nothing new starts", "after ")), f"{task.id}: {why}"
        else:
            settled = (TaskStatus.DONE, TaskStatus.BLOCKED, TaskStatus.FAILED, TaskStatus.HELD)
            assert status in settled, f"{task.id} is {status}: {why}"


def fix_everything(story: Story) -> bool:
    """Let the human fix everything: config, holds, plan, retries. True if there is nothing to fix."""
    world = story.world
    if world is None or len(story.config) < len(CHILDREN):
        if world is not None:
            story.die()
        story.boot()
        return False
    plan = story.file if isinstance(story.file, Plan) else PLAN
    good = replace(plan, hold=False, tasks=tuple(replace(task, hold=False) for task in plan.tasks))
    stuck = [state.task for state in world.all_tasks if state.phase in (Phase.BLOCKED, Phase.FAILED)]
    stuck = [task for task in stuck if good.task(task) is not None or task == ORCHESTRATOR]
    if good == story.file and not stuck and not world.plan.hold and world.plan.postponed is None:
        return True
    if good != story.file:
        story.save(good)
    story.go_ahead()
    for task in stuck:
        story.post(ev.RetryRequested(story.now, task))
    return False


def all_done(story: Story) -> None:
    """Assert that every task of the plan is done, and that its child has the latest brief."""
    world = story.world
    assert world is not None
    assert world.plan.current is not None
    assert world.plan.current == story.file
    if world.orchestrator.state is not None:
        assert session.planned(world), "what the human asked for never became a plan"
        assert [one for one in world.orchestrator.news if one.loud] == [], "the orchestrator never receives some news"
    for task in world.plan.tasks:
        state = world.tasks[task.id]
        assert task_status(world, state, story.now)[0] is TaskStatus.DONE, f"{task.id} is never done"
        assert state.brief.delivered is not None
        assert state.brief.delivered.key == desired(world, state).key
        if task.child != HUMAN:
            assert story.delivered[task.id][1:] == (task.child, state.brief.delivered.key), (
                f"{task.id} was done with another brief"
            )


def refold(story: Story) -> None:
    """Assert that the world is the fold of all events of the ledger."""
    world = World()
    for event in story.ledger:
        world = evolve(world, event)
    if story.world is not None:
        assert world == story.world
        for ours, theirs in (
            (world.tasks, story.world.tasks),
            (world.asks, story.world.asks),
            (world.servers, story.world.servers),
            (world.threads, story.world.threads),
        ):
            assert list(ours) == list(theirs), "the fold has things in another order"
