"""`orchestrator.config.yaml`: its model, its schema, and reading it.

Here: every key of the config and its default. Not here: what a setting makes happen.
"""
