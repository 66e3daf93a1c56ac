"""Segments: what one is (``language``), how it reads (``sentence``), and how many of it a channel reaches (``reach``)."""
