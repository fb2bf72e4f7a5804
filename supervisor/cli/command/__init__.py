"""Find a command and parse its arguments.

Here: the list of commands (`table`), how a function declares its parameters (`parameters`), the parser (`words`, and
`typer_app` for help and mistakes), and `-C` and `--color` (`everywhere`). Not here: any command.
"""
