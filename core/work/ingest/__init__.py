"""From a file to the lake: what its columns mean, what of it can be taken, and the batch that brings it."""
