"""The part of the Codex app-server's protocol that we speak: the params of its methods, and what its messages mean.

Field names are those of `codex app-server generate-json-schema --experimental`; a contract test checks each against the
binary found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from supervisor.domain import event as ev
from supervisor.domain.plan import Approvals, Sandbox
from supervisor.domain.thread import OUR_MESSAGES, Failure, TurnSeen, TurnStatus

OLDEST = (0, 163, 0)  # the oldest codex whose behaviour was checked
THREAD_SOURCE = "orch"
TOKENS_STEP = 1.1  # a turn's tokens are told again once they grew by a tenth: few lines, and no budget is far overrun
SAID = 500  # characters of what somebody else wrote that are kept; the thread has all of it
Params = dict[str, Any]

# What would come in floods, and tells nothing that `item/completed` does not tell again.
NOT_WANTED = (
    "item/agentMessage/delta",
    "item/commandExecution/outputDelta",
    "item/fileChange/patchUpdated",
    "item/plan/delta",
    "item/reasoning/summaryTextDelta",
    "item/reasoning/textDelta",
    "turn/diff/updated",
)

FLOODS = frozenset(NOT_WANTED)
"""A server that sends them all the same tells by them that it is alive, and nothing else."""


def initialize(version: str) -> Params:
    return {
        "clientInfo": {"name": "orch", "title": "orch supervisor", "version": version},
        "capabilities": {
            "experimentalApi": True,
            "requestAttestation": False,
            "optOutNotificationMethods": list(NOT_WANTED),
        },
    }


def version_of(text: str) -> tuple[int, ...] | None:
    """The version in `codex --version` or in a `userAgent`; None if there is none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else None


def server_version(hello: Any) -> str:
    """The version that a server tells in its answer to `initialize`; "" if it tells none."""
    agent = str(hello.get("userAgent")) if isinstance(hello, dict) else ""
    version = version_of(agent.partition("/")[2])  # it begins with the name that we gave ourselves
    return ".".join(map(str, version)) if version else ""


def login_problem(account: Any) -> str | None:
    """What is wrong with the login, by the answer to `account/read`; None if nothing is."""
    if isinstance(account, dict) and account.get("account") is None and account.get("requiresOpenaiAuth"):
        return "codex is not logged in"
    return None


def thread_start(
    cwd: str,
    model: str | None,
    effort: str | None,
    sandbox: Sandbox,
    approvals: Approvals = "on-request",
    *,
    instructions: str,
    config: Params | None = None,
) -> Params:
    """`config` overrides keys of the user's config.toml for this thread, for as long as it is loaded."""
    return {
        **_settings(cwd, model, effort, sandbox, approvals, config),
        "developerInstructions": instructions,
        "serviceName": THREAD_SOURCE,
        "threadSource": THREAD_SOURCE,
    }


def thread_resume(
    cwd: str,
    model: str | None,
    effort: str | None,
    sandbox: Sandbox,
    approvals: Approvals = "on-request",
    *,
    thread: str,
    config: Params | None = None,
) -> Params:
    """`config` as in `thread_start`: it is not kept with the thread."""
    return {**_settings(cwd, model, effort, sandbox, approvals, config), "threadId": thread, "excludeTurns": True}


def _settings(
    cwd: str, model: str | None, effort: str | None, sandbox: Sandbox, approvals: Approvals, config: Params | None
) -> Params:
    settings: Params = {
        "cwd": cwd,
        "approvalPolicy": _approvals(sandbox, approvals),
        "approvalsReviewer": "user",  # else the user's config may route approvals to a model
        "sandbox": sandbox,
    }
    if model is not None:
        settings["model"] = model
    overrides = {**(config or {}), **({"model_reasoning_effort": effort} if effort is not None else {})}
    if overrides:
        settings["config"] = overrides
    return settings


def _approvals(sandbox: Sandbox, approvals: Approvals) -> Approvals:
    """Without a sandbox nothing is asked for: who wants the one wants the other."""
    return "never" if sandbox == "danger-full-access" else approvals


def turn_start(
    *,
    thread: str,
    message: str,
    text: str,
    schema: Mapping[str, Any],
    model: str | None,
    effort: str | None,
    sandbox: Sandbox,
    network: bool,
    approvals: Approvals = "on-request",
    skill: tuple[str, str] | None = None,
) -> Params:
    """`skill` is the name of a skill that the turn is to follow, and the path of its SKILL.md."""
    shown = [{"type": "skill", "name": skill[0], "path": skill[1]}] if skill else []
    params: Params = {
        "threadId": thread,
        "clientUserMessageId": message,
        "input": [{"type": "text", "text": text}, *shown],
        "outputSchema": dict(schema),
        "sandboxPolicy": sandbox_policy(sandbox, network=network),
        "approvalPolicy": _approvals(sandbox, approvals),
        "approvalsReviewer": "user",
        "turnTrigger": THREAD_SOURCE,
    }
    if model is not None:
        params["model"] = model
    if effort is not None:
        params["effort"] = effort
    return params


def turn_steer(*, thread: str, turn: str, message: str, text: str) -> Params:
    return {
        "threadId": thread,
        "expectedTurnId": turn,
        "clientUserMessageId": message,
        "input": [{"type": "text", "text": text}],
    }


def sandbox_policy(mode: Sandbox, *, network: bool) -> Params:
    """The tagged form of a sandbox mode, as `turn/start` and `command/exec` want it."""
    if mode == "danger-full-access":
        return {"type": "dangerFullAccess"}
    if mode == "read-only":
        return {"type": "readOnly", "networkAccess": network}
    return {
        "type": "workspaceWrite",
        "writableRoots": [],
        "networkAccess": network,
        "excludeTmpdirEnvVar": False,
        "excludeSlashTmp": False,
    }


def command_exec(*, command: Sequence[str], cwd: str, sandbox: Params, timeout: float, process: str) -> Params:
    """`timeout` is in seconds; `process` names it, so that it can be ended."""
    return {
        "command": list(command),
        "cwd": cwd,
        "sandboxPolicy": sandbox,
        "timeoutMs": int(timeout * 1000),
        "processId": process,
        "outputBytesCap": 256 * 1024,
    }


def turns_of(page: Any) -> tuple[TurnSeen, ...]:
    """The turns in an answer to `thread/turns/list` (newest first, as listed), oldest first."""
    rows = _rows(page.get("data")) if isinstance(page, dict) else []
    return tuple(turn_seen(row) for row in reversed(rows) if "id" in row)


def turn_seen(turn: Mapping[str, Any]) -> TurnSeen:
    """What a `Turn` tells. An unknown status counts as in progress: the next sighting corrects it."""
    messages, text = [], ""
    for item in _rows(turn.get("items")):
        kind = item.get("type")
        if kind == "userMessage" and item.get("clientId"):
            messages.append(str(item["clientId"]))
        elif kind == "agentMessage" and item.get("text"):
            text = str(item["text"])
    status = next((one for one in TurnStatus if one == turn.get("status")), TurnStatus.IN_PROGRESS)
    return TurnSeen(
        turn=str(turn["id"]),
        status=status,
        messages=tuple(messages),
        text=text,
        failure=_failure(turn.get("error")),
    )


def _failure(error: Any) -> Failure | None:
    """`codexErrorInfo` is a word, or an object with one key: the word, holding `httpStatusCode`. The type is open."""
    if not isinstance(error, dict):
        return None
    info, status = error.get("codexErrorInfo"), None
    kind = info if isinstance(info, str) else "other"
    if isinstance(info, dict) and info:
        kind, detail = next(iter(info.items()))
        code = detail.get("httpStatusCode") if isinstance(detail, dict) else None
        status = code if isinstance(code, int) else None
    message = str(error.get("message") or "")
    if status is None and (found := re.search(r"unexpected status (\d{3})", message)):
        status = int(found[1])
    return Failure(str(kind), status, message)


def sign_of(method: str, params: Mapping[str, Any]) -> str | None:
    """The turn that a notification is a sign of life of; None for what the model has no part in."""
    item, turn = params.get("item"), params.get("turnId")
    if not isinstance(turn, str) or (isinstance(item, dict) and item.get("type") == "userMessage"):
        return None
    return turn


def resets_at(answer: Any) -> datetime | None:
    """When all the limits that are reached are reset, by the answer to `account/rateLimits/read`; None if it does not
    tell."""
    if not isinstance(answer, dict):
        return None
    by_id = answer.get("rateLimitsByLimitId")
    snapshots = _rows([answer.get("rateLimits"), *(by_id.values() if isinstance(by_id, dict) else ())])
    windows = _rows([snapshot.get(name) for snapshot in snapshots for name in ("primary", "secondary")])
    full = [one.get("resetsAt") for one in windows if _count_of(one.get("usedPercent")) >= 100]
    try:
        return max((datetime.fromtimestamp(at, UTC) for at in full if isinstance(at, int)), default=None)
    except (OverflowError, OSError, ValueError):
        return None


def standing(thread: Any) -> str:
    """How a `Thread` says that it stands: Codex's word, and what it waits for."""
    status = thread.get("status") if isinstance(thread, dict) else None
    if not isinstance(status, dict):
        return "unknown"
    flags = status.get("activeFlags")
    return " ".join([str(status.get("type")), *(map(str, flags) if isinstance(flags, list) else ())])


def commands_in(answer: Any) -> tuple[str, ...]:
    """The commands in an answer to `thread/backgroundTerminals/list`, each in short."""
    rows = _rows(answer.get("data")) if isinstance(answer, dict) else []
    return tuple(_short(row.get("command")) for row in rows)


def is_waiting(thread: Any) -> bool:
    """Whether a `Thread` says that its turn waits for a human."""
    status = thread.get("status") if isinstance(thread, dict) else None
    flags = status.get("activeFlags") if isinstance(status, dict) else None
    return isinstance(flags, list) and ("waitingOnApproval" in flags or "waitingOnUserInput" in flags)


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; none if it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


class NotificationReader:
    """Turns the notifications of one connection into events. Keeps what a later message needs from earlier ones."""

    def __init__(self, child: str) -> None:
        self._child = child
        self._tokens: dict[str, tuple[int, int]] = {}
        self._said: dict[str, tuple[int, int]] = {}  # as far as `TokensSpent` told of them
        self._texts: dict[str, str] = {}
        self._messages: dict[str, tuple[str, ...]] = {}
        self._settings: dict[str, dict[str, str]] = {}  # of our threads, as we gave them or last heard of them
        self.items: dict[str, Mapping[str, Any]] = {}

    def gave(self, thread: str, params: Mapping[str, Any]) -> None:
        """A thread of ours has these settings, by our own doing: the params of a `turn/start`."""
        self._settings[thread] = {**self._settings.get(thread, {}), **_settings_in(params)}

    def opened(self, thread: str, answer: Mapping[str, Any]) -> None:
        """A thread of ours has these settings: the answer of `thread/start` or `thread/resume`."""
        found = _settings_in(answer, effort="reasoningEffort", sandbox="sandbox", mode=None)
        self._settings[thread] = {**self._settings.get(thread, {}), **found}

    def hear(self, method: str, params: Mapping[str, Any], at: datetime) -> ev.Event | None:
        """The event that a notification means; None if it means nothing to us."""
        thread, turn = str(params.get("threadId", "")), params.get("turn")
        match method:
            case "turn/started" if isinstance(turn, dict) and "id" in turn:
                return ev.TurnBegan(at, self._child, thread, str(turn["id"]), None)
            case "turn/completed" if isinstance(turn, dict) and "id" in turn:
                return ev.TurnEnded(at, self._child, thread, self._ended(turn))
            case "item/started" | "item/completed":
                return self._item(method, params, at, thread)
            case "thread/settings/updated" if thread in self._settings:
                return self._changed(thread, params.get("threadSettings"), at)
            case "thread/tokenUsage/updated":
                return self._count(at, thread, str(params.get("turnId")), params.get("tokenUsage"))
            case "error" if params.get("willRetry") and isinstance(params.get("error"), dict):
                reason = str(params["error"].get("message") or "no reason given")
                return ev.TurnRetried(at, self._child, thread, str(params.get("turnId")), reason)
        return None

    def _item(self, method: str, params: Mapping[str, Any], at: datetime, thread: str) -> ev.Event | None:
        item, turn = params.get("item"), str(params.get("turnId"))
        if not isinstance(item, dict):
            return None
        if method == "item/started":
            if item.get("type") in ("fileChange", "commandExecution", "mcpToolCall"):
                self.items[str(item.get("id"))] = item
            return None
        self.items.pop(str(item.get("id")), None)
        if item.get("type") == "agentMessage" and item.get("text"):
            self._texts[turn] = str(item["text"])
        if item.get("type") != "userMessage":
            return None
        message = str(item.get("clientId") or "")
        if thread in self._settings and not message.startswith(OUR_MESSAGES):
            words = " ".join(str(one["text"]) for one in _rows(item.get("content")) if one.get("text"))
            return ev.SaidElsewhere(at, self._child, thread, turn, words[:SAID])
        if message:
            self._messages[turn] = (*self._messages.get(turn, ()), message)
            return ev.TurnBegan(at, self._child, thread, turn, message)
        return None

    def _changed(self, thread: str, settings: Any, at: datetime) -> ev.Event | None:
        """What somebody else made of the settings of a thread of ours."""
        before, now = self._settings[thread], _settings_in(settings) if isinstance(settings, dict) else {}
        self._settings[thread] = {**before, **now}
        changes = tuple((name, before[name], new) for name, new in now.items() if before.get(name, new) != new)
        return ev.ThreadSettingsChanged(at, self._child, thread, changes) if changes else None

    def _ended(self, turn: Mapping[str, Any]) -> TurnSeen:
        seen = turn_seen(turn)
        given, taken = self._tokens.pop(seen.turn, (0, 0))
        self._said.pop(seen.turn, None)
        heard = self._texts.pop(seen.turn, "")
        return TurnSeen(
            turn=seen.turn,
            status=seen.status,
            messages=tuple(dict.fromkeys((*self._messages.pop(seen.turn, ()), *seen.messages))),
            text=seen.text or heard,
            failure=seen.failure,
            input_tokens=given,
            output_tokens=taken,
        )

    def _count(self, at: datetime, thread: str, turn: str, usage: Any) -> ev.Event | None:
        last = usage.get("last") if isinstance(usage, dict) else None
        if not isinstance(last, dict):
            return None
        given, taken = self._tokens.get(turn, (0, 0))
        given, taken = given + _count_of(last.get("inputTokens")), taken + _count_of(last.get("outputTokens"))
        self._tokens[turn] = (given, taken)
        before = self._said.get(turn, (0, 0))
        if given + taken < sum(before) * TOKENS_STEP or given + taken == sum(before):
            return None
        self._said[turn] = (given, taken)
        return ev.TokensSpent(at, self._child, thread, turn, given - before[0], taken - before[1])


def _settings_in(
    params: Mapping[str, Any],
    effort: str = "effort",
    sandbox: str = "sandboxPolicy",
    mode: str | None = "collaborationMode",
) -> dict[str, str]:
    """The settings that matter to us, each in a word. An answer has other names for some than everything else."""
    names = (("model", "model"), ("effort", effort), ("approvals", "approvalPolicy"), ("reviewer", "approvalsReviewer"))
    found = {name: params[key] for name, key in names if key in params}
    policy, way = params.get(sandbox), params.get(mode) if mode else None
    if isinstance(policy, dict):
        found |= {"sandbox": policy.get("type"), "network": policy.get("networkAccess", False)}
    if isinstance(way, dict):
        found["mode"] = way.get("mode")
    words = {name: "default" if value is None else value for name, value in found.items()}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in words.items()}


def _count_of(value: Any) -> int:
    return value if isinstance(value, int) else 0


def activity(method: str, params: Mapping[str, Any]) -> Params | None:
    """What a notification tells of a child's doings, for its log; None for what is not worth a line."""
    where = {"thread": params.get("threadId"), "turn": params.get("turnId")}
    item = params.get("item")
    if method == "item/completed" and isinstance(item, dict):
        kind = str(item.get("type"))
        detail: Params = {"item": kind}
        for name in ("command", "exitCode", "status", "tool", "server", "query"):
            if item.get(name) is not None:
                detail[_snake(name)] = item[name]
        if kind == "fileChange":
            detail["paths"] = [change.get("path") for change in _rows(item.get("changes"))]
        if kind in ("agentMessage", "plan") and item.get("text"):
            detail["text"] = str(item["text"])[:2000]
        return {"event": "item_completed", **where, **detail} if kind not in ("reasoning", "userMessage") else None
    if method in ("warning", "guardianWarning", "configWarning", "deprecationNotice"):
        words = params.get("message") or params.get("summary")
        return {"event": _snake(method), "level": "warning", **where, "text": str(words)[:2000]}
    if method == "error":
        return {"event": "codex_error", "level": "warning", **where, "text": json.dumps(params.get("error"))[:2000]}
    if method in (
        "mcpServer/startupStatus/updated",
        "thread/status/changed",
        "thread/settings/updated",
        "turn/plan/updated",
    ):
        rest = {_snake(key): value for key, value in params.items() if key not in ("threadId", "turnId")}
        return {"event": _snake(method.replace("/", "_")), "level": "debug", **where, "detail": json.dumps(rest)[:2000]}
    return None


def doing(method: str, params: Mapping[str, Any]) -> str | None:
    """What a notification says that a thread is doing now, in a few words; None if it says nothing of it."""
    item = params.get("item")
    if method == "turn/completed":
        return ""
    if not isinstance(item, dict):
        return None
    match method, item.get("type"):
        case "item/started", "commandExecution":
            return f"runs {_short(item.get('command'))}"
        case "item/started", "mcpToolCall":
            return f"uses {item.get('tool')} {_short(json.dumps(item.get('arguments')))}"
        case "item/started", "fileChange":
            return "edits " + ", ".join(str(one.get("path")) for one in _rows(item.get("changes")))
        case "item/completed", "agentMessage":
            return f"says: {_short(item.get('text'))}"
    return None


def _short(text: Any) -> str:
    return str(text)[:200]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
