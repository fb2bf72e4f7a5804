"""Keep the work tree of a repo as a commit of ours, and compare such commits. The user's index, HEAD and branches stay.

Here: what writes objects and refs of orch into a child's repo. Not here: what they are for (`core`, `runtime`).
"""
