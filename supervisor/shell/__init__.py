"""One kind of I/O per module, and no decisions."""
