"""Handing messages over: batches past the gates of the moment, tries, and what is left at the end."""
