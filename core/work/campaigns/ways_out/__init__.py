"""Connectors as they are set up, tried, switched and opened."""
