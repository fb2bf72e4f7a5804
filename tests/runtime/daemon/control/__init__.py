"""The control socket of a real loop."""
