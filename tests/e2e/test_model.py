"""The scripted model, used by the real Codex."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from supervisor.demo.model import (
    Cut,
    Fail,
    Failed,
    FinalReport,
    ModelRequest,
    Patch,
    Run,
    Say,
    Script,
    ScriptedModel,
    Silence,
    Step,
    Stream,
    codex_home,
    directive_script,
)
from tests.e2e.stdio import PATIENCE, Codex, scratch

SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string"}},
    "required": ["summary"],
    "additionalProperties": False,
}
Start = Callable[..., tuple[ScriptedModel, Codex]]


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Path, ScriptedModel, Codex]]:
    """One server for all tests that can share it, because starting one takes most of a test's time."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        model = stack.enter_context(ScriptedModel(directive_script))
        codex_home(folder / "home", model.base_url)
        yield folder, model, stack.enter_context(Codex(folder / "home", folder))


@pytest.fixture
def start(shared: tuple[Path, ScriptedModel, Codex]) -> Iterator[Start]:
    """Make a model with a script and a codex that uses it, in an empty folder. `idle_ms` needs a separate server."""
    with ExitStack() as stack:

        def begin(script: Script = directive_script, idle_ms: int | None = None) -> tuple[ScriptedModel, Codex]:
            folder, model, codex = shared
            if idle_ms is not None:
                folder = stack.enter_context(scratch())
                model = stack.enter_context(ScriptedModel(script))
                codex_home(folder / "home", model.base_url, stream_idle_timeout_ms=idle_ms)
                codex = stack.enter_context(Codex(folder / "home", folder))
            codex.cwd = folder / f"test-{len(list(folder.iterdir()))}" / "repo"
            codex.cwd.mkdir(parents=True)
            codex.messages.clear()
            model.reset(script)
            return model, codex

        yield begin


def block(*lines: str) -> str:
    return "\n".join(("Do this.", "", "```model", *lines, "```", ""))


def report_of(codex: Codex) -> dict[str, object]:
    report: dict[str, object] = json.loads(codex.answer())
    return report


def test_a_script_runs_commands_edits_files_and_reports(start: Start) -> None:
    def script(request: ModelRequest) -> Sequence[Step]:
        match len(request.outputs_since_last_user()):
            case 0:
                return Say("First a look."), Run("printf hello > seen.txt; exit 3")
            case 1:
                return (Patch("*** Begin Patch\n*** Add File: new.txt\n+made by a patch\n*** End Patch\n"),)
        return (Say(FinalReport({"summary": "all there"}).json()),)

    model, codex = start(script)
    codex.turn(codex.thread(), "Begin.", SCHEMA)

    assert codex.end()["status"] == "completed"
    assert (codex.cwd / "seen.txt").read_text(encoding="utf-8") == "hello"
    assert (codex.cwd / "new.txt").read_text(encoding="utf-8") == "made by a patch\n"
    assert report_of(codex)["summary"] == "all there"
    assert [item["exitCode"] for item in codex.items("commandExecution")] == [3]
    assert len(codex.items("fileChange")) == 1
    last = model.requests[-1]
    assert [output.exit_code for output in last.outputs_since_last_user()] == [3, 0]
    assert [output.tool for output in last.outputs_since_last_user()] == ["exec_command", "apply_patch"]


def test_a_request_has_the_prompt_the_folder_the_schema_and_the_tools(start: Start) -> None:
    model, codex = start(lambda request: (Say("ok"),))
    (codex.cwd / "AGENTS.md").write_text("Be brief.\n", encoding="utf-8")
    thread = codex.thread()
    codex.turn(thread, "First.", SCHEMA)
    codex.end()
    turn = codex.turn(thread, "Second.")
    codex.end()

    first, second = model.requests
    assert first.schema == SCHEMA
    assert second.schema is None
    assert first.user_texts() == ["First."]
    assert second.user_texts() == ["First.", "Second."]
    assert (second.thread_id, second.turn_id) == (thread, turn)
    assert Path(second.cwd) == codex.cwd
    assert {"create_goal", "exec_command", "apply_patch", "request_user_input"} <= set(second.tools)


def test_a_title_for_a_thread_of_the_terminal_is_given_without_asking_the_script() -> None:
    turn = json.dumps({"turn_id": "u1", "thread_source": "thread_title"})
    with ScriptedModel(lambda request: (Fail(400, "no prompt of a person"),)) as model:
        titled = model.answer(ModelRequest.parse({"client_metadata": {"x-codex-turn-metadata": turn}}))
        prompted = model.answer(ModelRequest.parse({}))

    assert titled == (Say('{"title": "Scripted"}'),)
    assert prompted == (Fail(400, "no prompt of a person"),)
    assert len(model.requests) == 1


def test_an_escalated_command_waits_for_an_approval(start: Start) -> None:
    _, codex = start()
    codex.turn(codex.thread(), block("escalate echo out > ../outside.txt", 'report {"summary": "asked"}'))
    request = codex.until(lambda message: message.get("method") == "item/commandExecution/requestApproval")
    assert "outside.txt" in request["params"]["command"]
    assert not (codex.cwd.parent / "outside.txt").exists()

    codex.send({"id": request["id"], "result": {"decision": "accept"}})

    assert codex.end()["status"] == "completed"
    assert (codex.cwd.parent / "outside.txt").read_text(encoding="utf-8") == "out\n"
    assert report_of(codex)["summary"] == "asked"


def test_a_declined_command_does_not_stop_the_script(start: Start) -> None:
    _, codex = start()
    codex.turn(codex.thread(), block("escalate echo out > ../outside.txt", 'report {"summary": "went on"}'))
    request = codex.until(lambda message: message.get("method") == "item/commandExecution/requestApproval")
    codex.send({"id": request["id"], "result": {"decision": "decline"}})

    assert codex.end()["status"] == "completed"
    assert not (codex.cwd.parent / "outside.txt").exists()
    assert report_of(codex)["summary"] == "went on"


def test_a_question_reaches_the_human_and_the_answer_comes_back(start: Start) -> None:
    model, codex = start()
    codex.turn(codex.thread(), block("ask Which colour? | red | blue", "report {}"))
    request = codex.until(lambda message: message.get("method") == "item/tool/requestUserInput")
    (question,) = request["params"]["questions"]
    assert question["question"] == "Which colour?"
    codex.send({"id": request["id"], "result": {"answers": {question["id"]: {"answers": ["blue"]}}}})

    assert codex.end()["status"] == "completed"
    (output,) = model.requests[-1].outputs_since_last_user()
    assert "blue" in output.text


def test_a_gate_holds_a_turn_and_a_steered_block_takes_over(start: Start) -> None:
    model, codex = start()
    thread = codex.thread()
    turn = codex.turn(thread, block("write old.txt old", "wait hold", "write never.txt x", "report {}"))
    model.gate("hold").wait_reached(PATIENCE)
    codex.steer(thread, turn, block("write new.txt new", 'report {"summary": "steered"}'))
    assert codex.items("fileChange")
    model.gate("hold").open()

    assert codex.end()["status"] == "completed"
    assert report_of(codex)["summary"] == "steered"
    assert (codex.cwd / "new.txt").exists()
    assert model.requests[-1].user_texts()[-1].count("steered") == 1


def test_a_gate_outlasts_the_idle_timeout_of_the_stream(start: Start) -> None:
    model, codex = start(idle_ms=1_500)
    thread = codex.thread()
    codex.turn(thread, block("wait hold", "report {}"))
    model.gate("hold").wait_reached(PATIENCE)
    codex.turn(codex.thread(), block("stream 18 100", 'report {"summary": "later"}'))
    codex.end()
    model.gate("hold").open()

    assert codex.end()["status"] == "completed"


def test_an_interrupted_turn_frees_its_gate(start: Start) -> None:
    model, codex = start()
    thread = codex.thread()
    turn = codex.turn(thread, block("wait hold"))
    model.gate("hold").wait_reached(PATIENCE)
    codex.ask("turn/interrupt", threadId=thread, turnId=turn)
    assert codex.end()["status"] == "interrupted"

    codex.turn(thread, "Go on without a block.")
    assert codex.end()["status"] == "completed"
    assert report_of(codex)["summary"] == "ok"
    assert model.requests[-1].last_user_text() == "Go on without a block."


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Fail(400, "bad words"), "bad words"),
        (Fail(429, "slow down"), "429"),
        (Fail(500, "broken"), ""),
        (Failed("rate_limit_exceeded", "later"), ""),
        (Failed("context_length_exceeded"), "context window"),
        (Cut(), "stream"),
    ],
    ids=lambda value: str(value) if not isinstance(value, str) else "",
)
def test_a_failure_of_the_model_fails_the_turn(start: Start, step: Step, message: str) -> None:
    _, codex = start(lambda request: (step,))
    codex.turn(codex.thread(), "Begin.")
    turn = codex.end()

    assert turn["status"] == "failed"
    assert message in turn["error"]["message"]


def test_a_silent_model_runs_into_the_idle_timeout(start: Start) -> None:
    _, codex = start(lambda request: (Say("Then nothing."), Silence()), idle_ms=300)
    codex.turn(codex.thread(), "Begin.")
    turn = codex.end()

    assert turn["status"] == "failed"
    assert "idle" in turn["error"]["message"]


def test_a_streamed_message_arrives_in_pieces(start: Start) -> None:
    _, codex = start(lambda request: (Stream("one two three", 0.0),))
    codex.turn(codex.thread(), "Begin.")
    codex.end()

    deltas = [one["params"]["delta"] for one in codex.messages if one.get("method") == "item/agentMessage/delta"]
    assert "".join(deltas) == "one two three"
    assert len(deltas) == 3


def test_a_script_that_raises_fails_the_turn_and_the_error_is_kept(start: Start) -> None:
    def script(request: ModelRequest) -> Sequence[Step]:
        raise LookupError("no such line")

    model, codex = start(script)
    codex.turn(codex.thread(), "Begin.")

    assert "no such line" in codex.end()["error"]["message"]
    assert [str(error) for error in model.errors] == ["no such line"]


def test_a_wrong_directive_fails_the_turn_and_names_the_line(start: Start) -> None:
    _, codex = start()
    codex.turn(codex.thread(), block("dance"))

    assert "`dance`: no such directive" in codex.end()["error"]["message"]


def test_a_written_file_is_replaced_the_second_time(start: Start) -> None:
    _, codex = start()
    codex.turn(codex.thread(), block(r"write a.txt one\ntwo", "write a.txt three", "text no report"))

    assert codex.end()["status"] == "completed"
    assert (codex.cwd / "a.txt").read_text(encoding="utf-8") == "three\n"
    assert codex.answer() == "no report"


def test_a_follow_up_that_only_quotes_the_block_is_answered_as_done(start: Start) -> None:
    model, codex = start()
    thread = codex.thread()
    old = block("write a.txt one", 'report {"summary": "first"}')
    codex.turn(thread, old)
    codex.end()
    quoted = "\n".join(f"+{line}" for line in old.splitlines()) + "\n" + "\n".join("    " + x for x in old.splitlines())
    codex.turn(thread, f"verify failed:\n{quoted}")
    codex.end()

    assert report_of(codex)["summary"] == "ok"
    assert len(codex.items("fileChange")) == 1
    assert model.requests[-1].outputs_since_last_user() == []


def test_a_started_command_continues_after_the_turn(start: Start) -> None:
    _, codex = start()
    thread = codex.thread()
    codex.turn(thread, block("start sleep 600", 'report {"summary": "left running"}'))
    assert codex.end()["status"] == "completed"
    assert report_of(codex)["summary"] == "left running"

    running = codex.ask("thread/backgroundTerminals/list", threadId=thread)["data"]
    assert ["sleep 600" in terminal["command"] for terminal in running] == [True]
    codex.ask("thread/backgroundTerminals/clean", threadId=thread)


def test_a_model_started_by_hand_prints_its_url_and_exits_on_sigterm() -> None:
    with scratch() as folder:
        home = folder / "home"
        command = [sys.executable, "-m", "supervisor.demo.model", "--directive", "--write-home", str(home)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as served:
            assert served.stdout
            url = served.stdout.readline().strip()
            assert str(home) in served.stdout.readline()
            served.terminate()
            assert served.wait(PATIENCE) == 0

        assert f'base_url = "{url}"' in (home / "config.toml").read_text(encoding="utf-8")
        assert home.stat().st_mode & 0o777 == 0o700
