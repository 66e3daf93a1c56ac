"""The page of connectors: the ways out to customers, and the one that is open."""
