"""Notify a person as `notify:` says: on the desktop, by a command or by a webhook, one notice after the other.

Here: delivery. Not here: what is worth a notice (`core.engine.asks.notifications`).
"""
