"""Systems of several repos with their true seams written down by hand, and the measure of `orch map` on them."""
