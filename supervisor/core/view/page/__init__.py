"""Draw status and story as HTML, for `orch report` and `orch web`: every text is escaped where it is put in.

Here: pure functions of values. Not here: files, sockets, and what a reader may do on a page.
"""
