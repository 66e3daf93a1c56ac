"""The parts of the Content page, one module per view of it."""
