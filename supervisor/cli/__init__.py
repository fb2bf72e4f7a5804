"""The command line: parse arguments, call, print text or JSON, return an exit code.

Here: finding a command (`command`), what a terminal shows (`display`), and the commands by purpose: `look` changes
nothing, `steer` sends the supervisor a request, `plan` is about plan.md, `setup` prepares a machine or a folder.
Not here: what a command does; that is in `runtime`, `demo` or `mcp`.
"""
