"""`orch completion`: the scripts by which a shell completes `orch`, and the words that they ask for.

A script only passes on what was typed: `orch completion SHELL -- WORDS`. So it need not be made anew after an update,
and knows the children, tasks and asks of the workspace.
"""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.setup.candidates import Candidate, candidates
from supervisor.errors import OrchError


class Shell(Enum):
    """A shell for which there is a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, Argument("bash|zsh|fish", "The shell.")],
    words: Annotated[
        list[str] | None, Argument("WORDS", "After `--`: print what may stand in place of the last of these words.")
    ] = None,
    *,
    as_json: Json = False,
) -> int:
    """Print the script for this shell; with `words`, what the last one of them may be."""
    if as_json:
        output.emit_json(
            [one._asdict() for one in candidates(words)]
            if words
            else {"shell": shell.value, "script": _SCRIPTS[shell].strip("\n") + "\n"}
        )
        return 0
    if words is None or not words:
        output.emit(_SCRIPTS[shell].strip("\n"))
        return 0
    with suppress(OrchError, OSError):
        for found in candidates(words):
            output.emit(_line(shell, found))
    return 0


def _line(shell: Shell, found: Candidate) -> str:
    """Format a candidate as the shell's script reads it."""
    word, meaning = one_line(found.word), one_line(found.help)
    match shell:
        case Shell.BASH:
            return word
        case Shell.ZSH:
            escaped = word.replace(":", r"\:")
            return f"{escaped}:{meaning}" if meaning else escaped
        case Shell.FISH:
            return f"{word}\t{meaning}" if meaning else word


_SCRIPTS = {
    Shell.BASH: r"""
# Completion of orch for bash. In ~/.bashrc: eval "$(orch completion bash)"
_orch_complete() {
  COMPREPLY=()
  local word
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" completion bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _orch_complete orch
""",
    Shell.ZSH: r"""
#compdef orch
# Completion of orch for zsh. In ~/.zshrc, after compinit: eval "$(orch completion zsh)"
_orch() {
  local -a found
  found=("${(@f)$("${words[1]}" completion zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then
    _describe -V orch found
  else
    _files
  fi
}
if [[ "${funcstack[1]}" == _orch ]]; then
  _orch "$@"
else
  compdef _orch orch
fi
""",
    Shell.FISH: r"""
# Completion of orch for fish: orch completion fish > ~/.config/fish/completions/orch.fish
function __orch_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l found ($words[1] completion fish -- $words[2..-1] "$last" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c orch -f -k -a '(__orch_complete)'
""",
}
