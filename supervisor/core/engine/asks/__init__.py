"""What waits on a human: raise and withdraw asks, apply approval rules, ask about budgets, send notices.

Here: every rule about what a person is asked or notified of. Not here: how an ask is shown (`core.view`), or how a
notice is delivered (`runtime.notify`).
"""
