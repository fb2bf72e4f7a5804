"""`orch web`: the page on which the person watches and answers, served from this process alone.

Here: who may enter, what is served, and how an answer reaches the supervisor. Not here: how status and story are drawn
(`core.view.page`), and what an answer does (`runtime.daemon.control`).
"""
