"""What is true and what to do next: `evolve` folds an event into the world, `reconcile.decide` compares plan and
world.

Here: whatever reads or changes a World. Not here: reading plan.md (`core.plan`), what repos share (`core.map`), how
any of it is shown (`core.view`).
"""
