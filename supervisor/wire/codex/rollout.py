"""Read the end of a thread's own record (its rollout): one JSON object a line, in the order in which they were written.

A server writes a message of the user in two steps: the item that the model will see, then the event that lists of turns
are made from. A server that is killed in between leaves a message that no list shows, and that the model sees with the
next turn (codex 0.163.0: 3 of 85 servers that were killed at random within 30 ms of a steer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from supervisor.domain.thread import TurnSeen, TurnStatus
from supervisor.sha256 import hex_digest


class Content(Struct, frozen=True):
    """A part of a message."""

    text: str = ""


class RecordedItem(Struct, frozen=True):
    """What an event is about."""

    type: str = ""


class Payload(Struct, frozen=True):
    """What a line tells. Each kind of line has some of these."""

    type: str = ""
    role: str = ""
    content: tuple[Content, ...] = ()
    item: RecordedItem = RecordedItem()
    turn_id: str = ""


class RolloutLine(Struct, frozen=True):
    """A line of the record."""

    type: str
    payload: Payload


_DECODER = msgspec.json.Decoder(RolloutLine)


def with_unlisted(turns: tuple[TurnSeen, ...], end: bytes, messages: Mapping[str, str]) -> tuple[TurnSeen, ...]:
    """Return the turns of a thread at rest, also with a message that is the last one in its record and in no list.

    `end`: the last bytes of the record. `messages`: the digest of each text that was sent, by its client id.
    """
    turn = ""
    texts: tuple[str, ...] = ()
    for line in _lines(end):
        match line.type, line.payload.type:
            case "turn_context", _:
                turn, texts = line.payload.turn_id, ()
            case "response_item", "message" if line.payload.role == "user":
                texts = tuple(content.text for content in line.payload.content)
            case "event_msg", "item_completed" if line.payload.item.type == "UserMessage":
                texts = ()
    found = {hex_digest(text.encode()) for text in texts}
    held = tuple(message for message, digest in messages.items() if digest in found)
    if not turn or not held:
        return turns
    listed = next((one for one in turns if one.turn == turn), None)
    if listed is None:
        return (*turns, TurnSeen(turn, TurnStatus.INTERRUPTED, held))
    seen = replace(listed, messages=(*listed.messages, *held))
    return tuple(seen if one is listed else one for one in turns)


def _lines(end: bytes) -> Iterator[RolloutLine]:
    """Yield the lines that are whole, and as we know them."""
    for line in end.splitlines():
        try:
            yield _DECODER.decode(line)
        except msgspec.DecodeError:
            continue
