"""The page of notices: where they go besides the bell, and what became of each message."""
