"""Parts of the Segments page."""
