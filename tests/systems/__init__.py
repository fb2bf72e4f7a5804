"""Systems of several repos with their true links labelled by hand, and the measure of `orch map` on them."""
