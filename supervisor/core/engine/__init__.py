"""What is true, and what to do next: `evolve` folds events into the world; `reconcile.decide` compares plan and world.

Here: whatever reads or changes a World. Not here: parsing plan.md (`core.plan`), what repos share (`core.map`), how
anything is shown (`core.view`).
"""
