"""One response of the scripted model: perform its steps as server-sent events."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Protocol

from supervisor.demo.steps import (
    AskUser,
    Cut,
    Fail,
    Failed,
    Patch,
    Run,
    Say,
    Silence,
    Step,
    Stream,
    ToolCall,
    ToolStep,
    Used,
    Wait,
)

KEEP_ALIVE = 1.0  # seconds between the events sent while a gate is closed; without them the client would time out
POLL = 0.05  # seconds between two checks whether the client has hung up


class Gate:
    """A point in a script where responses wait. `reached` is set once a response waits there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        """Let all responses through, now and later."""
        self._open.set()

    def wait_reached(self, timeout: float) -> None:
        """Wait until a response reaches the gate. Raises TimeoutError after `timeout` seconds."""
        if not self.reached.wait(timeout):
            raise TimeoutError(f"no response reached the gate {self.name!r} within {timeout:g} s")

    def passed(self, timeout: float) -> bool:
        """Wait until the gate is open. False if it is not within `timeout` seconds."""
        return self._open.wait(timeout)


class Model(Protocol):
    """What a response needs of its model."""

    closing: threading.Event

    def gate(self, name: str) -> Gate:
        """Return the gate of this name, which holds a turn until it is opened."""

    def unique_suffix(self) -> str:
        """Return a text that no id of this model has ended with."""


class Response:
    """One response to a client."""

    def __init__(self, exchange: BaseHTTPRequestHandler, model: Model, size: int) -> None:
        self._exchange = exchange
        self._model = model
        self._id = f"resp_{model.unique_suffix()}"
        self._streaming = False
        self._input_tokens = size // 4 + 1
        self._output_tokens = 0

    def perform(self, steps: Sequence[Step]) -> None:
        """Perform the steps in order until one ends the response or the client hangs up."""
        self._exchange.close_connection = True
        failure = next((step for step in steps if isinstance(step, Fail)), None)
        try:
            if failure is not None:
                for step in itertools.takewhile(lambda step: step is not failure, steps):
                    if isinstance(step, Wait):
                        self._wait(step.gate)
                plain_answer(self._exchange, failure.status, failure.body)
                return
            self._open([step for step in steps if isinstance(step, Used)])
            self._send("response.created", response={"id": self._id})
            for step in steps:
                if not self._step(step):
                    return
            self._send("response.completed", response={"id": self._id, "usage": self._usage()})
        except OSError:
            return  # the client hung up

    def _open(self, limits: Sequence[Used]) -> None:
        self._exchange.send_response(200)
        for name, limit in zip(("primary", "secondary"), limits, strict=False):
            self._exchange.send_header(f"x-codex-{name}-used-percent", f"{limit.percent:g}")
            self._exchange.send_header(f"x-codex-{name}-window-minutes", str(limit.minutes))
            self._exchange.send_header(f"x-codex-{name}-reset-at", str(int(time.time() + limit.resets_in)))
        self._exchange.send_header("content-type", "text/event-stream")
        self._exchange.send_header("connection", "close")
        self._exchange.end_headers()
        self._streaming = True

    def _step(self, step: Step) -> bool:
        """Perform one step. Returns whether the response continues."""
        match step:
            case Say(text):
                self._message([text])
            case Stream(text, delay):
                self._message(self._paced(text, delay))
            case Wait(gate):
                self._wait(gate)
            case Failed(code, message):
                error = {"code": code, "message": message}
                self._send("response.failed", response={"id": self._id, "error": error})
                return False
            case Cut():
                return False
            case Silence():
                while True:
                    self._pause(KEEP_ALIVE)
            case Used():
                pass  # it is in the headers
            case Fail():
                raise AssertionError("a response that fails is answered before its stream is opened")
            case _:
                self._item(_tool_item(step, f"call_{self._model.unique_suffix()}"))
        return True

    def _message(self, pieces: Iterator[str] | Sequence[str]) -> None:
        item = {"type": "message", "role": "assistant", "id": f"msg_{self._model.unique_suffix()}"}
        self._send("response.output_item.added", item={**item, "content": [{"type": "output_text", "text": ""}]})
        sent = []
        for piece in pieces:
            sent.append(piece)
            self._send("response.output_text.delta", item_id=item["id"], delta=piece)
        self._item({**item, "content": [{"type": "output_text", "text": "".join(sent)}]})

    def _paced(self, text: str, delay: float) -> Iterator[str]:
        for number, word in enumerate(text.split(" ")):
            if number:
                self._pause(delay)
            yield f" {word}" if number else word

    def _item(self, item: dict[str, object]) -> None:
        self._output_tokens += len(json.dumps(item)) // 4 + 1
        self._send("response.output_item.done", item=item)

    def _wait(self, name: str) -> None:
        gate = self._model.gate(name)
        gate.reached.set()
        alive = time.monotonic()
        while not gate.passed(POLL):
            self._check_client()
            if self._streaming and time.monotonic() - alive >= KEEP_ALIVE:
                self._send("response.in_progress", response={"id": self._id})
                alive = time.monotonic()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._model.closing.wait(min(left, POLL))
            self._check_client()

    def _check_client(self) -> None:
        """Raise ClientGone if the client hung up or the model is being closed."""
        try:
            gone = not self._exchange.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            gone = False  # still connected, and it has sent nothing, as expected
        if gone or self._model.closing.is_set():
            raise ClientGone

    def _send(self, kind: str, **fields: object) -> None:
        data = json.dumps({"type": kind, **fields})
        self._exchange.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode())
        self._exchange.wfile.flush()

    def _usage(self) -> dict[str, object]:
        return {
            "input_tokens": self._input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": self._output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self._input_tokens + self._output_tokens,
        }


def plain_answer(exchange: BaseHTTPRequestHandler, status: int, text: str) -> None:
    """Answer with a complete body and close the connection."""
    data = text.encode("utf-8")
    exchange.send_response(status)
    exchange.send_header("content-type", "application/json" if text.startswith("{") else "text/plain; charset=utf-8")
    exchange.send_header("content-length", str(len(data)))
    exchange.send_header("connection", "close")
    exchange.end_headers()
    exchange.wfile.write(data)
    exchange.close_connection = True


def _tool_item(step: ToolStep, call_id: str) -> dict[str, object]:
    match step:
        case Patch(text):
            return {"type": "custom_tool_call", "call_id": call_id, "name": "apply_patch", "input": text}
        case Run(cmd, escalate, yield_ms):
            # Not a login shell, because a profile may reset PATH or print something.
            arguments: dict[str, object] = {"cmd": cmd, "yield_time_ms": yield_ms, "login": False}
            if escalate is not None:
                arguments |= {"sandbox_permissions": "require_escalated", "justification": escalate}
            namespace, name = "", "exec_command"
        case AskUser(questions):
            namespace, name, arguments = "", "request_user_input", {"questions": list(questions)}
        case ToolCall(namespace, name, given):
            arguments = dict(given)
    call = {"type": "function_call", "call_id": call_id, "name": name, "arguments": json.dumps(arguments)}
    return {**call, **({"namespace": namespace} if namespace else {})}


class ClientGone(ConnectionError):
    """The client hung up, or the model is being closed."""
