"""Read the end of a thread's own record."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.sha256 import hex_digest
from supervisor.wire.codex.rollout import with_unlisted

TEXT = "The plan changed."
SENT = {"m2": hex_digest(TEXT.encode())}


def line(kind: str, **payload: object) -> str:
    return json.dumps({"timestamp": "2026-11-29T16:54:32.010Z", "type": kind, "payload": payload})


def said(text: str, role: str = "user") -> str:
    return line("response_item", type="message", role=role, content=[{"type": "input_text", "text": text}])


def began(turn: str) -> str:
    return line("turn_context", turn_id=turn, cwd="/srv/api")


def listed(kind: str = "UserMessage") -> str:
    return line("event_msg", type="item_completed", turn_id="t1", item={"type": kind, "content": []})


SETTINGS = line("event_msg", type="thread_settings_applied", thread_settings={"model": "m"})
BEGIN = (began("t1"), said("Do it."), listed())
LISTED = TurnSeen("t1", TurnStatus.FAILED, ("m1",), "Well", Failure("other", None, "it broke"))


def found(*lines: str, turns: tuple[TurnSeen, ...] = (LISTED,)) -> tuple[TurnSeen, ...]:
    return with_unlisted(turns, "\n".join(lines).encode(), SENT)


def test_a_message_without_its_event_is_one_of_its_turn() -> None:
    with_it = TurnSeen("t1", TurnStatus.FAILED, ("m1", "m2"), "Well", Failure("other", None, "it broke"))
    assert found(*BEGIN, said(TEXT)) == (with_it,)
    assert found(*BEGIN, said(TEXT), SETTINGS) == (with_it,)


def test_a_turn_that_is_in_no_list_was_interrupted() -> None:
    assert found(began("t2"), said(TEXT)) == (LISTED, TurnSeen("t2", TurnStatus.INTERRUPTED, ("m2",)))


@pytest.mark.parametrize(
    "lines",
    [
        (),
        BEGIN,
        (*BEGIN, said(TEXT), listed()),
        (*BEGIN, said(TEXT), began("t2"), said("Go on."), listed()),
        (*BEGIN, said("Another text.")),
        (*BEGIN, said(TEXT, role="assistant")),
        (*BEGIN, said(TEXT)[:-9]),
        (said(TEXT),),
        ("null", "[]", "{", '{"type": 1}', '{"type": "response_item", "payload": {"type": "message", "content": "x"}}'),
    ],
)
def test_whatever_else_the_record_ends_with_the_list_stays_as_it_is(lines: tuple[str, ...]) -> None:
    assert found(*lines) == (LISTED,)


@given(st.binary(max_size=300))
def test_no_bytes_are_taken_for_a_message(noise: bytes) -> None:
    assert with_unlisted((LISTED,), noise, SENT) == (LISTED,)
