"""The parts of the RFM & LTV page, one module per view of it."""
