"""The control socket of a real loop, over the real socket."""
