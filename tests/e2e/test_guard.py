"""Only the person answers: no process of a child reaches the supervisor, and the orchestrator has its tools only."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supervisor.demo.model import codex_home
from supervisor.wire.codex.requests import OUTSIDE
from tests import CHECKOUT, sshd
from tests.e2e import intruder
from tests.e2e.intruding import accept, answers, command, intrude_by_hook, pids, refusals
from tests.e2e.lab import Lab, report, task
from tests.e2e.planning import answered, plan, plan_text, writes
from tests.e2e.stdio import Codex
from tests.programs import require

pytestmark = pytest.mark.long

HUMAN = "### {0} — Look\n- child: human\n\n1. Look at it.\n\n**Expect:** It is fine.\n"


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    with Lab("api", "web") as made:
        config = made.workspace.config.read_text(encoding="utf-8")
        made.workspace.config.write_text(
            config.replace("path: ../api\n", "path: ../api\n    network: true\n"), encoding="utf-8"
        )
        assert "network: true" in made.workspace.config.read_text(encoding="utf-8")
        made.up()
        yield made


@pytest.mark.promise("nobody answers for the person")
def test_a_child_reaches_the_supervisor_in_no_way_that_is_left_to_it(lab: Lab) -> None:
    names = ("sandboxed", "escalated", "orphan", "verify")
    sandboxed, escalated, orphan, verify = (lab.repos["api"] / name for name in names)
    human = lab.next_ask()
    requests = (accept(human), "hold", 'down={"now": true}', "status", 'note={"text": "x"}')
    lab.plan(
        HUMAN.format("H11")
        + task(
            "T11",
            "api",
            f"run {command(lab, sandboxed, *requests)}",
            f"escalate {command(lab, escalated, *requests)}",
            f"escalate {command(lab, orphan, *requests, orphan=True)}",
            report("tried"),
            fields=(f"verify: `{command(lab, verify, *requests)}`",),
        )
    )
    lab.until(lambda seen: [one["id"] for one in seen["asks"]] == [human] or len(seen["asks"]) > 1)
    for _ in range(2):
        seen = lab.until(lambda seen: [one for one in seen["asks"] if one["kind"] == "approval"])
        (approval,) = [one for one in seen["asks"] if one["kind"] == "approval"]
        assert OUTSIDE in approval["steps"]
        assert OUTSIDE in lab.orch("asks").stdout.replace("\n", " ").replace("  ", " ")
        assert OUTSIDE in lab.runs(approval["id"])
        lab.orch("answer", approval["id"], "accept")
        lab.until(lambda seen, done=approval["id"]: done not in [one["id"] for one in seen["asks"]])
    lab.task("T11", "done")
    by_server = "the request comes from a process that the server of api started"
    assert refusals(answers(sandboxed)) == {by_server}
    assert refusals(answers(escalated)) == {by_server}
    assert refusals(answers(verify)) == {by_server}

    def repeated() -> set[str]:
        orphan.unlink(missing_ok=True)
        Path(f"{orphan}.go").touch()
        return refusals(answers(orphan))

    by_keeper = "the request comes from a process that a server of orch started"
    assert repeated() == {by_keeper}
    before = lab.status()
    os.kill(before["supervisor"]["pid"], 9)
    after = lab.up()
    assert [child["state"] for child in after["children"]] == ["ready", "ready"]
    assert pids(after) == pids(before), "the servers were adopted"
    assert repeated() == {by_keeper}
    Path(f"{orphan}.end").touch()
    assert [one["kind"] for one in lab.status()["asks"]] == ["checkpoint"]
    assert lab.status()["plan"]["state"] == "in_force"
    logged = (lab.workspace.logs / "supervisor.jsonl").read_text(encoding="utf-8")
    assert '"control_refused"' in logged


@pytest.mark.promise("nobody answers for the person")
def test_the_orchestrators_shell_reads_and_steers_nothing_even_without_a_sandbox(lab: Lab) -> None:
    out = lab.folder / "out"
    human = lab.next_ask()
    requests = (
        accept(human),
        "hold",
        'note={"text": "x"}',
        'plan_written={"digest": "' + "0" * 64 + '"}',
        'down={"now": true}',
        "status",
    )
    text = plan_text(HUMAN.format("H21"))
    called = lab.folder / "called"
    who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    messages = [
        {"id": 0, "method": "initialize", "params": who},
        {"method": "notifications/initialized"},
        {"id": 1, "method": "tools/call", "params": {"name": "note", "arguments": {"text": "by the shell"}}},
    ]
    (sent := lab.folder / "messages").write_text(
        "".join(json.dumps({"jsonrpc": "2.0", **one}) + "\n" for one in messages), encoding="utf-8"
    )
    mcp = shlex.join(["env", f"PYTHONPATH={CHECKOUT}", *orch_of(lab, "mcp")])
    answered_by = f"for i in $(seq 600); do grep -q under.way {called} && break; sleep 0.1; done"
    tools = f"(cat {sent}; {answered_by}) | {mcp} > {called}"
    problem = writes(lab, text, f"run {command(lab, out, *requests)}", f"run {tools}", answered("planned"))
    plan(lab, problem, "--yolo", check=False)
    assert "no call of that tool of the orchestrator is under way" in called.read_text(encoding="utf-8")
    assert lab.ledger("learning_noted") == []
    *refused, status = answers(out)
    assert refusals(refused) == {
        "no call of that tool of the orchestrator is under way",
        "the orchestrator may not use `down`",
    }
    assert status["result"]["supervisor"]["state"] == "up"
    assert [one["id"] for one in lab.status()["asks"]] == [human]


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.parametrize("word", ["accept", "decline"])
def test_what_the_orchestrator_passes_on_counts_once_the_person_has_confirmed_it(lab: Lab, word: str) -> None:
    human = lab.next_ask()
    call = f'call mcp__orch answer {{"ask": "{human}", "decision": "accept", "text": ""}}'
    plan(
        lab,
        writes(
            lab,
            plan_text(HUMAN.format(f"H31-{word}")),
            'call mcp__orch note {"text": "it beeps"}',
            call,
            answered("ok"),
        ),
        check=False,
    )
    seen = lab.until(lambda seen: [one for one in seen["asks"] if one["kind"] == "approval"])
    (confirmation,) = [one for one in seen["asks"] if one["kind"] == "approval"]
    assert [one["text"] for one in lab.ledger("learning_noted")] == ["it beeps"]
    each = lab.orch("answer", confirmation["id"], "accept", "--for-session", check=False)
    assert "you confirm each one" in each.stderr
    lab.orch("answer", confirmation["id"], word)
    lab.until(lambda seen: not seen["orchestrator"]["busy"])
    assert [one["ask"] for one in lab.ledger("ask_answered")] == (
        [confirmation["id"], human] if word == "accept" else [confirmation["id"]]
    )


@pytest.mark.promise("nobody answers for the person")
def test_a_sandboxed_command_reaches_no_socket_and_removes_none(lab: Lab) -> None:
    web, control = lab.workspace.server_socket("web"), lab.workspace.control_socket
    out, removed = lab.repos["api"] / "out", lab.repos["api"] / "removed"
    ask = [sys.executable, intruder.__file__, os.path.realpath(web), str(out), "ping"]
    remove = f"unlink {control} 2>/dev/null || unlink {web} 2>/dev/null; echo $? > {removed}"
    lab.plan(task("T41", "api", f"run {shlex.join(ask)}", f"run {remove}", report("tried")))
    lab.task("T41", "done")
    assert answers(out) == [{"system": "Permission denied"}]
    assert removed.read_text(encoding="utf-8") == "1\n"
    assert control.is_socket()
    assert web.is_symlink()


def orch_of(lab: Lab, *words: str) -> list[str]:
    return [sys.executable, "-m", "supervisor.cli.main", "-C", str(lab.workspace.root), *words]


@pytest.mark.promise("nobody answers for the person")
def test_whatever_the_person_starts_is_served(lab: Lab) -> None:
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
    wrappers = (["setsid", "-f", "-w"], ["nohup"], ["env", "-i", *(f"{name}={it}" for name, it in environ.items())])
    for wrapper in wrappers:
        command = [*wrapper, *orch_of(lab, "note", "from me")]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    tmux = [require("tmux"), "-S", str(lab.folder / "tmux")]
    typed = shlex.join(orch_of(lab, "note", "from tmux"))
    subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", typed], env=environ, check=True, timeout=60)
    bare = ["env", "-i", *(f"{name}={environ[name]}" for name in ("PATH", "PYTHONPATH", "HOME"))]
    unit = ["setsid", "-f", *bare, *orch_of(lab, "note", "from init")]  # as cron and a unit of systemd start it
    subprocess.run(unit, check=True, timeout=60, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.until(lambda seen: len(lab.ledger("learning_noted")) == 5)
    assert {one["text"] for one in lab.ledger("learning_noted")} == {"from me", "from tmux", "from init"}


@pytest.mark.promise("nobody answers for the person")
def test_a_person_who_logs_in_with_ssh_or_works_in_screen_is_served(lab: Lab) -> None:
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT), "SCREENDIR": str(lab.folder / "screens")}
    (lab.folder / "screens").mkdir(mode=0o700)
    variables = [f"{name}={environ[name]}" for name in ("PATH", "PYTHONPATH", "HOME", "CODEX_HOME")]
    (lab.folder / "ssh").mkdir(mode=0o700)
    with sshd.serving(lab.folder / "ssh") as ssh:
        remote = [*ssh, shlex.join(["env", *variables, *orch_of(lab, "note", "from ssh")])]
        done = subprocess.run(remote, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    screen = [require("screen"), "-D", "-m", *orch_of(lab, "note", "from screen")]
    subprocess.run(screen, env=environ, check=True, timeout=60)
    assert {one["text"] for one in lab.ledger("learning_noted")} == {"from ssh", "from screen"}


@pytest.mark.promise("nobody answers for the person")
def test_the_persons_own_codex_is_served_by_its_tools_and_outside_of_its_sandbox(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**lab.environ, "PYTHONPATH": str(CHECKOUT)}.items():
        monkeypatch.setenv(name, value)
    own = lab.folder / "own"  # the person's Codex home: they trust the folder of the workspace
    codex_home(own, lab.model.base_url)
    with (own / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[projects.{json.dumps(str(lab.workspace.root))}]\ntrust_level = "trusted"\n')
    lines = (
        'call mcp__orch note {"text": "by a tool"}',
        f"run {shlex.join(orch_of(lab, 'note', 'sandboxed'))}",
        f"escalate {shlex.join(orch_of(lab, 'note', 'escalated'))}",
    )
    with Codex(own, lab.workspace.root) as codex:
        codex.turn(codex.thread(), "\n".join(("Go on.", "", "```model", *lines, "text done", "```")))
        asked = codex.until(lambda message: message.get("method") == "item/commandExecution/requestApproval")
        assert [one["text"] for one in lab.ledger("learning_noted")] == ["by a tool"]
        codex.send({"id": asked["id"], "result": {"decision": "accept"}})
        assert codex.end()["status"] == "completed"
    assert [one["text"] for one in lab.ledger("learning_noted")] == ["by a tool", "escalated"]
    assert lab.ledger("learning_noted")[1]["source"] == "human"


@pytest.mark.promise("nobody answers for the person")
def test_what_runs_in_ci_as_root_without_a_terminal_or_a_login_is_served(lab: Lab) -> None:
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT), "CI": "true", "GITHUB_ACTIONS": "true"}
    for name in ("USER", "LOGNAME", "TERM", "XDG_RUNTIME_DIR"):
        environ.pop(name, None)
    for words in (["note", "from CI"], ["hold"], ["go"], ["up"], ["status"], ["down"]):
        done = subprocess.run(
            ["setsid", "-w", *orch_of(lab, *words)],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    assert [one["text"] for one in lab.ledger("learning_noted")] == ["from CI"]


@pytest.mark.promise("nobody answers for the person")
def test_what_the_config_has_the_supervisor_run_is_served(lab: Lab) -> None:
    with lab.workspace.config.open("a", encoding="utf-8") as file:
        words = ["env", f"PYTHONPATH={CHECKOUT}", *orch_of(lab, "note", "told")]
        file.write("notify: " + json.dumps({"command": words, "on": ["asks"]}) + "\n")
    lab.up()
    human = lab.next_ask()
    lab.plan(HUMAN.format("H51"))
    lab.until(lambda seen: lab.ledger("learning_noted"))
    (note,) = lab.ledger("learning_noted")
    assert note["text"].startswith(f"told {human} (checkpoint: human H51) waits on you ")


@pytest.mark.promise("nobody answers for the person")
def test_what_a_landing_runs_reaches_nothing_and_neither_do_its_orphans_which_end_with_it(
    lab: Lab, tmp_path: Path
) -> None:
    human = lab.next_ask()
    requests = (accept(human), "hold", "status")
    direct, orphan, gate = tmp_path / "direct", tmp_path / "orphan", lab.folder / "gate"
    Path(f"{orphan}.go").touch()
    left = f"env -i {command(lab, orphan, *requests, orphan=True)}"
    hook = intrude_by_hook(lab.repos["api"], command(lab, direct, *requests), left, orphan)
    tasks = HUMAN.format("H61") + task("T61", "api", "write landed x\\n", report("written"))
    checks = f"\n## Integration\n\n- `{command(lab, Path('said'), *requests)}; cat said; cp said {gate}; true`\n"
    lab.save(f"# Plan: Land\n\n## Objective\n\nX.\n\n## Working Plan\n\n{tasks}{checks}")
    lab.task("T61", "done")
    lab.orch("land", "--tasks", "T61")
    (printed,) = lab.workspace.outputs.glob("*landing*")
    assert printed.read_text(encoding="utf-8").count('{"system": "Operation not permitted"}') == len(requests)
    by_landing = {"the request comes from a process that `orch land` started"}
    assert (refusals(answers(direct)), refusals(answers(orphan))) == (by_landing, by_landing)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(orphan) in (one.info["cmdline"] or ())]
    hook.unlink()
    assert [one["id"] for one in lab.status()["asks"]] == [human]
    assert not gate.exists()


@pytest.mark.promise("nobody answers for the person")
def test_another_namespace_is_refused_with_the_line_that_allows_it(lab: Lab) -> None:
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
    command = ["unshare", "--user", "--map-root-user", "--net", *orch_of(lab, "hold")]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)

    refused = run()
    assert (refused.returncode, refused.stdout) == (1, "")
    line = "control: {allow_namespace: [net, user]}"
    assert f"add `{line}` to orchestrator.config.yaml" in refused.stderr
    with lab.workspace.config.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    lab.up()
    assert run().returncode == 0


@pytest.mark.promise("nobody answers for the person")
def test_without_the_keeper_the_supervisor_is_only_looked_at_and_taken_down(lab: Lab) -> None:
    seen = psutil.Process(lab.status()["supervisor"]["pid"])
    keeper = seen.parent()
    assert keeper is not None
    assert keeper.name() == "orch-keeper"
    keeper.kill()
    lab.until(lambda _: seen.ppid() != keeper.pid)
    refused = lab.orch("hold", check=False)
    assert (refused.returncode, "run `orch down`, then `orch up`" in refused.stderr) == (1, True)
    shown = lab.orch("status")
    assert (shown.returncode, "run `orch down`, then `orch up`" in shown.stdout) == (0, True), shown.stdout
    lab.orch("down")
    assert lab.up()["supervisor"]["problem"] is None
    lab.orch("hold")


@pytest.mark.promise("nobody answers for the person")
def test_without_the_keeper_of_an_adopted_server_the_supervisor_is_only_looked_at_and_taken_down(lab: Lab) -> None:
    seen = psutil.Process(lab.status()["supervisor"]["pid"])
    keeper = seen.parent()
    assert keeper is not None
    seen.kill()
    lab.up()
    lab.orch("hold")
    keeper.kill()
    lab.until(lambda _: not keeper.is_running())
    refused = lab.orch("go", check=False)
    assert (refused.returncode, "run `orch down`, then `orch up`" in refused.stderr) == (1, True)
    lab.orch("down")
    lab.up()
    lab.orch("go")


@pytest.mark.promise("nobody answers for the person")
def test_what_servers_left_below_an_earlier_keeper_ends_with_the_last_of_them(lab: Lab) -> None:
    out = lab.repos["api"] / "below"
    orphan = left_below_an_earlier_keeper(lab, "T61", out, "hold")
    lab.orch("restart", "api")
    lab.child("api", "ready")
    Path(f"{out}.go").touch()
    assert refusals(answers(out)) == {"the request comes from a process that a server of orch started"}
    planned = ["orchestrator"] if lab.status()["orchestrator"] else []  # by another test of this module
    for name in ("web", *planned):
        assert orphan.is_running()
        lab.orch("restart", name)
    lab.until(lambda _: not orphan.is_running())  # if its keeper were killed, it would pass for the person's
    lab.orch("hold")


@pytest.mark.promise("no orphan")
def test_down_ends_what_left_its_session_and_environment_also_below_an_earlier_keeper(lab: Lab) -> None:
    out = lab.repos["api"] / "left"
    orphan = left_below_an_earlier_keeper(lab, "T71", out, "ping")
    lab.orch("down")
    assert not orphan.is_running()


def left_below_an_earlier_keeper(lab: Lab, name: str, out: Path, method: str) -> psutil.Process:
    """Have the server of `api` leave a process that will ask for `method`, kill the supervisor, and start another."""
    lab.plan(task(name, "api", f"escalate {command(lab, out, method, orphan=True)}", report("left one")))
    lab.orch("answer", lab.ask()["id"], "accept")
    lab.task(name, "done")
    (orphan,) = [one for one in psutil.process_iter() if str(out) in " ".join(_words(one))]
    os.kill(lab.status()["supervisor"]["pid"], 9)
    lab.up()
    return orphan


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.environ().get("ORPHAN") else []
    except psutil.Error:
        return []
