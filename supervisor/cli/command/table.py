"""The commands of `orch`: the name, the function and the help of each.

A command's module is imported only when that command runs. Its parameters are its function's signature (see
`parameters`).
"""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

HELP_OPTIONS = ("-h", "--help")


class Command(NamedTuple):
    """`words` follow `orch` in a command line. `target` is MODULE:FUNCTION in `supervisor.cli`. `help` is one line."""

    words: str
    target: str
    help: str
    examples: tuple[str, ...]
    details: str = ""

    @property
    def name(self) -> str:
        """The last of its words: `check` of `plan check`."""
        return self.words.rpartition(" ")[2]

    def load(self) -> Callable[..., int]:
        """Import the function of the command; it returns the exit code."""
        return loaded(self.target)


def loaded(target: str) -> Callable[..., int]:
    """Import a function of ours, MODULE:FUNCTION in `supervisor.cli`, that returns an exit code."""
    module, _, name = target.partition(":")
    function: Callable[..., int] = getattr(import_module(f"supervisor.cli.{module}"), name)
    return function


class Group(NamedTuple):
    """Commands that begin with the same word. `default` is the one that runs if none is named."""

    name: str
    help: str
    examples: tuple[str, ...]
    default: str | None = None


ROOT = Group(
    "",
    "Move several git repositories together: one `codex app-server` each, led by a plan.md that you edit live.",
    ("orch init backend=../backend mobile=../mobile", "orch up", "orch status"),
)

GROUPS = (
    Group(
        "plan",
        "Have plan.md written, check it, and compare its revisions.",
        (
            'orch plan "Registration times out after 30 s though the device appears later"',
            "orch plan --from problem.md --review",
            "orch plan check",
            "orch plan history",
        ),
        default="write",
    ),
    Group("skill", "Install the skill that makes a Codex session the orchestrator.", ("orch skill install",)),
    Group("service", "Bring the workspace up by itself after a reboot.", ("orch service install",)),
)

COMMANDS = (
    Command(
        "init",
        "setup.init:init",
        "Make this folder a workspace.",
        ("orch init", "orch init ../backend ../mobile", "orch init backend=../backend app=../mobile-app"),
        "Without repos, offers the git repos in this folder and beside it; without a terminal, prints them and the "
        "command that takes them. A PATH alone is named after its folder. Writes orchestrator.config.yaml, plan.md (a "
        "template), .codex/config.toml (the tools for a `codex` started here) and .gitignore. Overwrites nothing. If "
        "a repo has a .codex folder of its own, prints what it would start and asks whether you trust it; without a "
        "terminal, only what --trust names is trusted.",
    ),
    Command(
        "add",
        "setup.add:add",
        "Add repos to the workspace.",
        ("orch add web=../web", "orch add ../web ../docs"),
        "Writes them into orchestrator.config.yaml; all else in it stays as it is. A running supervisor takes them in "
        "at once and starts their servers. Paths are relative to the current folder, or that of -C.",
    ),
    Command(
        "remove",
        "setup.remove:remove",
        "Remove a child from the workspace.",
        ("orch remove web",),
        "Takes it out of orchestrator.config.yaml and stops its server; the repo stays as it is. Refuses while the "
        "plan has tasks for it, or a rule of the config names it.",
    ),
    Command(
        "up",
        "steer.up:up",
        "Start the supervisor and the children's servers.",
        ("orch up", "orch up backend mobile", "orch up --restart", "orch up --foreground"),
        "Returns when each server is ready or has failed, after 30 s at most. What is up already stays up. If "
        "orchestrator.config.yaml was edited, the supervisor reloads it; only what differs is touched.",
    ),
    Command(
        "down",
        "steer.down:down_at",
        "Stop the supervisor, the servers, and all that they started.",
        ("orch down", "orch down --now"),
        "Running turns are interrupted; the next `orch up` resumes them. Waits for a supervisor that is busy; one that "
        "makes no progress for 15 s is killed. Also works after the workspace was removed.",
    ),
    Command(
        "restart",
        "steer.requests:restart",
        "Restart the server of one child; its thread and task continue.",
        ("orch restart backend",),
    ),
    Command(
        "status",
        "look.status:status",
        "Show the plan, the children, the tasks, and what waits on you.",
        ("orch status", "orch status --watch", "orch status --json | jq '.tasks[].state'"),
        "On a terminal it fits the screen, what needs attention first, and counts what is hidden. If the "
        "supervisor is not up, prints the last known status and ends with exit code 3.",
    ),
    Command(
        "ls",
        "look.ls:show_running",
        "List your workspaces that are up on this machine.",
        ("orch ls", "orch ls --json | jq -r '.[].workspace'"),
        "Works from anywhere. STATE is `up`, `busy` (no answer at the moment), or `down`: the supervisor was killed, "
        "and its servers run on.",
    ),
    Command(
        "wait",
        "look.wait:wait",
        "Wait until every task is settled or something waits on you.",
        ("orch wait --timeout 1h", "orch wait --task T1 && echo done"),
        "\b\nExit codes: 0 all done; 3 the supervisor is not up; 4 something waits on you;\n"
        "5 a task is blocked or failed; 124 time-out.",
    ),
    Command(
        "logs",
        "look.logs:logs",
        "Show what happened, in words and local time.",
        (
            "orch logs --follow --child backend",
            "orch logs --tail 20 --task T1",
            "orch logs --since 10m --event 'turn_*' --json",
        ),
        "`--raw` shows every line of the ledger and the logs, in UTC. What a server "
        "itself prints is in .orchestrator/logs/CHILD.stderr.log.",
    ),
    Command(
        "graph",
        "draw.graph:graph",
        "Show which task waits for which, and how far each is.",
        ("orch graph", "orch graph --svg > plan.svg", "orch graph --mermaid", "orch graph --json | jq .edges"),
        "If the supervisor is not up, prints the last known graph and ends with exit code 3.",
    ),
    Command(
        "report",
        "draw.report:report",
        "Write the whole run into one HTML file.",
        ("orch report", "orch report -o onboarding.html", "orch report -o - | gzip > run.html.gz"),
        "Graph, time line, asks and answers, checks with their output, tokens, changes, edits of the plan, and each "
        "decision with its reason. The file loads nothing and runs no script. Works without a supervisor. Without -o, "
        "writes run.html.",
    ),
    Command("watch", "watch.watch:watch", "Watch on a live screen, and answer by key (? lists all).", ("orch watch",)),
    Command(
        "web",
        "web.web:web",
        "Serve a page on which you watch and answer, in your browser.",
        (
            "orch web",
            "orch web --port 8400 --read-only",
            "orch web --listen 192.0.2.7 --tls-cert cert.pem --tls-key key.pem",
        ),
        "Prints a link that opens the page once, and serves until Ctrl-C, this machine alone unless --listen names an "
        "address; then answers need a code that this terminal shows. Only your own processes reach the page.",
    ),
    Command(
        "snapshot",
        "look.snapshot:snapshot",
        "Show what is known of each repo: git, documents, code.",
        ("orch snapshot", "orch snapshot backend --tokens 2000", "orch snapshot backend --json | jq .docs"),
        "Reads only what changed since the last time, and keeps the result in .orchestrator/snapshots.",
    ),
    Command(
        "map",
        "look.map:show_map",
        "Show the interfaces between the repos, with file and line.",
        ("orch map", "orch map 3", "orch map --rows --kind route", "orch map --json | jq '.interfaces[].title'"),
        "Reads only what changed since the last time, and keeps the result in .orchestrator/map.json and map.md.",
    ),
    Command(
        "diff",
        "change.diff:diff",
        "Show what the tasks changed, over all repos.",
        ("orch diff", "orch diff T1 --stat", "orch diff backend", "orch diff T1 --raw | git -C ../backend apply -R"),
        "Compares the working trees before and after the runs of each task. What you change between two runs is not in "
        "it; what you change while one goes on is.",
    ),
    Command(
        "ops",
        "change.ops:ops",
        "List the operations: runs, plan edits, undo, land.",
        ("orch ops", "orch ops --json | jq -r '.operations[].id'", "orch ops --prune"),
        "`T1@2` is the second run of T1, `plan@7` is revision 7 of plan.md, `@3` is the third operation that you "
        "started.",
    ),
    Command(
        "undo",
        "change.undo:undo",
        "Take back the latest run or a task, in all repos or none.",
        ("orch undo", "orch undo T2 --dry-run", "orch undo T1@1"),
        "What you edited since is merged and stays; if it cannot be, or an ignored file is in the way, nothing is "
        "touched and the exit code is 1. Files only: no commit, branch or index is touched.",
    ),
    Command(
        "redo", "change.undo:redo", "Bring back what the latest undo took back.", ("orch redo", "orch redo --dry-run")
    ),
    Command(
        "restore",
        "change.undo:restore",
        "Put all repos into the state after an operation.",
        ("orch restore T1@1", "orch restore @2 --dry-run"),
        "Takes back the later runs, and brings back those that were in force then. It is an operation itself: "
        "`orch undo` takes it back.",
    ),
    Command(
        "land",
        "change.land:land",
        "Commit finished tasks on branches, in all repos or none.",
        (
            "orch land --dry-run",
            "orch land",
            "orch land --tasks T1,T2 --branch timeouts",
            "orch land --push",
            "orch land --pr",
            "orch land --continue",
            "orch land --revert",
        ),
        "One commit per task and repo, on what is checked out there, with messages as that repo has them. Your own "
        "uncommitted work is not in it, and your work tree, index and checked-out branch stay as they are. Hooks "
        "run as for `git commit`; what a task may have written runs only with your yes. If a repo or a hook "
        "refuses, no repo is changed; a landing that was interrupted is finished or cleared by the next one. A push "
        "is not all or none: what is half done is named, and `orch land --continue` goes on.",
    ),
    Command("hold", "steer.requests:hold", "Start nothing new; running work continues.", ("orch hold",)),
    Command(
        "go",
        "steer.requests:go",
        "Lift the hold, or try a task again.",
        ("orch go", "orch go T1", "orch go T1 --fresh-thread"),
        "Also puts a waiting plan.md into force. Says what still keeps the plan or the task from going on.",
    ),
    Command("asks", "steer.asks:asks", "Show what waits on you, and how to answer.", ("orch asks", "orch asks --json")),
    Command(
        "answer",
        "steer.asks:answer",
        "Answer what waits on you.",
        ("orch answer A1 accept", 'orch answer A2 "use port 8080"', "orch answer A3 accept +100k", "orch answer"),
        "Approvals and checkpoints take `accept [TEXT]` or `decline [TEXT]`; questions also `reply TEXT`, or one "
        "argument with a space in it. Without arguments, it walks through all asks.",
    ),
    Command(
        "attach",
        "look.attach:attach",
        "Open a live thread in Codex's own terminal UI.",
        ("orch attach backend", "orch attach T1 --print"),
        "orch follows what you do there: a turn of yours goes first, and an answer closes the ask.",
    ),
    Command(
        "note",
        "steer.requests:note",
        "Record something learned, for runs.md and for later tasks.",
        ("orch note the staging API needs the header X-Device",),
    ),
    Command(
        "plan check",
        "plan.check:check",
        "Check plan.md without applying it.",
        ("orch plan check", "orch plan check draft.md --json"),
        "Prints what the plan holds and would change; or every problem with its line, and ends with exit code 1.",
    ),
    Command(
        "plan history",
        "plan.history:history",
        "List the accepted revisions: when, by whom, and what changed.",
        ("orch plan history",),
    ),
    Command(
        "plan diff",
        "plan.diff:diff",
        "Show the difference between two revisions.",
        ("orch plan diff", "orch plan diff 3 5"),
        "Without B, compares A with plan.md as it is now. Without A, compares the newest revision with it.",
    ),
    Command(
        "plan stop",
        "plan.stop:stop",
        "End the orchestrator's effort: it starts no further turn.",
        ("orch plan stop",),
        "Interrupts its running turn and withdraws its question. plan.md and its tasks go on. A new `orch plan` begins "
        "anew.",
    ),
    Command(
        "plan write",  # `write` itself may be left out
        "plan.write:write",
        "Have the orchestrator understand the repos and write plan.md.",
        ('orch plan "The checkout form shows a 500 now and then"', "orch plan --from problem.md --review"),
        "\b\nExit codes: 0 the plan is in force; 1 there is no plan; 4 the orchestrator needs you (`orch asks`).",
    ),
    Command(
        "doctor",
        "setup.doctor:doctor",
        "Check codex, login, git, sandbox, file watching and sockets.",
        ("orch doctor", "orch doctor --json | jq '.[] | select(.ok | not)'", "orch doctor --repair"),
        "Tries each of them. Prints how to fix what fails, and ends with exit code 1. `--repair` shows what a damaged "
        "ledger lost, asks, keeps the damaged files and goes on from the rest. With `--json` it only shows, unless "
        "`--yes` is given.",
    ),
    Command(
        "config",
        "look.config:config",
        "Show the config that counts, and where each value is from.",
        ("orch config", "orch config --json | jq '.values[] | select(.from != \"default\")'"),
        "FROM is the line of orchestrator.config.yaml, a variable of the environment, or `default`. `--schema` prints "
        "the JSON Schema that editors check the file with.",
    ),
    Command(
        "version",
        "look.version:version",
        "Show the versions of orch, of the supervisor and of codex.",
        ("orch version", "orch version --json | jq -r .supervisor"),
    ),
    Command(
        "completion",
        "setup.completion:completion",
        "Print the script that completes orch in a shell.",
        (
            "orch completion fish > ~/.config/fish/completions/orch.fish",
            'eval "$(orch completion bash)"  # in ~/.bashrc',
            'eval "$(orch completion zsh)"  # in ~/.zshrc, after compinit',
        ),
        "Completes commands, options, and the names of children, tasks and asks.",
    ),
    Command(
        "help",
        "look.help:show_help",
        "Show the help of a command.",
        ("orch help", "orch help plan check", "orch help --man | man -l -"),
        "The same as `orch COMMAND --help`. `--json` says what each command takes, `--man` prints a manual page.",
    ),
    Command(
        "service install",
        "setup.service:install",
        "Have systemd bring the workspace up after a reboot.",
        ("orch service install", "orch service install && loginctl enable-linger"),
        "Writes a systemd user unit (no root), which runs `orch up` when you log in, or at boot if your account "
        "lingers, and `orch down` before the machine goes down. It keeps PATH, CODEX_HOME and the variables in paths "
        "of the config as they are now; keys go into ~/.config/orch/environment, as NAME=VALUE.",
    ),
    Command(
        "service remove",
        "setup.service:remove",
        "Remove that systemd unit.",
        ("orch service remove",),
        "What is up stays up.",
    ),
    Command(
        "skill install",
        "setup.skill:install",
        "Install the skill in ~/.agents/skills, where Codex finds it.",
        ("orch skill install", "orch skill install --force"),
        "Then type $codex-orchestrator in a `codex` session.",
    ),
    Command(
        "mcp",
        "setup.mcp:mcp",
        "Run the MCP server: the tools of this workspace.",
        ("orch mcp", "orch mcp --config >> .codex/config.toml"),
        "It speaks stdio. Codex starts it by itself in a workspace, because `orch init` writes .codex/config.toml.",
    ),
    Command(
        "demo",
        "setup.demo:demo",
        "Show the whole job on three sample repos.",
        ("orch demo", "orch demo --keep ~/orch-demo"),
        "Uses the real codex and a scripted model on this machine: no account, no network.",
    ),
)
