"""What `orch doctor` does: check what orch needs, and repair a damaged ledger.

Here: checks that change nothing, and the repair, which a person agreed to. Not here: what a supervisor does by itself.
"""
