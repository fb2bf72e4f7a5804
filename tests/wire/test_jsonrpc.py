"""JSON-RPC between two peers, and any other input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.wire.jsonrpc import (
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    OVERLOADED,
    Call,
    Fault,
    Garbage,
    Notice,
    Peer,
    Result,
)
from tests.wire.values import anything, objects


def test_a_request_is_a_call_to_the_other_side_and_its_answer_a_result_here() -> None:
    ours, theirs = Peer(), Peer()
    request, text = ours.request("turn/start", {"threadId": "t"})
    call = theirs.receive(text)
    assert call == Call(request, "turn/start", {"threadId": "t"})
    assert ours.receive(theirs.answer(call.id, {"turn": {"id": "u"}})) == Result(
        request, "turn/start", {"turn": {"id": "u"}}
    )
    assert ours.pending == ()


@pytest.mark.parametrize("request_id", [7, 'seven "7"'])
def test_an_answer_that_is_text_already_is_the_same_answer(request_id: int | str) -> None:
    value = {"tasks": [{"id": "T1", "why": "ä \n"}], "count": 1.5, "none": None}
    assert json.loads(Peer.answer_encoded(request_id, json.dumps(value))) == json.loads(Peer.answer(request_id, value))


def test_answers_out_of_order_find_their_requests() -> None:
    ours, theirs = Peer(), Peer()
    first, second, third = (ours.request(method)[0] for method in ("a", "b", "c"))
    assert ours.pending == (first, second, third)
    assert ours.receive(theirs.answer(third, 3)) == Result(third, "c", 3)
    assert ours.receive(theirs.answer(first, None)) == Result(first, "a", None)
    assert ours.receive(theirs.refuse(second, OVERLOADED, "later")) == Fault(second, "b", OVERLOADED, "later", None)
    assert ours.pending == ()


def test_ids_are_never_used_twice() -> None:
    peer = Peer()
    ids = []
    for _ in range(5):
        request, _text = peer.request("a")
        ids.append(request)
        peer.forget(request)
    assert ids == [1, 2, 3, 4, 5]


def test_two_sides_may_use_the_same_id_at_the_same_time() -> None:
    ours, theirs = Peer(), Peer()
    request, text = ours.request("ping")
    back, question = theirs.request("pong")
    assert request == back
    assert theirs.receive(text) == Call(request, "ping", {})
    assert ours.receive(question) == Call(back, "pong", {})
    assert ours.receive(theirs.answer(request, 1)) == Result(request, "ping", 1)
    assert theirs.receive(ours.answer(back, 2)) == Result(back, "pong", 2)


def test_an_answer_that_comes_too_late_or_twice_is_garbage() -> None:
    ours, theirs = Peer(), Peer()
    late, _ = ours.request("a")
    twice, _ = ours.request("b")
    ours.forget(late)
    ours.forget(late)
    ours.receive(theirs.answer(twice, 1))
    garbage = Garbage("an answer to no request of ours")
    assert [ours.receive(theirs.answer(one, 1)) for one in (late, twice, 99)] == [garbage] * 3


def test_a_refusal_carries_code_message_and_data() -> None:
    ours, theirs = Peer(), Peer()
    request, _ = ours.request("a")
    refusal = theirs.refuse(request, METHOD_NOT_FOUND, "no such method", {"known": []})
    assert ours.receive(refusal) == Fault(request, "a", METHOD_NOT_FOUND, "no such method", {"known": []})
    assert json.loads(theirs.refuse(7, 1, "no")) == {"id": 7, "error": {"code": 1, "message": "no"}}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({}, (INTERNAL_ERROR, "an answer without result or error", None)),
        ({"error": "no"}, (INTERNAL_ERROR, "an answer without result or error", None)),
        ({"error": {}}, (INTERNAL_ERROR, "no message", None)),
        ({"error": {"code": "x", "message": 7, "data": 0}}, (INTERNAL_ERROR, "7", 0)),
        ({"error": {"code": -32600, "message": "bad"}}, (-32600, "bad", None)),
    ],
)
def test_a_refusal_of_an_odd_shape_is_still_the_answer_to_its_request(answer: Any, fault: Any) -> None:
    peer = Peer()
    request, _ = peer.request("a")
    assert peer.receive(json.dumps({"id": request, **answer})) == Fault(request, "a", *fault)
    assert peer.pending == ()


def test_notifications_have_no_id_and_need_no_params() -> None:
    assert json.loads(Peer.notify("initialized")) == {"method": "initialized"}
    assert Peer().receive(Peer.notify("initialized")) == Notice("initialized", {})
    assert Peer().receive(Peer.notify("warning", {"message": "hot"})) == Notice("warning", {"message": "hot"})
    assert Peer().receive('{"method":"warning","params":null,"emittedAtMs":7}') == Notice("warning", {})


@pytest.mark.parametrize("request_id", [0, 7, -1, "", "a-7", 2**63])
def test_a_call_keeps_the_id_that_the_other_side_gave_it(request_id: int | str) -> None:
    call = Peer().receive(json.dumps({"id": request_id, "method": "currentTime/read"}))
    assert call == Call(request_id, "currentTime/read", {})
    assert json.loads(Peer.answer(request_id, 1)) == {"id": request_id, "result": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "not a JSON object"),
        ("7", "not a JSON object"),
        ('{"method":7}', "the method is not a text"),
        ('{"method":"a","params":[]}', "the params of a are not an object"),
        ('{"method":"a","id":null}', "the id of a is neither a number nor a text"),
        ('{"method":"a","id":true}', "the id of a is neither a number nor a text"),
        ('{"method":"a","id":1.5}', "the id of a is neither a number nor a text"),
        ('{"result":1}', "an answer to no request of ours"),
        ('{"id":true,"result":1}', "an answer to no request of ours"),
        ('{"id":1.0,"result":1}', "an answer to no request of ours"),
        ('{"id":"1","result":1}', "an answer to no request of ours"),
        ('{"id":[1],"result":1}', "an answer to no request of ours"),
        ("{}", "an answer to no request of ours"),
    ],
)
def test_an_invalid_message_is_garbage_that_says_why(text: str, reason: str) -> None:
    peer = Peer()
    request, _ = peer.request("a")
    assert peer.receive(text) == Garbage(reason)
    assert peer.pending == (request,)


@pytest.mark.parametrize("text", ["", "{", "\x00", b"\xff\xfe\xfd", "[" * 100_000, "9" * 5000, '{"id":1}x'])
def test_invalid_json_is_garbage(text: str | bytes) -> None:
    message = Peer().receive(text)
    assert isinstance(message, Garbage)
    assert message.reason.startswith("not JSON: ")


messages = objects("id", "method", "params", "result", "error", inner=st.just(1) | st.text(max_size=3))


@pytest.mark.promise("any input")
@given(st.text() | st.binary() | anything.map(json.dumps) | messages.map(json.dumps))
def test_receiving_never_fails_whatever_comes(text: str | bytes) -> None:
    peer = Peer()
    peer.request("a")
    assert isinstance(peer.receive(text), Result | Fault | Call | Notice | Garbage)


@given(st.dictionaries(st.text(), anything, max_size=3))
def test_params_arrive_as_they_were_sent(params: dict[str, Any]) -> None:
    _, text = Peer().request("a", params)
    call = Peer().receive(text)
    assert isinstance(call, Call)
    assert repr(call.params) == repr(json.loads(json.dumps(params)))
