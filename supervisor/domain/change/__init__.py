"""What tasks and people changed over all repos, and what was done about it: differences, operations, landings.

Here: frozen data. Not here: what is known of one repo as it is (`repo`).
"""
