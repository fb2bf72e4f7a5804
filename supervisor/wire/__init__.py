"""Other people's formats, without I/O.

Here: JSON-RPC, the app-server's methods, the control methods, source code. Not here: sockets (`shell.connection`), or
decisions.
"""
