"""The lifecycle of servers, tasks and turns: their tables of states, and what events and limits do to them.

Here: functions from one record (a server, a task state, an outage, a budget) to the next. Not here: whatever decides
over the whole world, which is `engine.reconcile` and its rules.
"""
