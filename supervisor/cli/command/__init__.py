"""How a command is found and what it is given.

Here: the one list of commands (`table`), how a function says what it takes (`parameters`), reading the words (`words`,
and `typer_app` for help and mistakes), and `-C` (`folder`). Not here: any command.
"""
