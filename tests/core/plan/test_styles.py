"""Plans as people write them are accepted, and none of their tasks is lost: one plan for each style."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN

BODY = """\
## Objective

Pairing works on a slow network.

## Working Plan

### T1 — Answer 202
- child: backend
- verify: `make test`

{task}

### T2 — Poll
- child: mobile
- after: T1

Poll each second.

"""


def page(task: str = "Answer at once.", before: str = "", after: str = "", title: str = "# Plan: Pair devices") -> str:
    return f"{before}{title}\n\n{BODY.format(task=task)}{after}"


PROSE = """\
## Background

Some words.

### Goals

1. Fast.
   - Nested.
     - Deeper.

#### Detail

- [ ] open
- [x] done

| a | b |
|---|---|
| 1 | 2 |

Old style
---------

> ### A quoted heading
> and text

    an indented block

# Another part

##### Small: print

See [the notes][n] and #42: the issue.

[n]: https://example.org/notes "Notes"
"""

STYLES = {
    "prose before": page().replace("## Objective", f"{PROSE}\n## Objective"),
    "prose after": page(after=PROSE),
    "CRLF": page(after=PROSE).replace("\n", "\r\n"),
    "CR": page().replace("\n", "\r"),
    "byte-order mark": "\ufeff" + page(),
    "underlined title": page(title="Plan: Pair devices\n=================="),
    "underlined sections": page(after="Risks\n-----\n\nNone.\n").replace(
        "## Working Plan", "Working Plan\n------------"
    ),
    "front matter": page(before="---\n# a comment\ntitle: x\ntags:\n  - a\n- b\n\nempty:\n---\n\n"),
    "front matter with dots": page(before="---\nowner: me\n...\n"),
    "front matter of TOML": page(before="+++\n# a comment\ntitle = 'x'\n[other]\na = 1\n+++\n"),
    "a table": page(task="| call | answer |\n| --- | --- |\n| `POST /v1` | 202 |"),
    "check boxes": page(task="- [ ] route\n- [x] model\n  - [ ] nested: yes\n* [ ] **verify the result**"),
    "nested lists": page(task="1. First\n   - a\n     - b\n       1. c\n2. Second\n\n   More.\n"),
    "comments": page(task="<!-- a note -->\nText.\n\n<!--\n### T9 — later\n- child: nobody\n-->\n\nMore."),
    "links and code in headings": page()
    .replace("Answer 202", "Answer [202](https://example.org) from `POST /v1` #3")
    .replace("— Poll", ": Poll `GET /v1` **often**"),
    "an example between fences": page(task="Like this:\n\n```md\n### T9 — example\n- child: nobody\n- verify: no\n```"),
    "details": page(task="<details>\n<summary>Log</summary>\n\n- noise\n\n</details>\n\nText."),
    "fences of tildes": page(task="~~~sh\n### T9 — example\nmake ```\n~~~"),
    "three in four": page(task="````md\n```sh\nmake\n```\n### T9 — example\n````"),
    "a fence in a list": page(task="1. Run:\n   ```sh\n   # T9: build\n   make\n   ```\n2. Look."),
    "German": page(task="Prüfe: das Gerät muß nach höchstens zehn Sekunden antworten – sonst: abbrechen."),
    "Japanese": page(task="応答:202を返す。\n\n- 注意：タイムアウトは三十秒\n\n「完了」と表示する — 十秒以内。"),
    "Arabic": page(task="أعد الإجابة فورًا: ٢٠٢ — ثم انتظر."),
    "3,000 lines": page(task="\n".join(f"Line {n}: some words — and more." for n in range(3000))),
    "emphasis": page(
        task="**Important**: keep the old route.\n\n**Note: be careful**\n\n_Later — maybe_\n\n***Never***"
    ),
    "subheadings": page(task="#### Where to look\n\nThere.\n\n##### And why: because\n\n#### Step 1 — read"),
    "rules with room": page(task="Text.\n\n---\n\nMore.\n\n***\n\nEnd.\n\n___"),
    "mentions of tasks": page(task="**T2** polls: see T2.\n\n- T2 — waits for this\n\n> T1 — this task"),
    "tasks in a section of prose": page(
        after="## Parallel Work\n\n- T1: first\n- T2 — second\n\n### T1 — why first\n\nWhy.\n"
    ),
    "prose that explains plans": page(
        after="## Words\n\n- **task**: one unit of work\n- **child**: a repo that takes part\n\nLike this:\n\n"
        "    ## Success Criteria\n    ### T9 — example\n    - child: backend\n"
    ),
    "hyphens and colons": page().replace("T1 — ", "T1: ").replace("T2 — ", "T2 - "),
    "no empty lines": page().replace("\n\n", "\n"),
    "an indented example": page(task="Like this:\n\n    make all\n    # then: look\n"),
    "inline HTML": page(task="Press <kbd>x</kbd>.<br>\nThen <b>wait</b> a &lt; b."),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_plan_of_this_style_is_accepted_with_all_its_tasks(style: str) -> None:
    plan = parse(STYLES[style], CHILDREN, known=["T1", "T2"])
    assert isinstance(plan, Plan), plan
    assert plan.title == "Pair devices"
    assert [(task.id, task.child, task.after, bool(task.instructions)) for task in plan.tasks] == [
        ("T1", "backend", (), True),
        ("T2", "mobile", ("T1",), True),
    ]
    assert plan.objective == "Pairing works on a slow network."
