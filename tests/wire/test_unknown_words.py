"""Words that codex may say one day: each is put wherever its schema lists words, and must not stop us."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from supervisor.core.engine.lifecycle.failures import diagnose
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind, Request
from supervisor.domain.thread import TurnStatus
from supervisor.wire.codex import answers
from supervisor.wire.codex.activity import activity, doing
from supervisor.wire.codex.answers import CodexMethod, read_answer
from supervisor.wire.codex.notifications import BODIES, Notification, read_notification
from supervisor.wire.codex.reader import NotificationReader
from supervisor.wire.codex.requests import ASKED, read_request
from supervisor.wire.jsonrpc import Call, Notice
from tests.wire.codex.turns import AT
from tests.wire.schema import Json, Protocol, samples

NEW = "fromTheFuture"


def opened(schema: Json) -> Json:
    """The schema with one more word in every list of words."""
    made = deepcopy(schema)
    waiting: list[Any] = [made]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("enum"), list):
                one["enum"] = [*one["enum"], NEW]
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return made


def with_new_words(schema: Json) -> Iterator[Any]:
    made = samples(opened(schema), "it", [])
    known: dict[int, bool] = {}
    found = [one for one in made if holds_new_word(one, known)]
    assert found
    yield from found


def holds_new_word(value: Any, known: dict[int, bool]) -> bool:
    """Whether a sample has the word somewhere. Samples share most of their parts: `known` holds the answer by id."""
    if not isinstance(value, dict | list):
        return bool(value == NEW)
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = any(holds_new_word(one, known) for one in inner)
    return known[id(value)]


@pytest.mark.parametrize("method", BODIES)
def test_a_notification_with_a_new_word_is_read(protocol: Protocol, method: str) -> None:
    for params in samples(opened(protocol.params_of(method)), method, []):
        notification = read_notification(Notice(method, params))
        assert isinstance(notification, Notification), notification
        NotificationReader("api").receive(notification, AT)
        activity(notification)
        doing(notification)


def test_a_turn_that_ends_in_a_new_way_or_for_a_new_reason_has_ended_and_names_it(protocol: Protocol) -> None:
    ends: set[TurnStatus] = set()
    for params in with_new_words(protocol.params_of("turn/completed")):
        turn = params["turn"]
        notification = read_notification(Notice("turn/completed", params))
        assert isinstance(notification, Notification)
        event = NotificationReader("api").receive(notification, AT)
        assert isinstance(event, ev.TurnEnded)
        if turn["status"] == NEW:
            ends.add(event.seen.status)
        reason = turn["error"] and turn["error"]["codexErrorInfo"]
        if reason == NEW:
            verdict = diagnose(event.seen.failure)
            assert (verdict.again, NEW in verdict.why) == (False, True)
    assert ends == {TurnStatus.FAILED}


@pytest.mark.parametrize(
    "method", [answers.START_THREAD, answers.RESUME_THREAD, answers.READ_THREAD, answers.LIST_TURNS, answers.START_TURN]
)
def test_an_answer_with_a_new_word_is_read(protocol: Protocol, method: CodexMethod[object]) -> None:
    for value in with_new_words(protocol.result_of(method.name)):
        assert isinstance(read_answer(method, value), method.answer)


@pytest.mark.parametrize("method", ASKED)
def test_a_request_with_a_new_word_comes_to_the_human(protocol: Protocol, method: str) -> None:
    for params in samples(opened(protocol.params_of(method)), method, []):
        request = read_request(Call(0, method, params), child="api", pid=7, items={})
        assert isinstance(request, Request)
        assert request.kind in (AskKind.APPROVAL, AskKind.QUESTION)
        if params.get("kind") == NEW:
            assert request.beyond  # no rule accepts it
