"""The parts of the Channels page, one module per view of it."""
