"""The demo brand: a tea house that does not exist, with the data of a year and more, and truths planted in it."""
