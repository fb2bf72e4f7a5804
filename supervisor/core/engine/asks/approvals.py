"""What the rules of the config say to a request. Pure; what is not surely what a rule speaks of is left to the human.

A rule that declines wins over one that accepts, wherever they stand: who makes an exception to a refusal is the human.
Of several that say the same, the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache

from supervisor.core.engine.asks.command_line import Words, parts, plain
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer, AskKind, AskState, Request, RequestKey
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.rule import Rule
from supervisor.domain.server import ServerState
from supervisor.domain.task import TaskState
from supervisor.domain.world import World

_LONGEST = 4096  # characters of a path; no system takes a longer one
# What is written there runs later, outside of any sandbox, by git or Codex: only a pattern that names it reaches it.
_GUARDED = (".git", ".codex", ".agents")


def ruling(rules: Iterable[Rule], request: Request, root: str) -> Rule | None:
    """The rule that settles this request of a child whose repo is at `root`; None if a human has to."""
    if request.kind is not AskKind.APPROVAL:
        return None
    mine = [rule for rule in rules if _speaks_of(rule, request.key.child)]
    declining = (rule for rule in mine if rule.verdict == "decline" and _touches(rule, request, root))
    accepting = (rule for rule in mine if rule.verdict == "accept" and _covers(rule, request, root))
    return next(declining, None) or next(accepting, None)


def settled_by_rule(world: World, at: datetime) -> Iterator[Action]:
    """What a rule speaks of is settled without a human, unless a human was asked already."""
    for request in world.requests.values() if world.config.rules else ():
        if request.key in world.answering or request.key in posed_to_human(world) or not hears(world, request.key):
            continue
        if (rule := ruling_of(world, request)) is not None:
            answer, state = Answer(rule.verdict, "", for_session=rule.for_session), state_of(world, request)
            task = state.task if state is not None else None
            yield act.SendAnswer(request.key.child, "", request.key, answer, why=str(rule), task=task)


def ruling_of(world: World, request: Request) -> Rule | None:
    """The rule that settles this request; None if a human has to."""
    server = world.servers.get(request.key.child)
    return ruling(world.config.rules, request, server.child.path) if server is not None else None


def posed_to_human(world: World) -> set[RequestKey | None]:
    """What was put before a human and not taken back."""
    back = (AskState.WITHDRAWN, AskState.EXTERNAL)
    return {ask.request for ask in world.asks.values() if ask.state not in back}


def state_of(world: World, request: Request) -> TaskState | None:
    """The task in whose turn the request came."""
    return next((one for one in world.all_tasks if request.turn and one.turn_id == request.turn), None)


def hears(world: World, key: RequestKey) -> bool:
    """Whether the very server that asked can be answered now."""
    server = world.servers.get(key.child)
    return server is not None and server.pid == key.pid and server.state is ServerState.READY


def subject_of(request: Request) -> str:
    """What is asked for, in one line."""
    return request.command or ", ".join(request.paths) or request.tool or request.text


def _speaks_of(rule: Rule, child: str) -> bool:
    """The orchestrator is no child: only a rule that names it speaks of it."""
    return rule.child == child or (rule.child is None and child != ORCHESTRATOR)


def _covers(rule: Rule, request: Request, root: str) -> bool:
    """Whether all that is asked for is what the rule accepts."""
    if request.beyond:
        return False
    if rule.command:
        words = plain(request.command) if _inside(request.folder, root) else None
        return words is not None and words[: len(rule.command)] == rule.command
    if rule.path:
        return bool(request.paths) and all(_matches(rule.path, path, root, guarded=True) for path in request.paths)
    return _is_tool(rule.tool, request.tool)


def _touches(rule: Rule, request: Request, root: str) -> bool:
    """Whether anything that is asked for is what the rule declines."""
    if rule.command:
        return any(_begins(part, rule.command) for part in parts(request.command))
    if rule.path:
        return any(_matches(rule.path, path, root, guarded=False) for path in request.paths)
    return _is_tool(rule.tool, request.tool)


def _begins(words: Words, wanted: Words) -> bool:
    """Whether `words` is this command: by its file name too, and with options (and their values) in between."""
    if words[0] != wanted[0] and words[0].rpartition("/")[2] != wanted[0]:
        return False
    rest = iter(words[1:])
    for want in wanted[1:]:
        value = False  # an option may have one
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
    """`server/tool`, or `server/*` for each of its tools."""
    return bool(rule) and (tool == rule or (rule.endswith("/*") and tool.startswith(rule[:-1])))


def _matches(pattern: str, path: str, root: str, *, guarded: bool) -> bool:
    """Whether the absolute `path` is within `pattern`, which is relative to `root` unless it begins with `/`."""
    if len(path) > _LONGEST:
        return False
    if guarded and any(name in path.lower().split("/") and name not in pattern.split("/") for name in _GUARDED):
        return False
    if pattern.startswith("/"):
        return _regex(pattern).fullmatch(path) is not None
    return _inside(path, root) and _regex(pattern).fullmatch(path[len(root.rstrip("/")) + 1 :]) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """`**` is any number of folders (at the end: all below), `*` and `?` stay within one name."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern + "**" if pattern.endswith("/") else pattern)
    magic = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(magic.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)
