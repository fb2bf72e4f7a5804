"""Other people's formats, without I/O."""
