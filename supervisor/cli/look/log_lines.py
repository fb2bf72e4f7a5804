"""Say in words what a line of the ledger or of a log tells: `orch logs` for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from supervisor.cli.display.blocks import one_line
from supervisor.domain.process import ORCHESTRATOR
from supervisor.runtime.records import RecordLine
from supervisor.wire.shell_words import bare

LONGEST = 300  # characters of the words of a line; `--raw` and `--json` have more
QUIET = frozenset(
    {
        *("intended", "tokens_spent", "tree_read", "tree_kept", "changes_listed", "thread_opened", "turn_looked"),
        *("leftovers_looked", "server_responded", "request_resolved", "up_requested"),
    }
)
"""Events that say how the supervisor works, not what became of the plan. Shown when they are asked for by name."""

_REASONS = ("reason", "problem", "text", "why", "summary", "what")


class LogWords:
    """Describes log lines in words. The beginning of a turn is described once: every steer repeats it."""

    def __init__(self) -> None:
        self._begun: set[object] = set()

    def words(self, line: RecordLine) -> str:
        """Describe a line in words; "" if a person learns nothing new from it."""
        if line["event"] in QUIET or line["level"] == "debug":
            return ""
        words = words_of(line)
        if line["event"] != "turn_began" or not words:
            return words
        turn = line.get("turn")
        again = turn in self._begun
        self._begun.add(turn)
        return "" if again else words


def words_of(line: RecordLine) -> str:
    """Describe a line in words; "" if it tells a person nothing."""
    event = str(line["event"])
    if event.startswith("task_") and line.get("task"):
        return _join(f"{line['task']} {_spaced(event.removeprefix('task_'))}", line.get("summary") or line.get("why"))
    known = _SAYINGS.get(event)
    words = known(line) if known is not None else _plainly(line)
    return one_line(words, LONGEST)


def message_of(line: RecordLine) -> str:
    """Return the whole message to which a line belongs, as a child said it; "" for another line, and for a report."""
    if line["event"] != "item_completed" or line.get("item") != "agentMessage":
        return ""
    text = str(line.get("text") or "")
    return "" if text.lstrip().startswith("{") else text


def seconds_of(line: RecordLine) -> float | None:
    """Return how long that took, in seconds; None if the line does not say."""
    spent = line.get("duration_ms")
    return spent / 1000 if isinstance(spent, int | float) else None


def _plainly(line: RecordLine) -> str:
    """Name the event, the task, and the first reason that the line gives."""
    return _join(
        f"{_about(line)}{_spaced(line['event'])}", next((found for one in _REASONS if (found := line.get(one))), "")
    )


def _item(line: RecordLine) -> str:
    match line.get("item"):
        case "commandExecution":
            code = line.get("exit_code")
            return f"$ {bare(str(line.get('command')))}" + (f"  → exit {code}" if code else "")
        case "fileChange":
            paths = line.get("paths")
            return "patched " + ", ".join(map(str, paths if isinstance(paths, list) else []))
        case "agentMessage":
            return f"“{said}”" if (said := message_of(line)) else ""  # a report is told with its task
        case "mcpToolCall":
            return f"uses {line.get('tool')} of {line.get('server')}"
    return _join(_spaced(line.get("item") or "an item"), line.get("query") or line.get("text"))


def _plan(line: RecordLine) -> str:
    match line["event"]:
        case "plan_accepted":
            return _join(f"plan.md: revision {line.get('revision')} is in force", line.get("summary"))
        case "plan_postponed":
            return _join("plan.md waits for `orch go`", line.get("why"))
        case "plan_missing":
            return _join("plan.md is missing", line.get("reason"))
    problems = line.get("problems")
    told = [
        f"line {one.get('line')}: {one.get('message')}"
        for one in (problems if isinstance(problems, list) else [])
        if isinstance(one, Mapping)
    ]
    return _join("plan.md is rejected", "; ".join(told))


def _turn_ended(line: RecordLine) -> str:
    seen = line.get("seen")
    seen = seen if isinstance(seen, Mapping) else {}
    how = seen.get("status")
    failure = seen.get("failure")
    if how != "completed":
        message = failure.get("message") if isinstance(failure, Mapping) else ""
        return _join(f"{_about(line)}turn {_spaced(how or 'ended')}", message)
    try:
        report = json.loads(str(seen.get("text", "")))
    except ValueError:
        report = None
    if not isinstance(report, Mapping):
        return f"{_about(line)}turn ended"
    outcome = report.get("outcome") or "?"
    again = outcome == "done" and line.get("task") not in (None, ORCHESTRATOR)  # the task tells it, too
    summary = "" if again else report.get("summary")
    return _join(f"{_about(line)}turn ended, it reports {_spaced(outcome)}", summary)


def _checks(line: RecordLine) -> str:
    checks = line.get("checks")
    told = [
        f"`{one.get('command')}` exit {one.get('exit_code')}"
        for one in (checks if isinstance(checks, list) else [])
        if isinstance(one, Mapping)
    ]
    return _join(f"{_about(line)}checked", ", ".join(told) or "it has no verify command")


def _check_failed(line: RecordLine) -> str:
    where = f", whole output in {line['output']}" if line.get("output") else ""
    return _join(f"{_about(line)}`{line.get('command')}` exit {line.get('exit_code')}{where}", line.get("first"))


def _asked(line: RecordLine) -> str:
    request = line.get("request")
    request = request if isinstance(request, Mapping) else {}
    command = request.get("command")
    subject = next((request[one] for one in ("tool", "text", "kind") if request.get(one)), "")
    ask, rule = line.get("ask"), line.get("rule")
    ends = f" → {rule}" if rule else ""
    return (
        _join(f"{_about(line)}asks{f' ({ask})' if ask else ''}", f"$ {bare(str(command))}" if command else subject)
        + ends
    )


def _announced(line: RecordLine) -> str:
    if line.get("request") is not None:
        return ""  # the request itself is told
    return _join(f"{_about(line)}asks ({line.get('ask')})", line.get("text"))


def _answered(line: RecordLine) -> str:
    answer = line.get("answer")
    answer = answer if isinstance(answer, Mapping) else {}
    decision, text = answer.get("decision") or "", answer.get("text")
    return _join(f"{line.get('ask')} answered{f' {decision}' if decision != 'text' else ''}", text)


def _ready(line: RecordLine) -> str:
    again = " (it was running)" if line.get("adopted") else ""
    return f"ready: codex {line.get('codex')}, process {line.get('pid')}{again}"


def _error(line: RecordLine) -> str:
    try:
        error = json.loads(str(line.get("text", "")))
    except ValueError:
        error = None
    message = error.get("message") if isinstance(error, Mapping) else line.get("text")
    return _join(f"{_about(line)}codex error", message)


_SAYINGS: dict[str, Callable[[RecordLine], str]] = {
    "codex_error": _error,
    "item_completed": _item,
    **dict.fromkeys(("plan_accepted", "plan_postponed", "plan_missing", "plan_rejected"), _plan),
    "turn_began": lambda line: f"{_about(line)}turn began" if line.get("message") else "",  # else it is told twice
    "steer_arrived": lambda line: f"{_about(line)}was told what changed",
    "turn_ended": _turn_ended,
    "check_failed": _check_failed,
    "checks_finished": _checks,
    "request_received": _asked,
    "ask_announced": _announced,
    "ask_answered": _answered,
    "server_ready": _ready,
    "supervisor_started": lambda line: f"supervisor up: orch {line.get('version')}, process {line.get('pid')}",
    "down_requested": lambda _: "`orch down`",
    "hold_set": lambda _: "`orch hold`: nothing new starts",
    "hold_lifted": lambda _: "`orch go`: the hold is lifted",
    "notice_sent": lambda line: f"{_about(line)}notice sent by {line.get('way')}",
    "machine_woke": lambda line: f"this machine slept for {line.get('seconds')} s",
    "learning_noted": lambda line: _join(f"noted by {line.get('source')}", line.get("text")),
    "map_drawn": lambda _: "the map was drawn anew",
    "tasks_settled": lambda line: _join("all tasks are settled", line.get("why")),
    "child_asked": lambda line: _join("is asked", line.get("question")),
    "child_answered": lambda line: _join("answers", line.get("answer") or line.get("problem")),
}


def _about(line: RecordLine) -> str:
    return f"{line['task']} " if line.get("task") else ""


def _spaced(word: object) -> str:
    return str(word).replace("_", " ")


def _join(head: str, rest: object) -> str:
    text = rest if isinstance(rest, str) else json.dumps(rest, ensure_ascii=False) if rest else ""
    return one_line(f"{head}: {text}" if text.strip() else head, LONGEST)
