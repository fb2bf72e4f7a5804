"""`orch watch`: the live screen, on which the person watches, looks closer and answers by key.

Here: what is on the screen and what a key does, as values (`state`, `keys`, `draw`), what a closer look shows
(`pages`), and the terminal that shows it (`app` and `board`, which alone know Textual). Not here: how status, logs
and graph are worded for a terminal (`cli.display`, `cli.look`, `cli.draw`), and what an answer does
(`runtime.daemon.control`).
"""
