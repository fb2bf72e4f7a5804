"""Rules: functions of the world and a moment that yield actions; `engine.reconcile` runs them in order.

Here: the rules about servers, threads, turns, checks and surveys. Not here: rules about asks and notices
(`engine.asks`), stalls (`engine.stalls`), outages (`engine.lifecycle`) and the orchestrator's turns
(`engine.orchestrator`), which are beside what they belong to.
"""
