"""Every write a page can do: guarded, one module per topic."""
