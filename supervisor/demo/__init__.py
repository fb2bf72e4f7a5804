"""`orch demo`: a scripted model on loopback and the sample repos of two stories.

Here: what plays the model's part, and the stories. Not here: anything that the rings below need.
"""
