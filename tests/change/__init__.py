"""Long runs about undo and landing: `scripts/land-faults`."""
