"""Describe one repository by the names and contents of its files: languages, manifests, entry points, tests, CI,
documents.

Here: facts about one repo. Not here: what two repos share (`core.map`), or any I/O (`shell.git`,
`runtime.snapshot`).
"""
