"""Parts of the page about who leaves and who buys."""
