"""What waits on a human: raising and withdrawing asks, rules that answer approvals, budgets that ask, and notices.

Here: every rule about what a person is asked or told. Not here: how an ask looks (`core.view`), or how it is sent
(`runtime.notify`).
"""
