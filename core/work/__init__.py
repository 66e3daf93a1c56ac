"""Use cases: one function is one thing that a person or a schedule does."""
