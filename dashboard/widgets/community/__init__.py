"""The parts of the Community page, one module per view of it."""
