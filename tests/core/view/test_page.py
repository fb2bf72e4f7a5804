"""The page of a run: no text of others becomes markup, no secret is shown, nothing is loaded from outside."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.view.page.asks import ask_links
from supervisor.core.view.page.changes import TaskPatch
from supervisor.core.view.page.frame import notices, sums
from supervisor.core.view.page.pen import Html, Pen, lasted
from supervisor.core.view.page.report import report
from supervisor.core.view.status import status
from supervisor.core.view.story.record import AskRecord, Decision, PlanEdit, RunStory, Stretch
from supervisor.domain.ask import Answer, AskState
from supervisor.domain.change.diff import DiffStatus, FileDiff
from supervisor.domain.plan import Effect, Foreseen
from supervisor.domain.status import LimitInfo
from supervisor.domain.world import World
from supervisor.wire.status import read_status
from tests.cli.scene import ask, orchestrator_json, status_json
from tests.core.hostile import hostile
from tests.core.view.hostile_world import hostile_world
from tests.core.view.worlds import NOON, world_at_work

LATER = NOON + timedelta(minutes=3)
LINKS = {"href", "src", "action", "data", "srcset", "poster", "xlink:href"}
ATTACK = "</title></pre><script>alert(1)</script><img src=x onerror=alert(1)>"


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in LINKS]
        if tag not in ("meta", "br", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(world: World, text: str = "word", pen: Pen | None = None) -> Html:
    asks = [AskRecord(one) for one in world.asks.values()]
    settled = replace(asks[0].ask, state=AskState.ANSWERED, answer=Answer("text", text), text=text)
    story = RunStory(
        world,
        NOON,
        LATER,
        (Stretch("backend", "T1", "turn", NOON, LATER, "completed"), Stretch(text, text, "checks", NOON)),
        (*asks, AskRecord(settled, LATER)),
        (PlanEdit(NOON, 1, text, text, (Foreseen(text, text, Effect.STARTS, text),)),),
        (Decision(NOON, text, text, text, text),),
    )
    files = (FileDiff(text, DiffStatus.RENAMED, text, 1, 1), FileDiff(text, DiffStatus.ADDED, None, None, None))
    patches = [TaskPatch("T1", text, files, f"diff --git {text}\n+{text}\n-{text}\n {text}", (text,))]
    return report(pen or Pen(), status(world, LATER, "/ws"), story, patches, LATER)


@settings(max_examples=40)
@given(st.data())
def test_no_text_of_others_changes_the_page(data: st.DataObject) -> None:
    drawn = page(hostile_world(data.draw), data.draw(hostile))
    shape = Shape(drawn)
    assert {tag for tag, _ in shape.elements}.isdisjoint(
        {"script", "iframe", "object", "embed", "base", "link", "form"}
    )
    assert all(not name.startswith("on") and name != "style" for _, names in shape.elements for name in names)
    assert all(link.startswith("#") for link in shape.links)
    assert shape.open == []


def test_an_attack_is_shown_as_the_text_that_it_is() -> None:
    tags = [tag for tag, _ in Shape(page(hostile_world(lambda _: ATTACK), ATTACK)).elements]  # type: ignore[arg-type]
    assert not {"script", "img"} & set(tags)
    assert Pen().text(ATTACK).count("<") == 0


def test_the_page_allows_nothing_and_needs_nothing() -> None:
    shown = page(world_at_work())
    assert "default-src &#x27;none&#x27;" in shown
    assert "url(" not in shown.replace("url(#", "")
    assert "@import" not in shown
    assert {link for link in Shape(shown).links if not link.startswith("#")} == set()


def test_it_tells_the_whole_run() -> None:
    shown = page(world_at_work(), "a word of mine")
    for words in (
        *("Registration answers 202.", "4 passed", "api/devices.py", "The route needs a trailing"),
        *("Is it done?", "orch answer A2 reply TEXT", "a word of mine", "Hold the button", "C1 kept", "Pair fast."),
    ):
        assert words in shown, words
    assert 'href="#task-T1"' in shown
    assert 'id="task-T1"' in shown


def test_it_says_what_was_spent_and_what_may_not_fit() -> None:
    before = status(world_at_work(), LATER, "/ws")
    limits = (LimitInfo("", 300.0, 81.4, None), LimitInfo("other", None, 3.0, None))
    spent = replace(before, cost=1.254, cost_at_least=True, limits=limits, warnings=("the rest needs `2M` <tokens>",))
    assert "$" not in sums(Pen(), before, None, None)
    shown = sums(Pen(), spent, None, None)
    assert "<span>over $1.25</span>" in shown
    assert '<span class="needs_human">81% of the limit used</span>' in shown
    assert "<p>the rest needs <code>2M</code> &lt;tokens&gt;</p>" in notices(Pen(), spent)
    assert "tokens&gt;" not in notices(Pen(), before)


def test_commands_in_a_notice_are_code() -> None:
    seen = read_status(status_json(orchestrator=orchestrator_json("stopped", why="`orch plan stop` <ended> it")))
    assert notices(Pen(), seen) == (
        '<div class="card you"><p>The orchestrator is stopped: <code>orch plan stop</code> &lt;ended&gt; it</p></div>'
    )


def test_secrets_are_cut_out_also_where_a_patch_or_a_plan_holds_them() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    world = world_at_work()
    assert world.plan.current is not None
    told = replace(world.plan.current, objective=f"Use {token} there.")
    shown = page(replace(world, plan=replace(world.plan, current=told)), f"password={token}", Pen(("harbour-light",)))
    assert token not in shown
    assert "[redacted]" in shown
    assert "harbour-light" not in page(world, "say harbour-light", Pen(("harbour-light",)))


def test_several_asks_begin_with_a_link_to_each_because_one_may_be_long() -> None:
    asks = read_status(status_json(asks=(ask("A1", task="T<1>"), ask("A2", task=None, child="api")))).asks
    assert ask_links(Pen(), asks) == (
        '<nav class="jump" aria-label="Asks"><a href="#ask-A1">A1 T&lt;1&gt;</a><a href="#ask-A2">A2 api</a></nav>'
    )
    assert ask_links(Pen(), asks[:1]) == ""


def test_spans_are_short() -> None:
    assert [lasted(one) for one in (0, 59, 60, 3599, 7500)] == ["0 s", "59 s", "1 min", "1 h 00", "2 h 05"]
