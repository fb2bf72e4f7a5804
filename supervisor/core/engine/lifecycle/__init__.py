"""The life of a server and of a task: the tables of their states, and what events and limits do to each.

Here: functions from one record (a server, a task's execution, an outage, a budget) to the next. Not here: anything
that decides over the whole world, which is `engine.reconcile` and its rules.
"""
