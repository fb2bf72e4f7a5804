"""Write the text of a new `orchestrator.config.yaml`, with every key in a comment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

SCHEMA = ".orchestrator/config.schema.json"  # relative to the file; see `WorkspacePaths.config_schema`
_NO_TEXT = ("true", "false", "null")  # words that YAML does not read as text


def starter(
    children: Iterable[tuple[str, str]],
    trusted: Collection[str] = (),
    *,
    trusted_git: Mapping[str, bool] | None = None,
    exclude_tmp: bool = False,
    exclude_roots: bool = False,
    runners: Mapping[str, str] | None = None,
) -> str:
    """Return the text of a new config file for these children (name, path), some of which are trusted.

    `trusted_git` has those for which a person decided about the filters of the repo, `runners` the prefix of those on
    other machines.
    """
    git = {name: "yes" if trust else "no" for name, trust in (trusted_git or {}).items()}
    children = list(children)
    first = quoted(children[0][0]) if children else "NAME"
    rows = "\n".join(
        f"  {quoted(name)}:\n    path: {quoted(path)}"
        + "\n    trusted: true" * (name in trusted)
        + (f"\n    trusted_git: {git[name]}" if name in git else "")
        + (f"\n    runner: {quoted((runners or {})[name])}" if name in (runners or {}) else "")
        for name, path in children
    )
    off = "" if exclude_tmp or exclude_roots else "# "
    tmp, roots = ("yes" if excluded else "no " for excluded in (exclude_tmp, exclude_roots))
    return f"""\
# yaml-language-server: $schema={SCHEMA}
# The repos that take part, and the limits. Read by `orch up`; not committed.
children:
{rows}
    # model: gpt-5.5              # default: what your codex config says
    # effort: high
    # sandbox: workspace-write    # or read-only
    # network: false              # true lets its commands reach the network
    # approvals: on-request       # never: Codex asks for nothing, and what needs leave fails
    # budget: 5M tokens, 8 h      # what its tasks may spend together before orch asks you
    # trusted: false              # true: Codex runs what the repo's own .codex names (MCP servers, hooks, rules)
    # trusted_git: no             # yes: filters of its own .git/config run when Codex reads git, outside the sandbox

# runners:                        # other machines; a child with `runner: lab` has its `path` there (docs/runners.md)
#   lab:
#     connect: ssh lab --         # runs the words behind it there
#     codex: /path/to/codex       # there; default: codex on its PATH

# orchestrator:                   # what `orch plan` runs
#   model: gpt-5.5
#   effort: high

# codex:
#   bin: /path/to/codex           # default: $ORCH_CODEX_BIN, then this, then codex on PATH, then the packaged one

{off}sandbox:                        # of all children
{off}  exclude_tmp: {tmp}             # yes: their commands may not write /tmp and $TMPDIR
{off}  exclude_roots: {roots}           # yes: nor the `writable_roots` that your Codex config names

# land:
#   checks: documented            # `orch land` runs what the documents of each repo name to lint and to test

# limits:
#   verify_minutes: 20            # for one verify command
#   retry_seconds: [2, 10, 30]    # pauses before a turn that failed at the provider is tried again
#   stall_minutes: 10             # for a running turn without a sign of life
#   leftover_seconds: 30          # for what outlives its turn and does not compute
#   pause_seconds: [5, 20, 60, 300, 900]  # pauses of everything while the provider accepts no work; the last repeats
#   ready_seconds: 30             # for a server to answer after its start
#   parallel: 4                   # turns that run at once over all children; default: one per child
#   surprise: 50%                 # an edit that would stop more of the running tasks waits for `orch go`; default: off
#   log_megabytes: 10             # size at which a log is rotated

# budget:                         # tokens and time; when one is used up, work pauses and orch asks you
#   plan: 20M tokens, 24 h        # all tasks of the plan together
#   task: 2M tokens, 90 min       # each task that has none in plan.md

# prices: {{gpt-5.5: {{input: 1.25, output: 10}}}}  # dollars per million tokens; `default` is for all other models

# rules:                          # approvals that are settled without you; the others come to you
#   - accept: {{command: git status}}   # by its first words, and only if it is one plain command
#   - accept: {{path: "docs/**"}}       # all changed files, relative to the repo or absolute
#     child: {first}
#   - decline: {{command: git push}}    # a decline wins, wherever it is in the list

# notify:                         # what waits on you, what is blocked, what pauses, and the end; at most one a minute
#   desktop: yes
#   command: notify-send {{title}} {{text}}
#   webhook: https://ntfy.sh/a-name-that-nobody-guesses
#   form: ntfy                    # or slack, or json; default: by the address
#   on: [asks, blocked, paused, end]
"""


def quoted(text: str) -> str:
    """Format a text for YAML: without quotes only if YAML cannot read it as a number, a date, `null` or `true`."""
    if re.fullmatch(r"[A-Za-z][\w-]*|[\w.~-]*/[\w./~-]*", text, re.ASCII) and text.lower() not in _NO_TEXT:
        return text
    return '"' + "".join(char if char.isprintable() and char not in '"\\' else _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}" if char not in '"\\' else f"\\{char}"
