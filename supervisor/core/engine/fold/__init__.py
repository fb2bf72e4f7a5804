"""What each event and each intent does to the world; `engine.evolve` chooses the function.

Here: one module per subject of events. Not here: the step from one record to the next (`engine.lifecycle`), and what to
do about the new world (`engine.rules`).
"""
