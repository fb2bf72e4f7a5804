"""Stories of work that is disturbed on purpose, on the real app-server: nothing lost, nothing doubled, nothing left."""
