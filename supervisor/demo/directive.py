"""A script in the prompt itself, so that a plan.md can say what the model does.

The newest prompt of the thread has a fenced block that opens with ```` ```model ````. Its lines are done in order:

    say TEXT                   a message             wait GATE          wait here until the gate is opened
    run CMD                    a shell command       stream N MS        a message of N words, MS milliseconds apart
    escalate CMD               outside the sandbox   fail STATUS [BODY] an HTTP error in place of a response
    start CMD                  leave it running      failed CODE [TEXT] `response.failed`
    write PATH CONTENT         a whole file          cut                hang up in the middle
    patch                      then a patch, below   silence            send nothing more
    call NAMESPACE NAME JSON   another tool (`-`: no namespace)
    used PERCENT MINUTES SECS  of the account's limit of so many minutes, which is reset in so many seconds
    ask QUESTION | A | B       request_user_input; `||` stands before another question
    report JSON                the answer; missing fields are filled in
    text WORDS                 an answer that is not a report

`\\n` in `write` is a new line. The lines of `patch` run up to `*** End Patch`. Of several blocks the last complete one
counts. Only fences at the start of a line count, so a quoted or diffed block does not. A block without an answer ends
with a done report, and so does a prompt without a block.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from supervisor.demo.request import ModelRequest
from supervisor.demo.steps import (
    AskUser,
    Cut,
    Fail,
    Failed,
    FinalReport,
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
    add_file,
)
from supervisor.regex import regex

_FENCE = regex(r" {0,3}(`{3,})[ \t]*(\w*)[ \t]*")


def directive_script(request: ModelRequest) -> Sequence[Step]:
    """Return the steps that the newest prompt asks for next. A line that is not valid fails the turn and says why."""
    try:
        steps = tuple(_steps(block_of(request.last_user_text())))
    except ValueError as error:
        return (Fail(400, f"the model block is wrong: {error}"),)
    done = len(request.outputs_since_last_user())
    tools = [index for index, step in enumerate(steps) if isinstance(step, ToolStep)]
    if done > len(tools):
        return (Say(FinalReport().json()),)
    first = tools[done - 1] + 1 if done else 0
    last = tools[done] + 1 if done < len(tools) else len(steps)
    return steps[first:last]


def block_of(text: str) -> list[str]:
    """The lines of the last complete model block in a text; none if there is no such block."""
    found: list[str] = []
    block: list[str] | None = None
    width = 0
    for line in text.splitlines():
        fence = _FENCE.fullmatch(line)
        if fence and fence[2] == "model":
            block, width = [], len(fence[1])
        elif block is not None and fence and not fence[2] and len(fence[1]) >= width:
            found, block = block, None
        elif block is not None:
            block.append(line)
    return found


def _steps(lines: Sequence[str]) -> Iterator[Step]:
    rest = iter(lines)
    step: Step | None = None
    for line in rest:
        word, _, argument = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "patch":
            step = Patch("\n".join(_patch_lines(rest)) + "\n")
        else:
            try:
                step = _step(word, argument.strip())
            except (ValueError, TypeError) as error:
                raise ValueError(f"`{line.strip()}`: {error}") from error
        yield step
        if word in _LAST:
            return
    yield Say(FinalReport().json())


_LAST = frozenset({"report", "text", "fail", "failed", "cut", "silence"})


def _step(word: str, argument: str) -> Step:
    first, _, rest = argument.partition(" ")
    match word:
        case "say" | "text":
            return Say(argument)
        case "report":
            return Say(FinalReport(json.loads(argument or "{}")).json())
        case "run":
            return Run(argument)
        case "start":
            return Run(argument, yield_ms=250)
        case "escalate":
            return Run(argument, escalate=f"Allow `{argument}` to run outside the sandbox?")
        case "write":
            return add_file(first, rest.replace("\\n", "\n"))
        case "call":
            name, _, arguments = rest.partition(" ")
            return ToolCall("" if first == "-" else first, name, json.loads(arguments or "{}"))
        case "ask":
            asked = (question.split("|") for question in argument.split("||"))
            return AskUser([_question(at, *(part.strip() for part in parts)) for at, parts in enumerate(asked, 1)])
        case "wait":
            return Wait(argument)
        case "stream":
            return Stream(" ".join(f"word{number}" for number in range(1, int(first) + 1)), float(rest) / 1000)
        case "fail":
            return Fail(int(first), rest or f"the script fails with {first}")
        case "failed":
            return Failed(first, rest or "the script says so")
        case "used":
            percent, minutes, seconds = argument.split()
            return Used(float(percent), int(minutes), float(seconds))
        case "cut":
            return Cut()
        case "silence":
            return Silence()
    raise ValueError("no such directive")


def _question(number: int, question: str, *options: str) -> dict[str, object]:
    choices = [{"label": option, "description": option} for option in options or ("Yes", "No")]
    name = "answer" if number == 1 else f"answer{number}"
    return {"id": name, "header": "Question", "question": question, "options": choices}


def _patch_lines(rest: Iterator[str]) -> Iterator[str]:
    for line in rest:
        yield line
        if line.strip() == "*** End Patch":
            return
    raise ValueError("the patch does not end with `*** End Patch`")
