"""Parts of the page of risks."""
