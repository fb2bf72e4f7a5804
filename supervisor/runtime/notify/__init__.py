"""Notify a person as `notify:` says: by a command or a webhook, one notice after the other.

Here: delivery. Not here: what is worth a notice (`core.engine.asks.notifications`).
"""
