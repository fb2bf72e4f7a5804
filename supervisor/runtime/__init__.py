"""The wiring: the loop, the interpreter of actions, the daemon, the control socket."""
