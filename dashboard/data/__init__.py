"""Every read a page can do: guarded and cached, one module per topic."""
