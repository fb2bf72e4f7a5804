"""The commands of `orch plan`: have plan.md written, check it, and see what was in force.

Not here: reading and comparing plans, which is `core.plan`.
"""
