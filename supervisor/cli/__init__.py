"""The command line: words in, text or JSON and an exit code out.

Here: finding a command (`command`), what a terminal shows (`display`), names that were typed (`naming`), and the
commands by what they are for: `look` changes nothing, `steer` tells the supervisor something, `plan` is about plan.md,
`setup` prepares a machine or a folder. Not here: what a command makes happen; that is `runtime`, `demo` or `mcp`.
"""
