"""What `orch demo` is made of: a scripted model and the sample repos of two stories."""
