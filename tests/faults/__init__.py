"""Stories of work that is disturbed on purpose, with the real app-server. Nothing is lost, doubled or left behind."""
