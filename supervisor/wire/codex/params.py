"""Build the params of the methods that we call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supervisor.domain.plan import Approvals, Sandbox

THREAD_SOURCE = "orch"
Params = dict[str, object]

# High-volume deltas whose content `item/completed` repeats; we opt out of them.
NOT_WANTED = (
    "item/agentMessage/delta",
    "item/commandExecution/outputDelta",
    "item/fileChange/patchUpdated",
    "item/plan/delta",
    "item/reasoning/summaryTextDelta",
    "item/reasoning/textDelta",
    "turn/diff/updated",
)


def initialize(version: str) -> Params:
    """Introduce orch, and opt out of the notifications that nobody reads."""
    return {
        "clientInfo": {"name": "orch", "title": "orch supervisor", "version": version},
        "capabilities": {
            "experimentalApi": True,
            "requestAttestation": False,
            "optOutNotificationMethods": list(NOT_WANTED),
        },
    }


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
    """Return the params of `thread/start`. `config` overrides the user's config.toml while this thread is loaded."""
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
    recount: bool = False,
) -> Params:
    """Return the params of `thread/resume`. Pass `config` again: Codex does not store it with the thread.

    `recount` has Codex send the tokens of the whole thread. It does so only with all turns of the thread (tried
    with 0.163 and 0.171), which is slow for a long one.
    """
    settings = _settings(cwd, model, effort, sandbox, approvals, config)
    return {**settings, "threadId": thread, "excludeTurns": not recount}


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
    """Without a sandbox, ask for no approvals: `--yolo` means both."""
    return "never" if sandbox == "danger-full-access" else approvals


def turn_start(
    *,
    thread: str,
    message: str,
    text: str,
    schema: Mapping[str, object],
    model: str | None,
    effort: str | None,
    sandbox: Sandbox,
    network: bool,
    exclude_tmp: bool = False,
    approvals: Approvals = "on-request",
    skill: tuple[str, str] | None = None,
    cwd: str = "",
) -> Params:
    """Return the params of `turn/start`. `skill` is the name of a skill for the turn, and the path of its SKILL.md.

    `cwd`: where this turn works and those after it; "": where the thread does.
    """
    shown = [{"type": "skill", "name": skill[0], "path": skill[1]}] if skill else []
    params: Params = {
        "threadId": thread,
        "clientUserMessageId": message,
        "input": [{"type": "text", "text": text}, *shown],
        "outputSchema": dict(schema),
        "sandboxPolicy": sandbox_policy(sandbox, network=network, exclude_tmp=exclude_tmp),
        "approvalPolicy": _approvals(sandbox, approvals),
        "approvalsReviewer": "user",
        "turnTrigger": THREAD_SOURCE,
    }
    if cwd:
        params["cwd"] = cwd
    if model is not None:
        params["model"] = model
    if effort is not None:
        params["effort"] = effort
    return params


def turn_steer(*, thread: str, turn: str, message: str, text: str) -> Params:
    """Add a text to a running turn; Codex refuses it if another one runs. The text is found again by `message`."""
    return {
        "threadId": thread,
        "expectedTurnId": turn,
        "clientUserMessageId": message,
        "input": [{"type": "text", "text": text}],
    }


def sandbox_policy(mode: Sandbox, *, network: bool, exclude_tmp: bool = False) -> Params:
    """Return a sandbox mode in the tagged form of `turn/start` and `command/exec`.

    What it says of /tmp and $TMPDIR holds whatever the config says (tried with 0.163 and 0.171). `writableRoots` are
    added to those of the config.
    """
    if mode == "danger-full-access":
        return {"type": "dangerFullAccess"}
    if mode == "read-only":
        return {"type": "readOnly", "networkAccess": network}
    return {
        "type": "workspaceWrite",
        "writableRoots": [],
        "networkAccess": network,
        "excludeTmpdirEnvVar": exclude_tmp,
        "excludeSlashTmp": exclude_tmp,
    }


def command_exec(
    *, command: Sequence[str], cwd: str, sandbox: Params, timeout: float, process: str, streams: bool = True
) -> Params:
    """Return the params of `command/exec`. `timeout` is in seconds; `process` names the command.

    Its output `streams`: it comes as `command/exec/outputDelta`, all of it. Else it comes in the answer, which has the
    first bytes only.
    """
    return {
        "command": list(command),
        "cwd": cwd,
        "sandboxPolicy": sandbox,
        "timeoutMs": int(timeout * 1000),
        "processId": process,
        **({"streamStdoutStderr": True, "disableOutputCap": True} if streams else {}),
    }
