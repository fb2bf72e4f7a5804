"""Who may do what: which process a request comes from, and what that one may ask for.

Here: judgements on facts that others have gathered. Not here: how the facts are gathered (`shell.process`), or what a
permitted request does (`runtime.daemon.control`).
"""
