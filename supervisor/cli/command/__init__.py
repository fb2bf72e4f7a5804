"""Find a command and parse its arguments.

Here: the list of commands (`table`), how a function declares its parameters (`parameters`), the parser (`words`), help
(`overview`, and `typer_app` of one command), and `-C` and `--color` (`everywhere`). Not here: any command.
"""
