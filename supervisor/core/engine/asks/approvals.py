"""Apply approval rules to requests. Requests that match no rule for certain go to the human.

A rule that declines wins over one that accepts, whatever their order: only the human makes an exception to a refusal.
Among rules with the same verdict, the first match counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache

from supervisor.core.engine.asks.command_line import Words, parts, plain
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.ask import ANSWER_TOOL, Answer, AskKind, AskState, Request, RequestKey, Rule
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.server import ServerState
from supervisor.domain.task import TaskState
from supervisor.domain.world import World
from supervisor.regex import regex

_LONGEST = 4096  # characters of a path; no system accepts a longer one
# git or Codex later run what is written there, outside of any sandbox: only a pattern that names the folder matches it.
_GUARDED = (".git", ".codex", ".agents")


def ruling(rules: Iterable[Rule], request: Request, root: str) -> Rule | None:
    """Return the rule that settles this request of a child whose repo is at `root`; None if a human has to."""
    if request.kind is not AskKind.APPROVAL:
        return None
    mine = [rule for rule in rules if _applies_to(rule, request.key.child)]
    declining = (rule for rule in mine if rule.verdict == "decline" and _touches(rule, request, root))
    accepting = (rule for rule in mine if rule.verdict == "accept" and _covers(rule, request, root))
    if request.tool == ANSWER_TOOL:  # it passes on the person's word, which no rule gives
        return next(declining, None)
    return next(declining, None) or next(accepting, None)


def settled_by_rule(world: World, at: datetime) -> Iterator[Action]:
    """Rule: settle requests that match an approval rule, unless a human was asked already."""
    for request in world.requests.values() if world.config.rules else ():
        if request.key in world.answering or request.key in asked_requests(world) or not can_answer(world, request.key):
            continue
        if (rule := ruling_of(world, request)) is not None:
            answer, state = Answer(rule.verdict, "", for_session=rule.for_session), state_of(world, request)
            task = state.task if state is not None else None
            yield act.SendAnswer(request.key.child, "", request.key, answer, why=str(rule), task=task)


def ruling_of(world: World, request: Request) -> Rule | None:
    """Return the rule that settles this request; None if a human has to."""
    server = world.servers.get(request.key.child)
    return ruling(world.config.rules, request, server.child.path) if server is not None else None


def asked_requests(world: World) -> set[RequestKey | None]:
    """Return the requests that a human was asked about, except for withdrawn asks."""
    withdrawn = (AskState.WITHDRAWN, AskState.EXTERNAL)
    return {ask.request for ask in world.asks.values() if ask.state not in withdrawn}


def state_of(world: World, request: Request) -> TaskState | None:
    """Return the task in whose turn the request came, or whose turn started the sub-agent that asks; None if none."""
    running = (state for state in world.all_tasks if request.within(state.turn_id))
    over = (state for state in world.all_tasks if request.within(state.last_turn))
    return next(running, None) or next(over, None)


def can_answer(world: World, key: RequestKey) -> bool:
    """Return whether the server process that asked can be answered now."""
    server = world.servers.get(key.child)
    return server is not None and server.pid == key.pid and server.state is ServerState.READY


def subject_of(request: Request) -> str:
    """Say in one line what is asked for."""
    return request.command or ", ".join(request.paths) or request.tool or request.text


def _applies_to(rule: Rule, child: str) -> bool:
    """Return whether a rule applies to this child. The orchestrator is not a child: a rule has to name it."""
    return rule.child == child or (rule.child is None and child != ORCHESTRATOR)


def _covers(rule: Rule, request: Request, root: str) -> bool:
    """Return whether everything that is asked for is what the rule accepts."""
    if request.beyond:
        return False
    if rule.command:
        words = plain(request.command) if _inside(request.folder, root) else None
        return words is not None and words[: len(rule.command)] == rule.command
    if rule.path:
        return bool(request.paths) and all(_matches(rule.path, path, root, guarded=True) for path in request.paths)
    return _is_tool(rule.tool, request.tool)


def _touches(rule: Rule, request: Request, root: str) -> bool:
    """Return whether anything that is asked for is what the rule declines."""
    if rule.command:
        return any(_begins(part, rule.command) for part in parts(request.command))
    if rule.path:
        return any(_matches(rule.path, path, root, guarded=False) for path in request.paths)
    return _is_tool(rule.tool, request.tool)


def _begins(words: Words, wanted: Words) -> bool:
    """Return whether `words` begin with this command. Its path, and options with their values, do not matter."""
    if words[0] != wanted[0] and words[0].rpartition("/")[2] != wanted[0]:
        return False
    rest = iter(words[1:])
    for want in wanted[1:]:
        value = False  # the word may be the value of an option
        for word in rest:
            if word == want:
                break
            if not (word.startswith("-") or value):
                return False
            value = word.startswith("-")
        else:
            return False
    return True


def _inside(folder: str, root: str) -> bool:
    return folder == root or folder.startswith(root.rstrip("/") + "/")


def _is_tool(rule: str, tool: str) -> bool:
    """Return whether a tool matches `server/tool`, or `server/*` for all of a server's tools."""
    return bool(rule) and (tool == rule or (rule.endswith("/*") and tool.startswith(rule[:-1])))


def _matches(pattern: str, path: str, root: str, *, guarded: bool) -> bool:
    """Return whether an absolute path matches a pattern, which is relative to `root` unless it begins with `/`."""
    if len(path) > _LONGEST:
        return False
    if guarded and any(name in path.lower().split("/") and name not in pattern.split("/") for name in _GUARDED):
        return False
    if pattern.startswith("/"):
        return _regex(pattern).fullmatch(path) is not None
    return _inside(path, root) and _regex(pattern).fullmatch(path[len(root.rstrip("/")) + 1 :]) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """Compile a pattern: `**` is any number of folders (at the end: all below), `*` and `?` match within one name."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern + "**" if pattern.endswith("/") else pattern)
    magic = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return regex("".join(magic.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)
