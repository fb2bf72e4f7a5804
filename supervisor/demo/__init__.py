"""What `orch demo` is made of: a scripted model and three sample repos."""
