"""The commands of `orch plan`: have plan.md written, check it, and list and compare its revisions.

Not here: reading and comparing plans, which is `core.plan`.
"""
